# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles for the jobs that people have in a cluster: no wildcard, no Secret, no way into a container unless asked."""

from __future__ import annotations

RuleDict = dict[str, list[str]]

_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "patch", "update"]


def _rule(group: str, resources: str, verbs: list[str]) -> RuleDict:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": list(verbs)}


_WORKLOADS = "controllerrevisions daemonsets deployments replicasets statefulsets"
_VIEW = [
    _rule(
        "",
        "configmaps endpoints events limitranges persistentvolumeclaims pods pods/log pods/status "
        "replicationcontrollers resourcequotas serviceaccounts services",
        _READ,
    ),
    _rule("apps", f"{_WORKLOADS} deployments/scale statefulsets/scale", _READ),
    _rule("batch", "cronjobs jobs", _READ),
    _rule("autoscaling", "horizontalpodautoscalers", _READ),
    _rule("policy", "poddisruptionbudgets", _READ),
    _rule("networking.k8s.io", "ingresses networkpolicies", _READ),
    _rule("discovery.k8s.io", "endpointslices", _READ),
    _rule("events.k8s.io", "events", _READ),
]

PROFILES: dict[str, list[RuleDict]] = {
    # Looks at everything that runs, and at its logs.
    "viewer": _VIEW,
    # Builds and changes applications by hand.
    "developer": [
        *_VIEW,
        _rule("", "configmaps persistentvolumeclaims services", _WRITE),
        _rule("", "pods", ["delete"]),
        _rule("apps", "deployments statefulsets", _WRITE),
        _rule("apps", "deployments/scale statefulsets/scale", ["patch", "update"]),
        _rule("batch", "cronjobs jobs", _WRITE),
        _rule("autoscaling", "horizontalpodautoscalers", _WRITE),
        _rule("policy", "poddisruptionbudgets", _WRITE),
    ],
    # A pipeline that applies manifests and waits for them.
    "deployer": [
        _rule("", "configmaps persistentvolumeclaims serviceaccounts services", [*_READ, *_WRITE]),
        _rule("", "events pods", _READ),
        _rule("apps", "daemonsets deployments statefulsets", [*_READ, *_WRITE]),
        _rule("apps", "replicasets", _READ),
        _rule("batch", "cronjobs jobs", [*_READ, *_WRITE]),
        _rule("autoscaling", "horizontalpodautoscalers", [*_READ, *_WRITE]),
        _rule("policy", "poddisruptionbudgets", [*_READ, *_WRITE]),
        _rule("networking.k8s.io", "ingresses", [*_READ, *_WRITE]),
    ],
    # Keeps applications up without changing what they are.
    "operator": [
        *_VIEW,
        _rule("", "pods", ["delete"]),
        _rule("", "pods/eviction", ["create"]),
        _rule("apps", "deployments/scale statefulsets/scale", ["patch", "update"]),
    ],
    # Reads how things are set up, roles and bindings included; what lies in no namespace counts cluster-wide only.
    "auditor": [
        *_VIEW,
        _rule("rbac.authorization.k8s.io", "clusterrolebindings clusterroles rolebindings roles", _READ),
        _rule("", "namespaces nodes persistentvolumes", _READ),
        _rule("storage.k8s.io", "storageclasses", _READ),
        _rule("policy", "podsecuritypolicies", _READ),
        _rule(
            "admissionregistration.k8s.io",
            "mutatingwebhookconfigurations validatingadmissionpolicies validatingadmissionpolicybindings "
            "validatingwebhookconfigurations",
            _READ,
        ),
        _rule("apiextensions.k8s.io", "customresourcedefinitions", _READ),
        _rule("certificates.k8s.io", "certificatesigningrequests", _READ),
    ],
}

# What no profile holds, for those teams that ask for it by name.
EXTRAS: dict[str, list[RuleDict]] = {
    "secrets_read": [_rule("", "secrets", _READ)],
    "secrets_write": [_rule("", "secrets", _WRITE)],
    "exec": [_rule("", "pods/attach pods/exec", ["create", "get"])],
    "port_forward": [_rule("", "pods/portforward", ["create", "get"])],
    "debug": [_rule("", "pods/ephemeralcontainers", ["patch", "update"])],
    "network_policies": [_rule("networking.k8s.io", "networkpolicies", _WRITE)],
    "roles": [_rule("rbac.authorization.k8s.io", "rolebindings roles", [*_READ, *_WRITE])],
}
