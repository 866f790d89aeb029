# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Falco's compiler asks of a condition that is parsed: fields, operators, values; and what it warns of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.comparability import (
    check_operator,
    check_right_side,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Check,
    Field,
    Macro,
    Node,
    Not,
    Operand,
    Transformer,
    Value,
    ValueList,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.field_check import operand_type
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import (
    FieldTable,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    BAD_REGEX,
    COMPILE_CONDITION,
    COMPILE_WARNING,
    DEPRECATED_ITEM,
    UNSAFE_NA_CHECK,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.values import check_value

DEPRECATED_FIELDS = {
    "evt.dir": "Falco sees a call only when it returns: evt.dir = < is always true, evt.dir = > never",
    **dict.fromkeys(
        ("evt.latency", "evt.latency.s", "evt.latency.ns", "evt.latency.human", "evt.wait_latency"),
        "Falco sees a call only when it returns, and knows no latency",
    ),
}
_EQUALITIES = ("==", "=", "!=", "in", "intersects", "pmatch")
_TRANSFORMER_TEXT = re.compile(r"(?:val|tolower|toupper|b64|basename|len)\(.*\)", re.DOTALL)
_NOT_POSIX = re.compile(r"\\[dDwWsSbBAzZ1-9]|\(\?|[*+?}][?+]")
_SPECIAL = re.compile(r"[.+*?^$()\[\]{}|\\]")
_LOOSE_ENDS = re.compile(r"\^?(?:\.[+*?])?(.*?)(?:\.[+*?])?\$?", re.DOTALL)


_CLASS = re.compile(r"\[:[a-z]+:\]")


class ConditionWarning(NamedTuple):
    """Something that Falco takes, at this offset."""

    code: str
    message: str
    offset: int
    suggestion: str = ""


def checks_of(node: Node) -> Iterator[Check]:
    """The checks of a condition, not those of its macros."""
    if isinstance(node, Check):
        yield node
    elif isinstance(node, Not):
        yield from checks_of(node.child)
    elif not isinstance(node, Macro):
        for child in node.children:
            yield from checks_of(child)


def macros_of(node: Node) -> Iterator[Macro]:
    """The macros that a condition names."""
    if isinstance(node, Macro):
        yield node
    elif isinstance(node, Not):
        yield from macros_of(node.child)
    elif not isinstance(node, Check):
        for child in node.children:
            yield from macros_of(child)


class ConditionCheck:
    """Checks the conditions of one source."""

    def __init__(self, table: FieldTable) -> None:
        self._table = table

    def errors(self, node: Node) -> Iterator[RulesError]:
        """What Falco refuses, each with its offset."""
        for check in checks_of(node):
            try:
                self._check(check)
            except RulesError as error:
                yield error.at(check.at)

    def _check(self, check: Check) -> None:
        left = operand_type(check.left, self._table)
        check_operator(left, check.op)
        if isinstance(check.right, Transformer):
            check_right_side(left, check.op, operand_type(check.right, self._table))
        for value in _values(check):
            try:
                check_value(left, check.op, value.text)
                self._check_event(check, value.text)
            except RulesError as error:
                raise error.at(value.at) from error

    def _check_event(self, check: Check, text: str) -> None:
        if not isinstance(check.left, Field):
            return
        if check.left.name == "evt.type" and text not in self._table.event_types:
            hint = did_you_mean(text, self._table.event_types)
            raise RulesError(COMPILE_CONDITION, f"there is no event type {text}", suggestion=hint, unknown=True)
        if check.left.name == "evt.around" and check.op not in ("=", "=="):
            raise RulesError(COMPILE_CONDITION, f"evt.around takes only =, not {check.op}")

    def warnings(self, node: Node) -> Iterator[ConditionWarning]:
        """What Falco warns of, and what it does not warn of though it never matches."""
        for check in checks_of(node):
            for name, at in _field_names(check):
                if name in DEPRECATED_FIELDS:
                    yield ConditionWarning(DEPRECATED_ITEM, f"{name} is deprecated: {DEPRECATED_FIELDS[name]}", at)
            for value in _values(check):
                yield from self._value_warnings(check, value)

    def _value_warnings(self, check: Check, value: Value) -> Iterator[ConditionWarning]:
        name = check.left.name if isinstance(check.left, Field) else ""
        if value.text == "<NA>" and check.op in _EQUALITIES and name.startswith(("ka.", "jevt.")):
            message = f"a comparison of {name} with <NA> is not reliable"
            yield ConditionWarning(UNSAFE_NA_CHECK, message, value.at, f"use '{name} exists'")
        if check.op == "regex":
            yield from _regex_warnings(value)
        if "." not in value.text and "(" not in value.text:
            return
        bare = "".join(value.text.split())
        if bare.split("[", maxsplit=1)[0] in self._table.fields and check.op != "regex":
            message = f"'{value.text}' is the name of a field, but stands here as a text"
            yield ConditionWarning(COMPILE_WARNING, message, value.at, f"write val({bare}) to compare with the field")
        elif _TRANSFORMER_TEXT.fullmatch(bare):
            message = f"'{value.text}' looks like a transformer, but stands here as a text"
            yield ConditionWarning(COMPILE_WARNING, message, value.at, "take it out of the quotes")


def _values(check: Check) -> Sequence[Value]:
    if isinstance(check.right, Value):
        return (check.right,)
    return check.right.values if isinstance(check.right, ValueList) else ()


def _field_names(check: Check) -> Iterator[tuple[str, int]]:
    for side in (check.left, check.right):
        yield from _names_in(side)


def _names_in(operand: Operand | None) -> Iterator[tuple[str, int]]:
    if isinstance(operand, Field):
        yield operand.name, operand.at
    elif isinstance(operand, Transformer):
        for argument in operand.args:
            yield from _names_in(argument)


def _regex_warnings(value: Value) -> Iterator[ConditionWarning]:
    text = value.text
    odd = _NOT_POSIX.search(text)
    if odd:
        message = f"the regular expression has {odd.group()}, which Falco's POSIX syntax lacks: it never matches"
        yield ConditionWarning(BAD_REGEX, message, value.at, "use classes such as [0-9] or [[:space:]]")
    elif not _compiles(text):
        yield ConditionWarning(BAD_REGEX, "the regular expression is not valid: it never matches", value.at)
    found = _LOOSE_ENDS.fullmatch(text)
    if found and not _SPECIAL.search(found.group(1)):
        message = f"the regular expression {text} needs none"
        yield ConditionWarning(COMPILE_WARNING, message, value.at, "use =, contains, startswith or endswith")


def _compiles(text: str) -> bool:
    try:
        # Python has no classes such as [:space:], and takes them for sets in sets.
        re.compile(_CLASS.sub("a", text))
    except re.error:
        return False
    return True
