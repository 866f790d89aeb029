# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists that conditions name: what they hold, and what looks like the name of a list and is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.collection import ListItem
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Check,
    Node,
    Value,
    ValueList,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition_check import (
    ConditionWarning,
    checks_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import UNKNOWN_LIST
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import LIST_OPERATORS
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean

Lists = dict[str, list[str]]


def compiled_lists(there: Mapping[str, ListItem]) -> tuple[Lists, set[str]]:
    """The items of lists with those of the lists that they name, and the names of these.

    Falco goes one level deep, and no deeper; it sees the lists that were there when this one was changed last.
    """
    compiled: Lists = {}
    used: set[str] = set()
    for item in there.values():
        values: list[str] = []
        for text in item.items:
            other = there.get(text)
            if other is not None and other.index < item.visibility:
                used.add(text)
                values += other.items
            else:
                values.append(text)
        compiled[item.name] = values
    return compiled, used


def list_warnings(tree: Node, lists: Lists) -> Iterator[ConditionWarning]:
    """Values of a condition that were meant to be lists, it seems."""
    for check in checks_of(tree):
        if check.op in LIST_OPERATORS:
            yield from _of_check(check, lists)


def _of_check(check: Check, lists: Lists) -> Iterator[ConditionWarning]:
    if isinstance(check.right, Value):
        yield _no_list(check.right, did_you_mean(check.right.text, lists))
    elif isinstance(check.right, ValueList):
        values = check.right.values
        for value in values:
            if value.text in lists:
                message = f"the list {value.text} is not replaced here: Falco replaces lists in lists only once"
                yield ConditionWarning(UNKNOWN_LIST, message, value.at, "name its items, or the list itself")
        if len(values) == 1 and "_" in values[0].text and values[0].text not in lists:
            hint = did_you_mean(values[0].text, lists)
            if hint:
                yield _no_list(values[0], hint)


def _no_list(value: Value, hint: str) -> ConditionWarning:
    message = f"there is no list {value.text}: the field is compared with this text"
    return ConditionWarning(UNKNOWN_LIST, message, value.at, hint)
