# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators that a control's `expected` is written in: each compares one `actual` value with one operand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any


def _items(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, dict):
        return list(value)
    return value if isinstance(value, list) else [value]


def _same(actual: Any, operand: Any) -> bool:
    # In Python True == 1; in a policy a switch is not a number.
    return isinstance(actual, bool) == isinstance(operand, bool) and bool(actual == operand)


def _contains(actual: Any, operand: Any) -> bool:
    if isinstance(actual, str):
        return isinstance(operand, str) and operand in actual
    return any(_same(item, operand) for item in _items(actual))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)


def _at_least(actual: Any, operand: Any) -> bool:
    number = _number(actual)
    return number is not None and number >= operand


def _at_most(actual: Any, operand: Any) -> bool:
    number = _number(actual)
    return number is not None and number <= operand


def _matches(actual: Any, operand: Any) -> bool:
    return isinstance(actual, str) and re.search(operand, actual) is not None


def _mode_within(actual: Any, operand: Any) -> bool:
    try:
        return int(str(actual), 8) & ~int(operand, 8) == 0
    except ValueError:
        return False


def _empty(actual: Any, operand: Any) -> bool:
    return (actual is None or actual == "" or actual == [] or actual == {}) is operand


def _any_of(actual: Any, operand: Any) -> bool:
    return any(_contains(_items(actual), item) for item in operand)


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "not_equals": lambda actual, operand: not _same(actual, operand),
    "in": lambda value, choices: _contains(choices, value),
    "not_in": lambda value, choices: not _contains(choices, value),
    "contains": _contains,
    "not_contains": lambda actual, operand: not _contains(actual, operand),
    "contains_any": _any_of,
    "contains_none": lambda actual, operand: not _any_of(actual, operand),
    "contains_all": lambda actual, operand: all(_contains(_items(actual), item) for item in operand),
    "subset_of": lambda actual, operand: all(_contains(operand, item) for item in _items(actual)),
    "empty": _empty,
    "present": lambda actual, operand: (actual is not None) is operand,
    "at_least": _at_least,
    "at_most": _at_most,
    "matches": _matches,
    "not_matches": lambda actual, operand: not _matches(actual, operand),
    "mode_within": _mode_within,
}

_LISTS = {"in", "not_in", "contains_any", "contains_none", "contains_all", "subset_of"}
_SWITCHES = {"empty", "present"}
_NUMBERS = {"at_least", "at_most"}
_PATTERNS = {"matches", "not_matches"}


def operand_fault(operator: str, operand: Any) -> str | None:
    """What is wrong with an operand, as the end of a sentence, or None where it fits its operator."""
    if operator not in OPERATORS:
        return f"{operator!r} is no operator; there are {', '.join(sorted(OPERATORS))}"
    if operator in _LISTS and not isinstance(operand, list):
        return f"{operator} takes a list, not {operand!r}"
    if operator in _SWITCHES and not isinstance(operand, bool):
        return f"{operator} takes true or false, not {operand!r}"
    if operator in _NUMBERS and _number(operand) is None:
        return f"{operator} takes a number, not {operand!r}"
    if operator in _PATTERNS:
        return _pattern_fault(operator, operand)
    if operator == "mode_within" and not re.fullmatch(r"[0-7]{3,4}", str(operand)):
        return f'mode_within takes an octal mode in quotes such as "0644", not {operand!r}'
    return None


def _pattern_fault(operator: str, operand: Any) -> str | None:
    try:
        re.compile(operand)
    except (re.error, TypeError) as exc:
        return f"{operator} takes a regular expression, and {operand!r} is none ({exc})"
    return None
