# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Items of files: their kinds and keys, lists and macros."""

from __future__ import annotations

import pytest

from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, errors, rule, warnings

_LIST = "- list: shells\n  items: [bash, 3]\n"
_MACRO = "- macro: opened\n  condition: evt.type = open and proc.name in (shells)\n"
_RULE = rule("opened")


def test_a_file_without_fault_has_no_issues() -> None:
    assert check(_LIST, _MACRO, _RULE).issues == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- a\n", "an item is a mapping"),
        ("- list: x\n", "the key 'items' is missing"),
        ("- list: x\n  items: a\n", "the value of 'items' is no list"),
        ("- list: x\n  items: [[a]]\n", "an element of 'items' is no text"),
        ("- list:\n  items: []\n", "the key 'list' has no value"),
        ("- list: ''\n  items: []\n", "the value of 'list' is empty"),
        ("- list: [x]\n  items: []\n", "the value of 'list' is no text"),
        ("- macro: x\n", "the key 'condition' is missing"),
        ("- macro: x\n  condition: ''\n", "the value of 'condition' is empty"),
        ("- macro: x\n  condition: evt.type = open\n  append: maybe\n", "neither true nor false"),
        ("- list: x\n  items: [a]\n  append: true\n", "appends to a list that is not defined above"),
        ("- macro: x\n  condition: or a\n  override: {condition: append}\n", "appends to a macro that is not defined"),
        ("- macro: x\n  condition: or a\n  append: true\n  override: {condition: append}\n", "exclude each other"),
        ("- macro: x\n  condition: a\n  override: {items: append}\n", "'items' cannot be appended"),
    ],
)
def test_what_is_no_item(text: str, says: str) -> None:
    assert says in errors(text)


def test_an_item_that_is_wrong_does_not_hide_the_next() -> None:
    said = errors("- list: x\n", "- macro: y\n", "- 3\n")
    assert said.count("LOAD_ERR_YAML_VALIDATE") == 3


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("- lists: x\n", "LOAD_UNKNOWN_ITEM", "did you mean list?"),
        ("- list: x\n  items: []\n  item: []\n", "LOAD_UNKNOWN_KEY", "ignores the key 'item' of a list"),
        ("- list: a b\n  items: []\n", "LOAD_INVALID_LIST_NAME", "cannot be used in a condition"),
        ("- macro: a-b\n  condition: evt.type = open\n", "LOAD_INVALID_MACRO_NAME", "cannot be used"),
        ("- list: x\n  items: []\n  items: [a]\n", "BULKHEAD_DUPLICATE_KEY", "Falco takes the first"),
        ("- list: shells\n  items: [a]\n  append: true\n", "LOAD_DEPRECATED_ITEM", "'append' is deprecated"),
    ],
)
def test_what_falco_ignores_or_warns_of(text: str, code: str, says: str) -> None:
    said = warnings(_LIST, text)
    assert code in said
    assert says in said


def test_lists_and_macros_grow() -> None:
    more = "- list: shells\n  items: [zsh]\n  override: {items: append}\n"
    wider = "- macro: opened\n  condition: or evt.type = nosuch\n  override: {condition: append}\n"
    assert "rules.yaml:7:28" not in errors(_LIST, _MACRO, _RULE, more)
    assert "no event type nosuch" in errors(_LIST, _MACRO, _RULE, more, wider)
