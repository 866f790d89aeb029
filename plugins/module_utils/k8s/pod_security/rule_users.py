# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules about the users and groups of a pod's processes, each in Python and in CEL.

A strategy is that of a PodSecurityPolicy without what it would change: {"rule": "MustRunAs", "ranges": [{"min": 1,
"max": 65535}]} wants an id of the ranges, {"rule": "MayRunAs", …} wants it of those that name one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.pod import Pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rule_containers import (
    IS_WINDOWS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.violation import Fault

Strategy = Mapping[str, Any]


def outside_ids(field: str, pod: Pod, strategy: Strategy) -> Iterator[Fault]:
    """Containers whose own id, or else their pod's, is none of the ranges."""
    if pod.is_windows:
        return
    shared = pod.itself.context.get(field)
    for container in pod.containers:
        number = container.context.get(field, shared)
        if not _allowed(number, strategy):
            yield container.context_fault(field, number)


def within_ids(field: str, strategy: Strategy) -> str:
    """CEL: the id of a container c is of the ranges."""
    own, shared = f"c.securityContext.{field}", f"variables.spec.securityContext.{field}"
    return (
        f"({IS_WINDOWS}) || ({_has('c', field)} ? {_in_ranges(own, strategy)} : "
        f"({_has('variables.spec', field)} ? {_in_ranges(shared, strategy)} : {_unset(strategy)}))"
    )


def outside_fs_group(pod: Pod, strategy: Strategy) -> Iterator[Fault]:
    """A pod whose volumes belong to a group outside the ranges."""
    number = pod.itself.context.get("fsGroup")
    if not pod.is_windows and not _allowed(number, strategy):
        yield pod.itself.context_fault("fsGroup", number)


def within_fs_group(strategy: Strategy) -> str:
    """CEL: the group of a pod's volumes is of the ranges."""
    group = "variables.spec.securityContext.fsGroup"
    return (
        f"({IS_WINDOWS}) || ({_has('variables.spec', 'fsGroup')} ? {_in_ranges(group, strategy)} : {_unset(strategy)})"
    )


def outside_groups(pod: Pod, strategy: Strategy) -> Iterator[Fault]:
    """A pod with a supplemental group outside the ranges, or without any where one is wanted."""
    groups = pod.itself.context.get("supplementalGroups") or []
    if pod.is_windows:
        return
    if not groups and strategy["rule"] == "MustRunAs":
        yield pod.itself.context_fault("supplementalGroups")
    for number, group in enumerate(groups):
        if not _allowed(group, strategy):
            yield pod.itself.context_fault(f"supplementalGroups[{number}]", group)


def within_groups(strategy: Strategy) -> str:
    """CEL: each supplemental group of a pod is of the ranges."""
    groups = "variables.spec.securityContext.supplementalGroups"
    some = f"size({groups}) > 0 && " if strategy["rule"] == "MustRunAs" else ""
    return (
        f"({IS_WINDOWS}) || ({_has('variables.spec', 'supplementalGroups')} ? "
        f"({some}{groups}.all(g, {_in_ranges('g', strategy)})) : {_unset(strategy)})"
    )


RUN_AS_USER = (partial(outside_ids, "runAsUser"), partial(within_ids, "runAsUser"))
RUN_AS_GROUP = (partial(outside_ids, "runAsGroup"), partial(within_ids, "runAsGroup"))


def _allowed(number: int | None, strategy: Strategy) -> bool:
    if number is None:
        return bool(strategy["rule"] == "MayRunAs")
    return any(each["min"] <= number <= each["max"] for each in strategy["ranges"])


def _has(thing: str, field: str) -> str:
    return f"has({thing}.securityContext) && has({thing}.securityContext.{field})"


def _in_ranges(number: str, strategy: Strategy) -> str:
    tests = (f"({number} >= {each['min']} && {number} <= {each['max']})" for each in strategy["ranges"])
    return f"({' || '.join(tests)})"


def _unset(strategy: Strategy) -> str:
    return "true" if strategy["rule"] == "MayRunAs" else "false"
