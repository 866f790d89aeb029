# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which grants are a risk: a table of what a rule must allow. What it means and what to do is said by the controls.

A risk is there where a rule allows one of its grants. `BOTH` are risks that need several grants, from any rules.
"""

from __future__ import annotations

from dataclasses import dataclass

_RBAC = ("rbac.authorization.k8s.io",)
_ADMISSION = ("admissionregistration.k8s.io",)
_CORE = ("",)
_WRITE = ("create", "update", "patch")
_CHANGE = ("update", "patch")
_REMOVE = ("delete", "deletecollection")


@dataclass(frozen=True)
class Grant:
    """Any of these verbs on any of these resources in any of these API groups.

    cluster: the resources lie in no namespace, so that a RoleBinding grants nothing. namespaces: the only ones where it
    matters, beside a grant in all of them. names: whether it is a risk still where a rule names single objects: always
    (True), never (False), or for these names.
    """

    verbs: tuple[str, ...]
    groups: tuple[str, ...]
    resources: tuple[str, ...]
    cluster: bool = False
    namespaces: tuple[str, ...] = ()
    names: bool | tuple[str, ...] = True


# What the cluster's own DNS and, on EKS, its users depend on.
_CORE_CONFIGURATION = ("coredns", "coredns-custom", "aws-auth")
_KYVERNO = ("clusterpolicies", "policies", "policyexceptions")

GRANTS: dict[str, tuple[Grant, ...]] = {
    "secrets_read": (Grant(("get", "list", "watch"), _CORE, ("secrets",), names=False),),
    "secrets_write": (Grant(_WRITE, _CORE, ("secrets",), names=False),),
    "sa_token_create": (Grant(("create",), _CORE, ("serviceaccounts/token",)),),
    "escalate": (
        Grant(("escalate",), _RBAC, ("roles",)),
        Grant(("escalate",), _RBAC, ("clusterroles",), cluster=True),
    ),
    "bind_verb": (Grant(("bind",), _RBAC, ("roles", "clusterroles")),),
    "binding_write": (
        Grant(_WRITE, _RBAC, ("rolebindings",)),
        Grant(_WRITE, _RBAC, ("clusterrolebindings",), cluster=True),
    ),
    "impersonate": (
        Grant(("impersonate",), _CORE, ("serviceaccounts",)),
        Grant(("impersonate",), _CORE, ("users", "groups"), cluster=True),
        Grant(("impersonate",), ("authentication.k8s.io",), ("uids", "userextras", "userextras/*"), cluster=True),
    ),
    "rbac_write": (
        Grant(_WRITE, _RBAC, ("roles", "rolebindings")),
        Grant(_WRITE, _RBAC, ("clusterroles", "clusterrolebindings"), cluster=True),
    ),
    "pods_exec_attach": (Grant(("create", "get"), _CORE, ("pods/exec", "pods/attach", "pods/portforward")),),
    "ephemeral_containers": (Grant(_CHANGE, _CORE, ("pods/ephemeralcontainers",)),),
    "pod_create": (
        Grant(("create",), _CORE, ("pods",)),
        Grant(_WRITE, _CORE, ("replicationcontrollers",)),
        Grant(_WRITE, ("apps", "extensions"), ("deployments", "daemonsets", "statefulsets", "replicasets")),
        Grant(_WRITE, ("batch",), ("jobs", "cronjobs")),
    ),
    "nodes_proxy": (Grant(("get", "create"), _CORE, ("nodes/proxy",), cluster=True),),
    "csr_approval": (Grant(_CHANGE, ("certificates.k8s.io",), ("certificatesigningrequests/approval",), cluster=True),),
    "csr_signer": (Grant(("approve",), ("certificates.k8s.io",), ("signers",), cluster=True),),
    "webhook_write": (
        Grant(
            _WRITE,
            _ADMISSION,
            ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"),
            cluster=True,
        ),
    ),
    "admission_policy_write": (
        Grant(
            (*_WRITE, *_REMOVE),
            _ADMISSION,
            (
                "validatingadmissionpolicies",
                "validatingadmissionpolicybindings",
                "mutatingadmissionpolicies",
                "mutatingadmissionpolicybindings",
            ),
            cluster=True,
        ),
        Grant((*_WRITE, *_REMOVE), ("kyverno.io", "policies.kyverno.io"), _KYVERNO),
        Grant((*_WRITE, *_REMOVE), ("templates.gatekeeper.sh",), ("constrainttemplates",), cluster=True),
        Grant((*_WRITE, *_REMOVE), ("constraints.gatekeeper.sh",), ("*",), cluster=True),
        Grant((*_WRITE, *_REMOVE), ("config.gatekeeper.sh",), ("configs",)),
    ),
    "crd_write": (Grant((*_WRITE, *_REMOVE), ("apiextensions.k8s.io",), ("customresourcedefinitions",), cluster=True),),
    "pv_create": (Grant(("create",), _CORE, ("persistentvolumes",), cluster=True),),
    "netpol_write": (
        Grant((*_WRITE, *_REMOVE), ("networking.k8s.io", "extensions"), ("networkpolicies", "ingresses")),
        Grant((*_WRITE, *_REMOVE), ("gateway.networking.k8s.io",), ("gateways", "httproutes")),
        Grant((*_WRITE, *_REMOVE), ("crd.projectcalico.org", "projectcalico.org"), ("networkpolicies",)),
        Grant((*_WRITE, *_REMOVE), ("cilium.io",), ("ciliumnetworkpolicies",)),
        Grant(
            (*_WRITE, *_REMOVE),
            ("policy.networking.k8s.io",),
            ("adminnetworkpolicies", "baselineadminnetworkpolicies", "clusternetworkpolicies"),
            cluster=True,
        ),
    ),
    # Pods are stolen from other nodes by emptying those, for which the right in one namespace is not enough.
    "node_status_steal": (
        Grant(_CHANGE, _CORE, ("nodes/status", "nodes"), cluster=True),
        Grant(_REMOVE, _CORE, ("pods",), cluster=True),
        Grant(("create",), _CORE, ("pods/eviction",), cluster=True),
    ),
    "pod_status_service_status": (Grant(_CHANGE, _CORE, ("pods/status", "services/status")),),
    "coredns_awsauth": (
        Grant(_CHANGE, _CORE, ("configmaps",), namespaces=("kube-system",), names=_CORE_CONFIGURATION),
    ),
    "events_delete_logs": (
        Grant(_REMOVE, _CORE, ("events", "pods/log")),
        Grant(_REMOVE, ("events.k8s.io",), ("events",)),
    ),
    "psp_use": (Grant(("use",), ("policy", "extensions"), ("podsecuritypolicies",)),),
}

# Everything on them, by a wildcard of verbs.
WILDCARD_TARGETS: tuple[Grant, ...] = (
    Grant(("*",), _CORE, ("secrets", "pods", "replicationcontrollers", "serviceaccounts")),
    Grant(("*",), _CORE, ("users", "groups"), cluster=True),
    Grant(("*",), ("apps", "extensions"), ("deployments", "daemonsets", "statefulsets", "replicasets")),
    Grant(("*",), ("batch",), ("jobs", "cronjobs")),
    Grant(("*",), _RBAC, ("roles", "rolebindings")),
    Grant(("*",), _RBAC, ("clusterroles", "clusterrolebindings"), cluster=True),
)
WILDCARD_VERBS = ("get", "list", "watch", "create", "update", "patch", *_REMOVE, "impersonate")

# Each grant by itself is harmless, or another risk already.
BOTH: dict[str, tuple[str, ...]] = {
    "bind": ("bind_verb", "binding_write"),
    "csr_approve": ("csr_approval", "csr_signer"),
}
WILDCARDS = ("wildcard_all", "wildcard_verbs", "wildcard_resources")
_PARTS = {part for parts in BOTH.values() for part in parts}
# The risks of what somebody may do; those of bindings and ServiceAccounts themselves are told by facts of their own.
RISKS: tuple[str, ...] = (
    *WILDCARDS,
    *(name if name != "secrets_write" else "secrets_write_token" for name in GRANTS if name not in _PARTS),
    *BOTH,
)
