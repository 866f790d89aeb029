# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Macros and lists in rules."""

from __future__ import annotations

import pytest

from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, errors, rule, warnings


def macro(name: str, condition: str) -> str:
    return f"- macro: {name}\n  condition: {condition}\n"


@pytest.mark.parametrize(
    ("macros", "says"),
    [
        (macro("a", "b"), "macro: a: there is no macro b"),
        (macro("a", "a"), "macro: a: the macro a leads back to itself"),
        (macro("a", "evt.type = open") + macro("b", "a or c") + macro("c", "b"), "leads back to itself"),
        (macro("a", "(evt.type = open"), "macro: a: expected a ')'"),
        (macro("a", "evt.type = opn"), "macro: a: there is no event type opn"),
    ],
)
def test_macros_that_are_wrong(macros: str, says: str) -> None:
    assert says in errors(macros, rule("a"))


def test_an_error_in_a_macro_is_told_once_with_its_place() -> None:
    found = check(macro("a", "evt.type = open and proc.nam = x"), rule("a"), rule("a", name="two")).errors
    assert [(issue.item, issue.place.line, issue.place.column) for issue in found] == [("macro: a", 2, 34)]


def test_a_macro_that_nothing_uses_is_not_compiled() -> None:
    text = macro("a", "proc.nam = x")
    assert errors(text) == ""
    assert "LOAD_UNUSED_MACRO" in warnings(text)


def test_a_macro_means_what_its_users_source_makes_it() -> None:
    text = macro("a", "ka.verb = get")
    assert errors(text, rule("a", source="k8s_audit")) == ""
    assert "no field ka.verb for the source syscall" in errors(text, rule("a"))


def test_undefined_macros_are_suggested() -> None:
    text = macro("spawned_process", "evt.type = execve")
    assert "did you mean spawned_process?" in errors(text, rule("spawn_process"))
    assert "there is no macro shells" in errors("- macro: x\n  condition: evt.type = open\n", rule("shells and x"))


def test_unused_lists() -> None:
    assert "LOAD_UNUSED_LIST" in warnings("- list: a\n  items: [b]\n")


def test_lists_too_large_are_refused() -> None:
    lists = "".join(f"- list: l{n}\n  items: [{', '.join([f'l{n + 1}'] * 10)}]\n" for n in range(9))
    assert "far too large" in errors(lists, rule("evt.type = open and proc.name in (l0)"))


def test_outputs_are_checked_at_their_place() -> None:
    found = check(
        "- rule: a\n  desc: d\n  condition: evt.type = open\n  output: >\n    x\n    %proc.nam\n  priority: INFO\n"
    )
    assert [(issue.code, issue.place.line, issue.place.column) for issue in found.errors] == [
        ("LOAD_ERR_COMPILE_OUTPUT", 6, 5)
    ]
