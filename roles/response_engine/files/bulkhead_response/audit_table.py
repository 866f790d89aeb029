# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worth an alert in the audit log of an API server: a table.

The rules have the names of those in Falco's form (roles/falco/files/rules/k8s_audit.yaml), so that a response that
matches the one matches the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bulkhead_response import audit_signs as signs
from bulkhead_response.audit_event import AuditEvent

_CONTROL_PLANE = ("system:apiserver", "system:kube-controller-manager", "system:kube-scheduler")
_RBAC = "rbac.authorization.k8s.io"
_WRITES = ("create", "update", "patch")


@dataclass(frozen=True)
class AuditRule:
    """One row. It fits where verb and resource do (none given: any) and `what` says something: that is what was done.

    key: the row's name in `Known`; known: globs of the users that are no strangers here to begin with.
    """

    key: str
    name: str
    priority: str
    tags: frozenset[str]
    resources: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    what: Callable[[AuditEvent], str] = signs.request
    known: tuple[str, ...] = ()


def _tags(*names: str) -> frozenset[str]:
    return frozenset({"k8s", *names})


_WORKLOADS = (
    "pods",
    "replicationcontrollers",
    *(f"apps/{name}" for name in ("deployments", "daemonsets", "statefulsets", "replicasets")),
    *(f"batch/{name}" for name in ("jobs", "cronjobs")),
)
_BINDINGS = (f"{_RBAC}/clusterrolebindings", f"{_RBAC}/rolebindings")
_ROLES = (f"{_RBAC}/clusterroles", f"{_RBAC}/roles")
_WEBHOOKS = tuple(
    f"admissionregistration.k8s.io/{name}"
    for name in (
        "validatingwebhookconfigurations",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
    )
)
_SECRET_READERS = (
    *_CONTROL_PLANE,
    "system:node:*",
    "system:serviceaccount:kube-system:*-controller",
    "system:serviceaccount:kube-system:generic-garbage-collector",
    "system:serviceaccount:kube-system:token-cleaner",
    "system:serviceaccount:kube-system:bootstrap-signer",
)

AUDIT_RULES: tuple[AuditRule, ...] = (
    # A WebSocket asks for a shell by GET, so that no verb may be looked at.
    AuditRule(
        "exec",
        "Exec or attach to a pod",
        "warning",
        _tags("mitre_execution", "T1609"),
        ("pods/exec", "pods/attach"),
        what=signs.stream,
    ),
    AuditRule(
        "port_forward", "Port forward to a pod", "notice", _tags("mitre_lateral_movement"), ("pods/portforward",)
    ),
    AuditRule(
        "node_proxy",
        "Node reached through its proxy",
        "warning",
        _tags("mitre_execution"),
        ("nodes/proxy",),
        known=("system:kube-apiserver", "kube-apiserver-kubelet-client"),
    ),
    AuditRule(
        "ephemeral_container",
        "Ephemeral container added",
        "warning",
        _tags("mitre_execution", "T1609"),
        ("pods/ephemeralcontainers",),
        ("update", "patch"),
    ),
    AuditRule(
        "privileged_pod",
        "Privileged pod created",
        "critical",
        _tags("mitre_privilege_escalation", "T1611"),
        _WORKLOADS,
        _WRITES,
        signs.privileged,
    ),
    AuditRule(
        "host_path",
        "Sensitive host path mounted",
        "critical",
        _tags("mitre_privilege_escalation", "T1611"),
        _WORKLOADS,
        _WRITES,
        signs.host_path,
    ),
    AuditRule(
        "cluster_admin",
        "Cluster-admin granted",
        "critical",
        _tags("mitre_persistence", "T1098"),
        _BINDINGS,
        _WRITES,
        signs.cluster_admin,
        known=_CONTROL_PLANE,
    ),
    AuditRule(
        "grant_to_anybody",
        "Rights granted to anonymous users",
        "critical",
        _tags("mitre_persistence", "T1098"),
        _BINDINGS,
        _WRITES,
        signs.grant_to_anybody,
        known=_CONTROL_PLANE,
    ),
    AuditRule(
        "every_right",
        "Role with every right written",
        "warning",
        _tags("mitre_persistence", "T1098"),
        _ROLES,
        _WRITES,
        signs.every_right,
        known=(*_CONTROL_PLANE, "system:serviceaccount:kube-system:clusterrole-aggregation-controller"),
    ),
    AuditRule(
        "secret_read",
        "Secret read by a stranger",
        "warning",
        _tags("mitre_credential_access", "T1552"),
        ("secrets",),
        ("get", "list", "watch"),
        known=_SECRET_READERS,
    ),
    AuditRule(
        "configmap_credentials",
        "ConfigMap with credentials",
        "warning",
        _tags("mitre_credential_access", "T1552"),
        ("configmaps",),
        _WRITES,
        signs.credentials,
    ),
    AuditRule(
        "token",
        "ServiceAccount token made",
        "notice",
        _tags("mitre_credential_access", "T1528"),
        ("serviceaccounts/token",),
        ("create",),
        known=(*_CONTROL_PLANE, "system:node:*"),
    ),
    AuditRule(
        "impersonation",
        "Request in the name of another",
        "notice",
        _tags("mitre_privilege_escalation"),
        what=signs.impersonated,
    ),
    AuditRule(
        "anonymous", "Anonymous request allowed", "error", _tags("mitre_initial_access", "T1190"), what=signs.anonymous
    ),
    AuditRule(
        "admission",
        "Admission control changed",
        "error",
        _tags("mitre_defense_evasion", "T1562"),
        _WEBHOOKS,
        (*_WRITES, "delete", "deletecollection"),
        known=_CONTROL_PLANE,
    ),
    AuditRule(
        "events_deleted",
        "Kubernetes events deleted",
        "warning",
        _tags("mitre_defense_evasion", "T1070"),
        ("events", "events.k8s.io/events"),
        ("delete", "deletecollection"),
        known=(*_CONTROL_PLANE, "system:serviceaccount:kube-system:namespace-controller"),
    ),
)
