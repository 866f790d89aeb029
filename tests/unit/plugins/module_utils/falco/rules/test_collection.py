# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of the same name."""

from __future__ import annotations

from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, errors, rule, warnings


def test_a_second_definition_takes_the_place_of_the_first_and_is_told() -> None:
    said = warnings(rule("evt.type = nosuch"), rule())
    assert "BULKHEAD_REDEFINED" in said
    assert "replaces the rule of this name in rules.yaml:1:3" in said
    assert errors(rule("evt.type = nosuch"), rule()) == ""
    assert len(check(rule(), rule()).rules) == 1


def test_a_macro_and_a_list_may_have_one_name() -> None:
    text = "- list: container\n  items: [a]\n- macro: started\n  condition: evt.type = container\n"
    assert "BULKHEAD_REDEFINED" not in warnings(text, "- macro: x\n  condition: started\n")


def test_a_macro_sees_what_was_there_when_it_was_changed_last() -> None:
    first = "- macro: a\n  condition: evt.type = open\n"
    second = "- macro: b\n  condition: evt.type = close\n"
    late = "- macro: a\n  condition: or b\n  override: {condition: append}\n"
    assert errors(first, second, late, rule("a")) == ""
    early = "- macro: a\n  condition: b\n"
    assert "is defined only below" in errors(early, second, rule("a"))
