# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may what: a user for each way to more than it should have, and some whose access is as it should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.lab.kubernetes.cast.members import Member, Object, labelled
from tests.lab.kubernetes.cast.namespaces import SHOP, WORKSHOP

_GROUP = "rbac.authorization.k8s.io"
_API = f"{_GROUP}/v1"
_PREFIX = "k8s.rbac."


def _rule(verbs: str, resources: str, groups: str = "", names: str = "") -> dict[str, Any]:
    rule: dict[str, Any] = {
        "apiGroups": groups.split() or [""],
        "resources": resources.split(),
        "verbs": verbs.split(),
    }
    return {**rule, "resourceNames": names.split()} if names else rule


def _subject(kind: str, name: str, namespace: str = "") -> dict[str, str]:
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "name": name, "apiGroup": _GROUP}


def _binding(name: str, role: str, subject: dict[str, str], namespace: str = "") -> dict[str, Any]:
    kind = "RoleBinding" if namespace else "ClusterRoleBinding"
    reference = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": role}
    return labelled(kind, name, namespace, api=_API, roleRef=reference, subjects=[subject])


def _user(name: str, fails: tuple[str, ...], *rules: dict[str, Any], namespace: str = "", more: bool = False) -> Member:
    """A user with a ClusterRole of its own, in the whole cluster or in one namespace."""
    name = f"cast-{name}"
    role = labelled("ClusterRole", name, api=_API, rules=list(rules))
    bound = _binding(name, name, _subject("User", name), namespace)
    return Member("User", name, "", (role, bound), fails, _PREFIX, more)


def _bound(name: str, fails: tuple[str, ...], role: str, namespace: str = "", *, more: bool = False) -> Member:
    """A user bound to a role that is there already."""
    name = f"cast-{name}"
    return Member("User", name, "", (_binding(name, role, _subject("User", name), namespace),), fails, _PREFIX, more)


_WEBHOOKS = "mutatingwebhookconfigurations validatingwebhookconfigurations"
_WORKLOADS = "deployments daemonsets statefulsets"

HARMLESS: tuple[Member, ...] = (
    _bound("viewer", (), "view", SHOP),
    _user("one-secret", (), _rule("get", "secrets", names="used-by-mount"), namespace=WORKSHOP),
    _user("config-reader", (), _rule("get list watch", "configmaps services endpoints")),
    _user("pod-reader", (), _rule("get list watch", "pods pods/log"), _rule("get list", _WORKLOADS, "apps")),
    # A RoleBinding grants nothing on what lies in no namespace.
    _user("nodes-in-a-namespace", (), _rule("create", "nodes/proxy"), namespace=SHOP),
    # What it may not do, it may not do half of: an approval needs the signer, too.
    _user("half-an-approval", (), _rule("update", "certificatesigningrequests/approval", "certificates.k8s.io")),
)
"""No finding about the access of any of these is right."""

_ANY = {"rule": "RunAsAny"}
_PRIVILEGED_POLICY = labelled(
    "PodSecurityPolicy",
    "cast-privileged",
    api="policy/v1beta1",
    spec={
        "privileged": True,
        "allowedCapabilities": ["*"],
        "hostNetwork": True,
        "hostPID": True,
        "volumes": ["*"],
        "fsGroup": _ANY,
        "runAsUser": _ANY,
        "seLinux": _ANY,
        "supplementalGroups": _ANY,
    },
)


def _with(member: Member, made: Object) -> Member:
    return replace(member, objects=(*member.objects, made))


LETHAL: tuple[Member, ...] = (
    _user("wildcard-all", ("wildcard_all",), _rule("*", "*", "*"), more=True),
    _user("wildcard-verbs", ("wildcard_verbs",), _rule("*", _WORKLOADS, "apps"), more=True),
    _user("wildcard-resources", ("wildcard_resources",), _rule("get list", "*", "*"), more=True),
    _bound("administrator", ("cluster_admin_binding",), "cluster-admin", more=True),
    _user("secrets", ("secrets_read",), _rule("get list", "secrets"), namespace=SHOP),
    _user("secrets-in-system", ("secrets_write_token",), _rule("create patch", "secrets"), namespace="kube-system"),
    _user("tokens", ("sa_token_create",), _rule("create", "serviceaccounts/token")),
    _user(
        "escalate",
        ("escalate", "rbac_write"),
        _rule("update escalate", "clusterroles", _GROUP),
    ),
    _user(
        "bind",
        ("bind", "rbac_write"),
        _rule("bind", "clusterroles", _GROUP),
        _rule("create", "clusterrolebindings", _GROUP),
    ),
    _user("impersonate", ("impersonate",), _rule("impersonate", "users groups serviceaccounts")),
    _user("rbac-write", ("rbac_write",), _rule("create update", "roles rolebindings", _GROUP), namespace=SHOP),
    _user("exec", ("pods_exec_attach",), _rule("create", "pods/exec pods/attach"), namespace=SHOP),
    _user("exec-by-get", ("pods_exec_attach",), _rule("get", "pods/exec"), namespace=SHOP),
    _user("ephemeral", ("ephemeral_containers",), _rule("patch", "pods/ephemeralcontainers")),
    _user("pods", ("pod_create",), _rule("create", "pods"), namespace=SHOP),
    _user("deployments", ("pod_create",), _rule("create", "deployments", "apps"), namespace=SHOP),
    _user("nodes-proxy", ("nodes_proxy",), _rule("get create", "nodes/proxy")),
    _user(
        "csr",
        ("csr_approve",),
        _rule("update", "certificatesigningrequests/approval", "certificates.k8s.io"),
        _rule("approve", "signers", "certificates.k8s.io"),
    ),
    _user("webhooks", ("webhook_write",), _rule("update", _WEBHOOKS, "admissionregistration.k8s.io")),
    _user(
        "admission-policies",
        ("admission_policy_write",),
        _rule("patch", "validatingadmissionpolicies", "admissionregistration.k8s.io"),
    ),
    _user("crds", ("crd_write",), _rule("create", "customresourcedefinitions", "apiextensions.k8s.io")),
    _user("volumes", ("pv_create",), _rule("create", "persistentvolumes")),
    _user("network", ("netpol_write",), _rule("update", "networkpolicies", "networking.k8s.io"), namespace=SHOP),
    _user("node-status", ("node_status_steal",), _rule("patch", "nodes/status")),
    _user("pod-status", ("pod_status_service_status",), _rule("patch", "pods/status services/status")),
    _user("dns", ("coredns_awsauth",), _rule("update", "configmaps", names="coredns"), namespace="kube-system"),
    _user("traces", ("events_delete_logs",), _rule("deletecollection", "events")),
    _with(_user("psp", ("psp_use",), _rule("use", "podsecuritypolicies", "policy")), _PRIVILEGED_POLICY),
)
"""One for each risk that a rule alone can be."""


def _group(name: str, fails: tuple[str, ...], role: str) -> Member:
    return Member("Group", name, "", (_binding(f"cast-{role}-{name}", role, _subject("Group", name)),), fails, _PREFIX)


def _faulty(name: str, fails: tuple[str, ...], role: str, subject: dict[str, str]) -> Member:
    name = f"cast-{name}"
    return Member("RoleBinding", name, SHOP, (_binding(name, role, subject, SHOP),), fails, _PREFIX)


_ROBOT = labelled("ServiceAccount", "robot", SHOP, automountServiceAccountToken=False)
_CLOUD = labelled(
    "ServiceAccount",
    "cloud",
    SHOP,
    automountServiceAccountToken=False,
    annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::000000000000:role/lab"},
)
_DEFAULT = _subject("ServiceAccount", "default", SHOP)

FAULTS: tuple[Member, ...] = (
    _group("system:unauthenticated", ("anonymous_binding",), "system:service-account-issuer-discovery"),
    _faulty("dangling", ("dangling_role",), "cast-no-such-role", _subject("User", "cast-nobody")),
    _faulty("stale", ("stale_subject",), "view", _subject("ServiceAccount", "gone", SHOP)),
    Member("ServiceAccount", "robot", SHOP, (_ROBOT,), (), _PREFIX),
    Member("ServiceAccount", "cloud", SHOP, (_CLOUD,), ("cloud_iam",), _PREFIX),
    Member(
        "ServiceAccount",
        "default",
        SHOP,
        (_binding("cast-default", "view", _DEFAULT, SHOP),),
        ("default_sa_bound", "default_sa_automount"),
        _PREFIX,
    ),
)
