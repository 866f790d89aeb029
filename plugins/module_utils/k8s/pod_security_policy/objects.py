# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicies with the RBAC to use them: one policy a level, one grant of its use a namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    LEVELS,
    pod_security_policy,
)

RBAC_GROUP = "rbac.authorization.k8s.io"
RBAC = f"{RBAC_GROUP}/v1"
# Its pods, and the mirrors of static pods that kubelets make there, are what repairs a cluster.
SYSTEM_NAMESPACE = "kube-system"
NODES = {"apiGroup": RBAC_GROUP, "kind": "Group", "name": "system:nodes"}


@dataclass(frozen=True)
class Declaration:
    """What PodSecurityPolicies have to say.

    levels: {namespace: level}. exempt_namespaces: these get the level privileged. exempt_subjects: RBAC subjects
    ({apiGroup, kind, name, namespace}) that may use the privileged policy everywhere. additions: {level: {spec,
    annotations}}, as pod_security_policy takes them. prefix: how the names of all objects begin.
    """

    levels: Mapping[str, str]
    exempt_namespaces: Sequence[str] = ()
    exempt_subjects: Sequence[Mapping[str, Any]] = ()
    additions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prefix: str = "bulkhead"


def objects(declared: Declaration) -> list[dict[str, Any]]:
    """The policies, the roles to use them, and the bindings, in the order in which they can be created.

    All levels are there even where no namespace has them: a policy that nobody may use does nothing, and a namespace
    changes its level by one binding. Raises K8sError for a level that does not exist.
    """
    policies = [
        pod_security_policy(name(declared.prefix, level), level, declared.additions.get(level)) for level in LEVELS
    ]
    roles = [_use(name(declared.prefix, level)) for level in LEVELS]
    return [*policies, *roles, *_exemptions(declared), *_grants(declared)]


def name(prefix: str, level: str) -> str:
    """The name of the policy of a level, and of the role and the bindings that let pods use it."""
    return f"{prefix}-{level}"


def _use(policy: str) -> dict[str, Any]:
    rule = {"apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "resourceNames": [policy], "verbs": ["use"]}
    return {
        "apiVersion": RBAC,
        "kind": "ClusterRole",
        "metadata": {"name": f"{policy}-psp"},
        "rules": [rule],
    }


def _exemptions(declared: Declaration) -> list[dict[str, Any]]:
    if not declared.exempt_subjects:
        return []
    role = f"{name(declared.prefix, 'privileged')}-psp"
    return [
        {
            "apiVersion": RBAC,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": f"{declared.prefix}-exempt-psp"},
            "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role},
            "subjects": [dict(subject) for subject in declared.exempt_subjects],
        }
    ]


def _grants(declared: Declaration) -> list[dict[str, Any]]:
    exempt = {SYSTEM_NAMESPACE, *declared.exempt_namespaces}
    levels = {**declared.levels, **dict.fromkeys(exempt, "privileged")}
    return [_grant(declared.prefix, namespace, level) for namespace, level in sorted(levels.items())]


def _grant(prefix: str, namespace: str, level: str) -> dict[str, Any]:
    """Named by its level, for the role of a binding cannot be changed: another level is another binding."""
    role = f"{name(prefix, level)}-psp"
    accounts = {"apiGroup": RBAC_GROUP, "kind": "Group", "name": f"system:serviceaccounts:{namespace}"}
    return {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": role, "namespace": namespace},
        "roleRef": {"apiGroup": RBAC_GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [accounts, NODES] if namespace == SYSTEM_NAMESPACE else [accounts],
    }
