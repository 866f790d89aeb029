# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of lists, and what looks like the name of one."""

from __future__ import annotations

from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, rule, warnings

_ONE = "- list: first_names\n  items: [a, b c]\n"
_TWO = "- list: second_names\n  items: [first_names, d]\n"
_THREE = "- list: third_names\n  items: [second_names]\n"


def test_a_list_in_a_list_is_replaced() -> None:
    assert check(_ONE, _TWO, rule("evt.type = open and proc.name in (second_names)")).issues == ()


def test_a_list_in_a_list_in_a_list_is_not_and_is_told() -> None:
    said = warnings(_ONE, _TWO, _THREE, rule("evt.type = open and proc.name in (third_names)"))
    assert "the list first_names is not replaced here" in said


def test_a_list_that_is_defined_below_is_not_replaced_in_a_list() -> None:
    said = check(_TWO, _ONE, rule("evt.type = open and proc.name in (second_names)"))
    # The text of the condition sees all lists, in their order: what the first left, the second may replace.
    assert said.issues == ()


def test_names_of_lists_that_do_not_exist() -> None:
    said = warnings(_ONE, rule("evt.type = open and proc.name in (first_name) and fd.name in (first_names)"))
    assert "there is no list first_name" in said
    assert "did you mean first_names?" in said
    assert "there is no list nosuch" in warnings(rule("evt.type = open and proc.name in nosuch"))
    assert warnings(rule("evt.type = open and proc.name in (my_program)")) == ""
