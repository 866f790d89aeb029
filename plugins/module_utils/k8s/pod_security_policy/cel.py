# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CEL over a pod, in the words that the rules of a ValidatingAdmissionPolicy share.

Every expression reads `object`, the pod, and `variables.containers`, all of its containers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_LISTS = ("containers", "initContainers", "ephemeralContainers")
# An optional list of a pod's spec, empty where it is not set.
ALL_CONTAINERS = " + ".join(f"(has(object.spec.{name}) ? object.spec.{name} : [])" for name in _LISTS)
Condition = Callable[[str], str]


def text(value: object) -> str:
    """A CEL literal of a string, a number or a list of them."""
    return json.dumps(value, ensure_ascii=False)


def any_of(conditions: Iterable[str]) -> str:
    """One of these holds."""
    found = list(conditions)
    return f"({' || '.join(found)})" if found else "false"


def all_of(conditions: Iterable[str]) -> str:
    """All of these hold."""
    found = list(conditions)
    return f"({' && '.join(found)})" if found else "true"


def where_set(owner: str, path: str, condition: Condition, unset: bool) -> str:
    """The condition on a field that may be missing anywhere on its path, or the answer for a missing one."""
    steps, here = [], owner
    for step in path.split("."):
        here = f"{here}.{step}"
        steps.append(f"has({here})")
    present = " && ".join(steps)
    if unset:
        return f"(!({present}) || {condition(here)})"
    return f"({present} && {condition(here)})"


def in_every_container(condition: Condition) -> str:
    """The condition holds for each container, whatever its kind."""
    return f"variables.containers.all(c, {condition('c')})"


def of_container(path: str, condition: Condition, unset: bool) -> str:
    """The condition on a field of each container's own security context."""
    return in_every_container(lambda c: where_set(c, f"securityContext.{path}", condition, unset))


def of_pod(path: str, condition: Condition, unset: bool) -> str:
    """The condition on a field of the pod's security context."""
    return where_set("object.spec", f"securityContext.{path}", condition, unset)


def effective(container: str, field: str, condition: Condition, unset: bool) -> str:
    """The condition on a field that counts for a container: its own, or else its pod's."""
    own = f"{container}.securityContext"
    shared = of_pod(field, condition, unset)
    return f"(has({own}) && has({own}.{field}) ? {condition(f'{own}.{field}')} : {shared})"


def in_ranges(value: str, ranges: Iterable[Mapping[str, Any]]) -> str:
    """A number is in one of [{min, max}]."""
    return any_of(f"({value} >= {int(row['min'])} && {value} <= {int(row['max'])})" for row in ranges)


def matches(value: str, patterns: Iterable[str]) -> str:
    """A string is one of these names, or begins as one of them that ends with a star."""
    return any_of(
        f"{value}.startsWith({text(one[:-1])})" if one.endswith("*") else f"{value} == {text(one)}" for one in patterns
    )
