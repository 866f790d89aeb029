# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule costs: for which events Falco must evaluate it, and how dear its comparisons are.

Falco keeps rules by the events that they can match, which it finds out from evt.type alone: a check of anything else
says nothing of it, and `not` turns the types that a condition names into all the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Optional

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Check,
    Field,
    Macro,
    Node,
    Not,
    Or,
    Value,
    ValueList,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition_check import (
    checks_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.event_types import (
    EVENT_COUNTS,
    GENERIC_TYPES,
)

_ALL = frozenset(EVENT_COUNTS)
# Falco warns of a rule that more of its events can match.
MANY_EVENTS = 100
# What a busy host does thousands of times a second.
_FREQUENT = frozenset(
    {
        *("read", "write", "readv", "writev", "pread", "pwrite", "recvfrom", "sendto", "recvmsg", "sendmsg", "close"),
        *("futex", "poll", "ppoll", "epoll_wait", "select", "switch", "mmap", "munmap", "lseek", "ioctl"),
        *("stat", "fstat", "newfstatat"),
    }
)
_DEAR_OPERATORS = frozenset({"regex", "glob", "iglob"})
_TYPE_FIELDS = ("evt.type", "syscall.type")
_NO_TYPE = "the condition does not say which evt.type it wants"
Trees = Mapping[str, Optional[Node]]


class Cost(NamedTuple):
    """What a rule costs. event_types is None where it is evaluated for every event; events is how many of Falco's."""

    level: str
    event_types: list[str] | None
    reason: str
    events: int


class _Traits(NamedTuple):
    """What the checks of one condition are, those of its macros aside."""

    dear: frozenset[str]
    names_types: bool


class Costs:
    """What conditions cost. trees: the macros by name; None for one that could not be parsed."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._macros: dict[tuple[str, bool], frozenset[str]] = {}
        self._traits: dict[str, _Traits] = {}

    def learn(self, name: str) -> None:
        """Find out what a macro and its negation leave possible, to know it later."""
        for negated in (False, True):
            self._of_macro(name, negated)
        self._traits[name] = _traits(self._trees.get(name))

    def of(self, node: Node, negated: bool = False) -> frozenset[str]:
        """The types that the condition, or its negation, leaves possible."""
        if isinstance(node, Not):
            return self.of(node.child, not negated)
        if isinstance(node, Check):
            return _of_check(node, negated)
        if isinstance(node, Macro):
            return self._of_macro(node.name, negated)
        children = [self.of(child, negated) for child in node.children]
        if isinstance(node, Or) != negated:
            return frozenset().union(*children)
        return _ALL.intersection(*(child for child in children if child is not _ALL))

    def of_rule(self, tree: Node, used: frozenset[str]) -> Cost:
        """What a rule of the source syscall costs. used: the macros that it names, in whatever depth."""
        types = self.of(tree)
        events = events_of(types)
        traits = [_traits(tree), *(self._traits[name] for name in used)]
        if events > MANY_EVENTS:
            named = any(each.names_types for each in traits)
            reason = "evt.type is negated, or is missing in a part of an 'or'" if named else _NO_TYPE
            return Cost("high", None if types >= _ALL else sorted(types), reason, events)
        dear = sorted(frozenset().union(*(each.dear for each in traits)))
        often = sorted(types & _FREQUENT)
        if often and dear:
            return Cost("high", sorted(types), f"{', '.join(dear)} for frequent events: {', '.join(often)}", events)
        if often or dear:
            reason = f"frequent events: {', '.join(often)}" if often else f"uses {', '.join(dear)}"
            return Cost("medium", sorted(types), reason, events)
        return Cost("low", sorted(types), "few events, plain comparisons", events)

    def _of_macro(self, name: str, negated: bool) -> frozenset[str]:
        key = (name, negated)
        if key not in self._macros:
            self._macros[key] = _ALL  # where a macro leads back to itself
            tree = self._trees.get(name)
            self._macros[key] = _ALL if tree is None else self.of(tree, negated)
        return self._macros[key]


def _traits(tree: Node | None) -> _Traits:
    checks = list(checks_of(tree)) if tree is not None else []
    names = any(isinstance(check.left, Field) and check.left.name in _TYPE_FIELDS for check in checks)
    return _Traits(frozenset(check.op for check in checks) & _DEAR_OPERATORS, names)


def _of_check(check: Check, negated: bool) -> frozenset[str]:
    left = check.left
    if not isinstance(left, Field) or left.name not in _TYPE_FIELDS:
        return _ALL
    if check.op == "exists":
        return frozenset() if negated else _ALL
    if check.op not in ("=", "==", "!=", "in") or not isinstance(check.right, (Value, ValueList)):
        return _ALL
    values = check.right.values if isinstance(check.right, ValueList) else (check.right,)
    named = frozenset("syscall" if value.text in GENERIC_TYPES else value.text for value in values) & _ALL
    return _ALL - named if negated != (check.op == "!=") else named


def events_of(types: frozenset[str]) -> int:
    """How many of Falco's events these types are."""
    return sum(EVENT_COUNTS[name] for name in types)
