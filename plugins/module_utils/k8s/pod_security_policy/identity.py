# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a PodSecurityPolicy about users, groups and labels, as CEL."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy import cel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.defaults import (
    se_linux_options,
)

Object = Mapping[str, Any]
# Categories of an SELinux level may stand in any order. Nobody uses more; of more, only the written order is accepted.
MOST_CATEGORIES = 4


def run_as_user(spec: Object) -> str:
    """The user that counts for each container is in a range, or is not root."""
    strategy = spec.get("runAsUser") or {}
    if strategy.get("rule") == "MustRunAs":
        ranges = strategy.get("ranges") or ()
        return cel.in_every_container(
            lambda c: cel.effective(c, "runAsUser", lambda user: cel.in_ranges(user, ranges), False)
        )
    return cel.in_every_container(_is_not_root)


def _is_not_root(c: str) -> str:
    said = [
        cel.effective(c, "runAsNonRoot", lambda value: "true", False),
        cel.effective(c, "runAsUser", lambda value: "true", False),
    ]
    return cel.all_of(
        [
            cel.effective(c, "runAsNonRoot", lambda value: value, True),
            cel.effective(c, "runAsUser", lambda user: f"{user} != 0", True),
            cel.any_of(said),
        ]
    )


def run_as_group(spec: Object) -> str:
    """The group that counts for each container is in a range."""
    strategy = spec.get("runAsGroup") or {}
    ranges, may_be_unset = strategy.get("ranges") or (), strategy.get("rule") == "MayRunAs"
    return cel.in_every_container(
        lambda c: cel.effective(c, "runAsGroup", lambda group: cel.in_ranges(group, ranges), may_be_unset)
    )


def groups_of_pod(spec: Object, field: str) -> str:
    """The pod's fsGroup, or all of its supplementalGroups, are in a range."""
    strategy = spec.get(field) or {}
    ranges, may_be_unset = strategy.get("ranges") or (), strategy.get("rule") == "MayRunAs"
    if field == "fsGroup":
        return cel.of_pod(field, lambda group: cel.in_ranges(group, ranges), may_be_unset)

    def every(groups: str) -> str:
        inside = f"{groups}.all(g, {cel.in_ranges('g', ranges)})"
        return inside if may_be_unset else f"{groups}.size() > 0 && {inside}"

    return cel.of_pod(field, every, may_be_unset)


def se_linux(spec: Object) -> str:
    """The label that counts for each container, and the pod's own where it has one, are the policy's."""
    wanted = se_linux_options(spec) or {}
    optional = not any(wanted.values())

    def same(options: str) -> str:
        return cel.all_of(_has(options, key, _spellings(key, wanted)) for key in ("user", "role", "type", "level"))

    each = cel.in_every_container(lambda c: cel.effective(c, "seLinuxOptions", same, optional))
    return cel.all_of([cel.of_pod("seLinuxOptions", same, True), each])


def _has(options: str, key: str, spellings: list[str]) -> str:
    here = f"{options}.{key}"
    if spellings == [""]:
        return f'(!has({here}) || {here} == "")'
    return f"(has({here}) && {here} in {cel.text(spellings)})"


def _spellings(key: str, wanted: Object) -> list[str]:
    value = str(wanted.get(key) or "")
    sensitivity, colon, categories = value.partition(":")
    names = categories.split(",")
    if key != "level" or not colon or not 1 < len(names) <= MOST_CATEGORIES:
        return [value]
    return [f"{sensitivity}:{','.join(order)}" for order in itertools.permutations(names)]
