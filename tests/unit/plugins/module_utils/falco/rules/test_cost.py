# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules cost."""

from __future__ import annotations

import pytest

from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, rule, warnings

_MACROS = "- macro: opening\n  condition: evt.type in (open, openat)\n- macro: never\n  condition: evt.num = 0\n"


def cost(condition: str) -> tuple[str, list[str] | None, str]:
    found = check(_MACROS, rule(condition)).rules[0].cost
    assert found
    return found.level, found.event_types, found.reason


@pytest.mark.parametrize(
    ("condition", "types"),
    [
        ("evt.type = execve", ["execve"]),
        ("opening and proc.name = a", ["open", "openat"]),
        ("proc.name = a and (evt.type = dup or evt.type = dup2)", ["dup", "dup2"]),
        ("opening and not evt.type = open", ["openat"]),
        ("opening and evt.type != open", ["openat"]),
        ("not (not opening or evt.type = open)", ["openat"]),
        ("not evt.type exists and opening", []),
        ("evt.type in (getpid, gettid)", ["syscall"]),
        ("syscall.type = open", ["open"]),
    ],
)
def test_the_events_that_a_rule_can_match(condition: str, types: list[str]) -> None:
    assert cost(condition)[1] == types


@pytest.mark.parametrize(
    ("condition", "level", "reason"),
    [
        ("proc.name = a", "high", "does not say which evt.type"),
        ("evt.type = open or proc.name = a", "high", "missing in a part of an 'or'"),
        ("evt.type != open", "high", "negated"),
        ("not opening", "high", "negated"),
        ("evt.type exists", "high", "negated"),
        ("evt.type = read", "medium", "frequent events: read"),
        ("evt.type = execve and proc.name glob a*", "medium", "uses glob"),
        ("evt.type = read and fd.name regex 'a[0-9]'", "high", "regex for frequent events: read"),
        ("evt.type = execve", "low", "few events"),
    ],
)
def test_levels(condition: str, level: str, reason: str) -> None:
    found = cost(condition)
    assert found[0] == level
    assert reason in found[2]


def test_every_event_is_no_list_of_types() -> None:
    assert cost("proc.name = a")[1] is None


def test_falco_warns_of_rules_for_too_many_events() -> None:
    assert "LOAD_NO_EVTTYPE" in warnings(_MACROS, rule("never"))
    assert "LOAD_NO_EVTTYPE" not in warnings(_MACROS, rule("never", warn_evttypes=False))
    assert "LOAD_NO_EVTTYPE" not in warnings(_MACROS, rule("never", enabled=False))
    assert "LOAD_NO_EVTTYPE" not in warnings(rule("ka.verb = get", source="k8s_audit"))


def test_macros_that_build_on_each_other_need_no_depth() -> None:
    chain = "- macro: m0\n  condition: evt.type = open\n" + "".join(
        f"- macro: m{number}\n  condition: m{number - 1}\n" for number in range(1, 400)
    )
    found = check(chain, rule("m399")).rules[0].cost
    assert found
    assert found.event_types == ["open"]
