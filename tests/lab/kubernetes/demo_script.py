# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demonstration of a cluster plays with: a shop around which much has grown wild, and its baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.lab.images import BASE
from tests.lab.kubernetes.cast.members import Object, labelled

SHOP = "shop"
DEVELOPER, DEVELOPERS = "ada", "shop-developers"
CONTRACTOR = "mallory"


def _security(**more: Any) -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        **more,
    }


def pod_spec(security: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A pod that sleeps."""
    container = {
        "name": "main",
        "image": BASE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "3600"],
        "resources": {"limits": {"cpu": "100m", "memory": "32Mi"}, "requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": security,
    }
    return {"containers": [container], "terminationGracePeriodSeconds": 0, **more}


_KEPT: dict[str, Any] = {
    "automountServiceAccountToken": False,
    "serviceAccountName": "web",
    "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
}


def pod(name: str, spec: dict[str, Any]) -> Object:
    """A bare pod in the shop."""
    return labelled("Pod", name, SHOP, spec=spec)


GOOD_POD = pod("good", pod_spec(_security(), **_KEPT))
PRIVILEGED_POD = pod("privileged", pod_spec({"privileged": True}, serviceAccountName="web"))


_RBAC = "rbac.authorization.k8s.io/v1"


def _deployment(name: str, spec: dict[str, Any]) -> Object:
    template = {"metadata": {"labels": {"app": name}}, "spec": spec}
    selector = {"matchLabels": {"app": name}}
    return labelled("Deployment", name, SHOP, api="apps/v1", spec={"selector": selector, "template": template})


def _role_ref(kind: str, name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}


def _user(name: str) -> dict[str, str]:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}


DEFAULT_ACCOUNT = {"kind": "ServiceAccount", "name": "default", "namespace": SHOP}
_LETHAL = labelled(
    "ClusterRoleBinding",
    "make-it-work",
    api=_RBAC,
    roleRef=_role_ref("ClusterRole", "cluster-admin"),
    subjects=[DEFAULT_ACCOUNT],
)

OBJECTS: list[Object] = [
    labelled("Namespace", SHOP),
    labelled("ServiceAccount", "web", SHOP, automountServiceAccountToken=False),
    _deployment("web", pod_spec(_security(), **_KEPT)),
    _LETHAL,
    labelled("Role", "everything", SHOP, api=_RBAC, rules=[{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]),
    labelled(
        "RoleBinding",
        "contractor",
        SHOP,
        api=_RBAC,
        roleRef=_role_ref("Role", "everything"),
        subjects=[_user(CONTRACTOR)],
    ),
    labelled(
        "RoleBinding",
        "left-behind",
        SHOP,
        api=_RBAC,
        roleRef=_role_ref("Role", "deleted-long-ago"),
        subjects=[_user("ghost")],
    ),
]
"""The shop as it is found: one workload is well kept, all else about it is not."""

DEBUGGER = _deployment("debugger", pod_spec({"privileged": True}, hostPID=True))
"""What somebody left running: the pre-flight of the hardening names it, and stops."""

BY_HAND: list[Object] = [
    labelled(
        "ClusterRoleBinding",
        "quick-fix",
        api=_RBAC,
        roleRef=_role_ref("ClusterRole", "cluster-admin"),
        subjects=[_user(CONTRACTOR)],
    )
]
"""Made behind Ansible's back, beside a rule that is added to a role of the baseline."""

HARDENING: dict[str, Any] = {
    "k8s_rbac_teams": [
        {
            "name": "shop",
            "subjects": [f"Group:{DEVELOPERS}"],
            "namespaces": [SHOP],
            "profiles": ["developer", "bare-pods"],
        }
    ],
    # Developers have Deployments; pods of their own are only for the trial that follows.
    "k8s_rbac_profiles": {"bare-pods": [{"verbs": ["create"], "api_groups": [""], "resources": ["pods"]}]},
    "k8s_rbac_managed_namespaces": [SHOP],
    # Whoever changed a role of the baseline by hand has to give way.
    "k8s_rbac_force_conflicts": True,
    "k8s_pod_security_namespaces": {SHOP: "restricted"},
    # Nothing is enforced before the API server, which comes last, has its admission plugin.
    "k8s_pod_security_require_enforcement": False,
    "k8s_network_policy_namespaces": [{"name": SHOP}],
    "k8s_apiserver_admission_plugins": ["NodeRestriction", "PodSecurityPolicy"],
}
"""Variables of the roles: one team, one namespace that is handed over, one level, default deny, and the API server."""

EXPECTED: tuple[tuple[str, str], ...] = (
    ("k8s.rbac.cluster_admin_binding", "default"),
    ("k8s.rbac.wildcard_all", CONTRACTOR),
    ("k8s.rbac.dangling_role", "left-behind"),
    ("k8s.namespace.default_deny_ingress", SHOP),
    ("k8s.api_server.pod_admission", "kube-apiserver-node1"),
    ("k8s.api_server.audit_log", "kube-apiserver-node1"),
)
"""What the first audit must find, as (control, name of the subject), and what must be gone after the hardening."""

ADDED_RULE = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
"""What somebody adds to a role of the baseline by hand."""


def is_of_the_cluster(subject: Mapping[str, str]) -> bool:
    """Whether a subject of RBAC is a component of the cluster itself."""
    return subject["name"].startswith("system:") or subject.get("namespace") == "kube-system"
