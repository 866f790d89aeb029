# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which PodSecurityPolicies the pods of a namespace may use: by the roles and bindings of their ServiceAccounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

Object = Mapping[str, Any]
_GROUPS = frozenset({"policy", "extensions", "*"})
_EVERYBODY = ("system:serviceaccounts", "system:authenticated")


def usable_policies(objects: Sequence[Object], namespaces: Iterable[str]) -> dict[str, list[str]]:
    """{namespace: names of policies} that any ServiceAccount of the namespace may use there.

    objects: PodSecurityPolicies, Roles, ClusterRoles, RoleBindings and ClusterRoleBindings, in any order.
    """
    names = [_name(one) for one in objects if one.get("kind") == "PodSecurityPolicy"]
    roles = {_key(one): one for one in objects if one.get("kind") in ("Role", "ClusterRole")}
    bindings = [one for one in objects if one.get("kind") in ("RoleBinding", "ClusterRoleBinding")]
    return {
        space: sorted({name for binding in bindings for name in _granted(binding, space, roles, names)})
        for space in namespaces
    }


def _name(thing: Object) -> str:
    return str((thing.get("metadata") or {}).get("name") or "")


def _key(role: Object) -> tuple[str, str, str]:
    space = (role.get("metadata") or {}).get("namespace") if role.get("kind") == "Role" else ""
    return str(role.get("kind")), str(space or ""), _name(role)


def _granted(binding: Object, space: str, roles: Mapping[tuple[str, str, str], Object], names: list[str]) -> list[str]:
    own = (binding.get("metadata") or {}).get("namespace")
    if binding.get("kind") == "RoleBinding" and own != space:
        return []
    if not any(_is_of(subject, space, own) for subject in binding.get("subjects") or ()):
        return []
    reference = binding.get("roleRef") or {}
    kind = str(reference.get("kind"))
    role = roles.get((kind, space if kind == "Role" else "", str(reference.get("name")))) or {}
    return [name for name in names if any(_lets_use(rule, name) for rule in role.get("rules") or ())]


def _is_of(subject: Object, space: str, own: str | None) -> bool:
    """Whether a subject is, or holds, a ServiceAccount of the namespace."""
    name = str(subject.get("name"))
    if subject.get("kind") == "ServiceAccount":
        return (subject.get("namespace") or own) == space
    if subject.get("kind") == "User":
        return name.startswith(f"system:serviceaccount:{space}:")
    return subject.get("kind") == "Group" and name in (f"system:serviceaccounts:{space}", *_EVERYBODY)


def _lets_use(rule: Object, policy: str) -> bool:
    return (
        bool(_GROUPS & set(rule.get("apiGroups") or ()))
        and bool({"podsecuritypolicies", "*"} & set(rule.get("resources") or ()))
        and bool({"use", "*"} & set(rule.get("verbs") or ()))
        and (not rule.get("resourceNames") or policy in rule["resourceNames"])
    )


def namespaces_of(objects: Sequence[Object]) -> Iterator[str]:
    """The names of the namespaces among these objects, and of those that have a RoleBinding among them."""
    for thing in objects:
        if thing.get("kind") == "Namespace":
            yield _name(thing)
        elif thing.get("kind") == "RoleBinding":
            yield str((thing.get("metadata") or {}).get("namespace") or "default")
