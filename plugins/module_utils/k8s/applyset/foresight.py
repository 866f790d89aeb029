# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a set itself will bring, and which of its objects a dry run can therefore not be asked about yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import Key
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.kinds import Kinds
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import FAILED, Member

_RBAC = "rbac.authorization.k8s.io"


@dataclass(frozen=True)
class Coming:
    """The objects of a set that are not there yet."""

    keys: frozenset[Key]
    kinds: Kinds

    def holds_back(self, member: Member) -> bool:
        """Whether the server would refuse a dry run of this object only because another one is still to come."""
        if member.resource is None or self.kinds.is_coming(member.resource):
            return True
        return any(need in self.keys for need in _needs(member))


def coming_with(members: Iterable[Member], kinds: Kinds) -> Coming:
    """What the members will bring that is not there."""
    return Coming(frozenset(item.key for item in members if item.live is None and item.action != FAILED), kinds)


def _needs(member: Member) -> list[Key]:
    """What admission looks for when an object is made: its namespace, the role of a binding, the account of a pod."""
    needs: list[Key] = [("", "Namespace", "", member.namespace)]
    role = member.desired.get("roleRef")
    if member.group == _RBAC and isinstance(role, dict):
        namespace = member.namespace if role.get("kind") == "Role" else ""
        needs.append((_RBAC, str(role.get("kind")), namespace, str(role.get("name"))))
    spec = member.desired.get("spec")
    if member.kind == "Pod" and isinstance(spec, dict):
        needs.append(("", "ServiceAccount", member.namespace, str(spec.get("serviceAccountName") or "default")))
        needs.append(("scheduling.k8s.io", "PriorityClass", "", str(spec.get("priorityClassName") or "")))
    return needs
