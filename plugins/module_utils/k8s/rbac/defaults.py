# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cluster brings with it: the roles and bindings that no finding is to be made of, as long as they are genuine.

Genuine is what has the content that Kubernetes or kubeadm ships, whatever its labels say: a role of ours can carry the
label of a default one, and an API server never takes away a rule or a subject that somebody added to one of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.aggregation import selected
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.coverage import uncovered
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.default_bindings import (
    DEFAULT_BINDINGS,
    NAMESPACED_ROLES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.default_controller_roles import (
    CONTROLLER_ROLES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.default_roles import DEFAULT_ROLES
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ROLE,
    Binding,
    Role,
    RoleRef,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    SERVICE_ACCOUNT,
    Subject,
)

_CONTROLLER = "system:controller:"
_EVENTS = "create,patch,update core,events.k8s.io events"
# What the roles for users are made of, by the API server's own aggregation.
_AGGREGATED = {
    "view": ("system:aggregate-to-view",),
    "edit": ("system:aggregate-to-edit", "system:aggregate-to-view"),
    "admin": ("system:aggregate-to-admin", "system:aggregate-to-edit", "system:aggregate-to-view"),
}


def is_default_role(ref: RoleRef) -> bool:
    """Whether Kubernetes or kubeadm ship a role of this name."""
    return shipped_rules(ref) is not None


@lru_cache(maxsize=512)
def shipped_rules(ref: RoleRef) -> tuple[Rule, ...] | None:
    """The rules that any version ships in a role of this name, None where none ships such a role."""
    if ref.kind == ROLE:
        name = _unversioned(ref.name)
        text = NAMESPACED_ROLES.get((ref.namespace, name))
        # The ConfigMap that such a role lets read carries the same version as the role.
        return None if text is None else _parsed(text + ref.name[len(name) :])
    if ref.kind != CLUSTER_ROLE:
        return None
    if ref.name in _AGGREGATED:
        return tuple(rule for name in _AGGREGATED[ref.name] for rule in _parsed(DEFAULT_ROLES[name]))
    if ref.name in DEFAULT_ROLES:
        return _parsed(DEFAULT_ROLES[ref.name])
    controller = CONTROLLER_ROLES.get(ref.name[len(_CONTROLLER) :]) if ref.name.startswith(_CONTROLLER) else None
    return None if controller is None else (*_parsed(controller), *_parsed(_EVENTS))


def added_rules(role: Role, roles: Mapping[RoleRef, Role]) -> list[tuple[int, Rule]]:
    """What somebody added to a default role, by the index of the rule; [] for a role that is none, or is genuine.

    What aggregation brings into `admin`, `edit` and `view` from roles that are labelled for it is no addition.
    """
    shipped = shipped_rules(role.ref)
    if shipped is None:
        return []
    owned = [*shipped, *(rule for source in selected(role, roles.values()) for rule in source.rules)]
    return [(index, extra) for index, rule in enumerate(role.rules) for extra in uncovered(rule, owned)]


def shipped_subjects(binding: Binding) -> frozenset[Subject] | None:
    """The subjects that a default binding of this name and role has; None for a binding that is none."""
    known = DEFAULT_BINDINGS.get((binding.kind, binding.namespace, _unversioned(binding.name)))
    if known is not None:
        role, subjects = known
        kind = CLUSTER_ROLE if binding.kind == CLUSTER_ROLE_BINDING else ROLE
        genuine = binding.role.kind == kind and _unversioned(binding.role.name) == role
        return frozenset(subjects) if genuine else None
    name = binding.name[len(_CONTROLLER) :]
    if binding.kind == CLUSTER_ROLE_BINDING and binding.name.startswith(_CONTROLLER) and name in CONTROLLER_ROLES:
        genuine = binding.role == RoleRef(CLUSTER_ROLE, binding.name)
        return frozenset([Subject(SERVICE_ACCOUNT, name, "kube-system")]) if genuine else None
    return None


def added_subjects(binding: Binding) -> list[Subject]:
    """Who was added to a default binding; [] for one that is none, or is genuine."""
    shipped = shipped_subjects(binding)
    return [] if shipped is None else [subject for subject in binding.counted if subject not in shipped]


def _unversioned(name: str) -> str:
    """kubeadm puts the version of the kubelet into a name, up to 1.23: kubeadm:kubelet-config-1.20."""
    head, _separator, version = name.rpartition("-1.")
    return head if version.isdigit() and head == "kubeadm:kubelet-config" else name


@lru_cache(maxsize=512)
def _parsed(text: str) -> tuple[Rule, ...]:
    return tuple(_rule(line.split()) for line in text.strip().splitlines())


def _rule(words: list[str]) -> Rule:
    lists = [tuple(word.split(",")) for word in words]
    if len(lists) == 2:
        return Rule(verbs=lists[0], urls=lists[1])
    groups = tuple("" if group == "core" else group for group in lists[1])
    return Rule(lists[0], groups, lists[2], lists[3] if len(lists) > 3 else ())
