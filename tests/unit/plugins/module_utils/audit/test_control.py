# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows of users: what is taken, what is refused and with which words, and what a selection leaves."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import (
    Control,
    ControlError,
    control_from,
    merge,
    override,
    select,
)

SCOPES = ("container", "daemon")


def row(**changes: Any) -> dict[str, Any]:
    sound: dict[str, Any] = {
        "id": "acme.owner",
        "title": "Every container names its owner",
        "scope": "container",
        "severity": "low",
        "actual": "labels.owner",
        "expected": {"empty": False},
    }
    return {**sound, **changes}


def control(name: str, *numbers: str, version: str = "1.8.0") -> Control:
    references = tuple({"benchmark": "cis-docker", "version": version, "id": number} for number in numbers)
    return Control(
        id=name,
        title=name,
        scope="daemon",
        severity="low",
        remediation="",
        actual="a",
        expected={"equals": 1},
        references=references,
    )


def test_a_sound_row_becomes_a_control() -> None:
    assert control_from(row(), SCOPES).expected == {"empty": False}


def test_a_row_for_a_human_needs_no_expectation() -> None:
    assert control_from(row(actual=None, expected=None, manual="Ask the team."), SCOPES).manual == "Ask the team."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": None}, "id is missing"),
        ({"scope": "pod"}, "scope 'pod' is none of container, daemon"),
        ({"severity": "urgent"}, "severity 'urgent' is none of"),
        ({"expected": {"equals": 1, "in": []}}, "exactly one operator"),
        ({"expected": True}, "exactly one operator"),
        ({"expected": {"in": "x"}}, "in takes a list"),
        ({"actual": ""}, "either actual and expected, or manual"),
        ({"actual": 3}, "actual must be text"),
        ({"colour": "red"}, "'colour' is no field"),
        ({"references": ["5.1"]}, "a reference holds"),
    ],
)
def test_an_unsound_row_is_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlError, match=said):
        control_from(row(**changes), SCOPES)


def test_a_users_row_may_not_stand_in_for_ours() -> None:
    with pytest.raises(ControlError, match="use overrides"):
        merge([control("a")], [control("a")])


def test_overrides_change_expectation_and_severity_and_leave_the_rest() -> None:
    changed, other = override(
        [control("a"), control("b")], {"a": {"expected": {"at_most": 3}, "severity": "high"}}, SCOPES
    )
    assert (changed.expected, changed.severity, changed.title) == ({"at_most": 3}, "high", "a")
    assert other == control("b")


def test_an_override_can_switch_a_control_off() -> None:
    assert override([control("a"), control("b")], {"a": {"enabled": False}}, SCOPES) == [control("b")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"z": {}}, "there is no control 'z'"),
        ({"a": {"title": "x"}}, "'title' is none of"),
        ({"a": {"enabled": "no"}}, "true or false"),
        ({"a": 5}, "needs a dictionary"),
        ({"a": {"severity": "urgent"}}, "severity 'urgent'"),
    ],
)
def test_an_unusable_override_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ControlError, match=said):
        override([control("a")], changes, SCOPES)


def chosen(**how: Any) -> list[str]:
    table = [control("a.x", "5.1"), control("a.y", "5.10"), control("b.z", "2.1", version="1.6.0"), control("own")]
    return [one.id for one in select(table, **how)]


def test_a_selection_by_section_takes_whole_numbers() -> None:
    assert chosen(sections=["5"]) == ["a.x", "a.y"]
    assert chosen(sections=["5.1"]) == ["a.x"]


def test_a_selection_by_benchmark_leaves_what_is_not_in_it() -> None:
    assert chosen(benchmark="cis-docker", version="1.6.0") == ["b.z"]
    assert chosen(benchmark="cis-docker") == ["a.x", "a.y", "b.z"]


def test_a_selection_by_globs() -> None:
    assert chosen(include=["a.*"], exclude=["*.y"]) == ["a.x"]
    assert chosen() == ["a.x", "a.y", "b.z", "own"]


@pytest.mark.parametrize(
    "how", [{"include": ["nothing*"]}, {"exclude": ["c"]}, {"sections": ["9"]}, {"benchmark": "stig"}]
)
def test_a_selection_that_names_nothing_is_refused(how: dict[str, Any]) -> None:
    with pytest.raises(ControlError):
        chosen(**how)
