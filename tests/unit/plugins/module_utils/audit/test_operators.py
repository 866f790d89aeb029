# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each operator says of values that meet it, miss it, or are of another kind."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.operators import (
    OPERATORS,
    operand_fault,
)

MEETS: list[tuple[str, Any, Any]] = [
    ("equals", False, False),
    ("equals", 5, 5),
    ("equals", None, None),
    ("not_equals", None, True),
    ("not_equals", 1, True),
    ("in", "json-file", ["json-file", "local"]),
    ("not_in", "none", ["json-file", "local"]),
    ("not_in", None, ["json-file"]),
    ("contains", ["a", "b"], "a"),
    ("contains", "name=seccomp,profile=default", "seccomp"),
    ("contains", {"a": 1}, "a"),
    ("not_contains", None, "a"),
    ("not_contains", [1], True),
    ("contains_any", ["a", "b"], ["x", "b"]),
    ("contains_none", ["a"], ["x"]),
    ("contains_none", None, ["x"]),
    ("contains_all", ["a", "b", "c"], ["a", "c"]),
    ("subset_of", ["a"], ["a", "b"]),
    ("subset_of", None, ["a"]),
    ("empty", [], True),
    ("empty", None, True),
    ("empty", 0, False),
    ("empty", False, False),
    ("present", 0, True),
    ("present", None, False),
    ("at_least", 5, 5),
    ("at_most", 0.5, 1),
    ("matches", "root:docker", r"^root:"),
    ("not_matches", None, "x"),
    ("mode_within", "0600", "0644"),
    ("mode_within", "0644", "0644"),
]

MISSES: list[tuple[str, Any, Any]] = [
    ("equals", 1, True),
    ("equals", 0, False),
    ("equals", None, False),
    ("equals", "false", False),
    ("in", None, ["a"]),
    ("in", True, [1]),
    ("contains", "abc", 1),
    ("contains", None, "a"),
    ("contains_any", [], ["a"]),
    ("contains_none", ["x"], ["x"]),
    ("contains_all", ["a"], ["a", "b"]),
    ("subset_of", ["a", "z"], ["a", "b"]),
    ("empty", 0, True),
    ("empty", ["x"], True),
    ("present", None, True),
    ("at_least", None, 1),
    ("at_most", None, 1),
    ("at_most", True, 1),
    ("at_most", "1", 1),
    ("matches", None, "."),
    ("matches", 5, "5"),
    ("mode_within", "0660", "0644"),
    ("mode_within", "4755", "0755"),
    ("mode_within", None, "0644"),
]


@pytest.mark.parametrize(("operator", "actual", "operand"), MEETS)
def test_meets(operator: str, actual: Any, operand: Any) -> None:
    assert OPERATORS[operator](actual, operand) is True


@pytest.mark.parametrize(("operator", "actual", "operand"), MISSES)
def test_misses(operator: str, actual: Any, operand: Any) -> None:
    assert OPERATORS[operator](actual, operand) is False


def test_every_operator_is_tested_both_ways() -> None:
    assert {case[0] for case in MEETS} == set(OPERATORS)
    assert {case[0] for case in MISSES} >= set(OPERATORS) - {"not_equals", "not_in", "not_contains", "not_matches"}


@pytest.mark.parametrize(
    ("operator", "operand", "said"),
    [
        ("is", 1, "'is' is no operator"),
        ("in", "a", "in takes a list"),
        ("empty", "yes", "true or false"),
        ("at_most", "3", "takes a number"),
        ("at_most", True, "takes a number"),
        ("matches", "(", "regular expression"),
        ("matches", 3, "regular expression"),
        ("mode_within", "rw", "octal"),
        ("mode_within", 644.5, "octal"),
    ],
)
def test_an_operand_of_the_wrong_kind_is_named(operator: str, operand: Any, said: str) -> None:
    assert said in (operand_fault(operator, operand) or "")


@pytest.mark.parametrize(("operator", "actual", "operand"), MEETS)
def test_sound_operands_have_no_fault(operator: str, actual: Any, operand: Any) -> None:
    assert operand_fault(operator, operand) is None
