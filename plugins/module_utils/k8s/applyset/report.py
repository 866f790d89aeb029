# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan says to the user: the objects, the difference, the sentence about what failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.field_changes import (
    declared_part,
    field_changes,
    only_changes,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    PRUNED,
    UNCHANGED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.redact import redacted

try:
    import yaml
except ImportError:  # connection.require_kubernetes() says so: PyYAML comes with the library
    HAS_YAML = False
else:
    HAS_YAML = True

_NAMED = 10


def object_reports(plan: Plan) -> list[dict[str, Any]]:
    """The objects as the module returns them."""
    return [
        {
            "api_version": member.api_version,
            "kind": member.kind,
            "namespace": member.namespace,
            "name": member.name,
            "action": member.action,
            "fields": member.fields,
            "message": member.message,
        }
        for member in (*plan.members, *plan.pruned)
    ]


def changes(plan: Plan, parent_action: str) -> bool:
    """Whether anything is, or would be, written."""
    touched = (item.written or item.action in (CREATED, CHANGED, PRUNED) for item in (*plan.members, *plan.pruned))
    return any(touched) or parent_action != UNCHANGED


def failure_message(plan: Plan) -> str:
    """One sentence that names what failed and why."""
    failures = plan.failures
    said = [f"{member.title}: {member.message}" for member in failures[:_NAMED]]
    if len(failures) > _NAMED:
        said.append(f"and {len(failures) - _NAMED} more")
    said += plan.problems
    done = sum(member.written for member in plan.members)
    left = f"objects written: {done}" if done else "no object was written"
    return f"The set is not as declared ({left}). " + ". ".join(said)


def diffs(plan: Plan) -> list[dict[str, str]]:
    """The difference of each object that is made, changed or removed: YAML of what differs and nothing else."""
    return list(_diffs(plan))


def _diffs(plan: Plan) -> Iterator[dict[str, str]]:
    for member in (*plan.members, *plan.pruned):
        sides = _sides(member)
        if sides is not None:
            before, after = (_yaml(side) for side in sides)
            title = f"{member.api_version} {member.title}"
            yield {"before_header": title, "after_header": title, "before": before, "after": after}


def _sides(member: Member) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None] | None:
    if member.action == CREATED:
        return None, redacted(declared_part(member.desired))
    if member.action == PRUNED:
        return redacted(declared_part(member.live or {})), None
    if member.action == CHANGED and member.live is not None and member.result is not None:
        sides = (redacted({"kind": member.kind, **state}) for state in (member.live, member.result))
        return only_changes(field_changes(*sides))
    return None


def _yaml(side: Mapping[str, Any] | None) -> str:
    if not side:
        return ""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return str(yaml.dump(side, Dumper=dumper, default_flow_style=False, allow_unicode=True, sort_keys=False))
