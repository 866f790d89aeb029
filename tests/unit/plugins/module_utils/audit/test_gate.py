# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate closes on what it was told to, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import (
    Gate,
    GateError,
    judge,
    threshold,
)
from tests.unit.plugins.plugin_utils.report.fleet import finding


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("critical", ("critical",)),
        ("high", ("critical", "high")),
        ("info", SEVERITIES),
        (["medium"], ("critical", "high", "medium")),
        (["medium", "critical"], ("critical", "medium")),
        ("never", ()),
        (["never"], ()),
        ([], ()),
        (None, ()),
    ],
)
def test_a_name_means_it_and_worse_several_mean_just_those(
    value: str | Sequence[str] | None, expected: tuple[str, ...]
) -> None:
    assert threshold(value, "fail_on") == expected


@pytest.mark.parametrize("value", ["hihg", ["critical", "sever"], ["never", "high"], "Critical"])
def test_a_name_that_is_no_severity_is_refused(value: str | Sequence[str]) -> None:
    with pytest.raises(GateError, match=r"^fail_on: "):
        threshold(value, "fail_on")


def closed(gate: Gate, *findings: Finding) -> bool:
    return bool(judge(gate, findings)["failed"])


def test_only_failures_at_a_named_severity_close_it() -> None:
    gate = Gate(fail_on=("critical", "high"))
    assert closed(gate, finding())
    assert closed(gate, finding(severity="high"))
    assert not closed(gate, finding(severity="medium"))
    for status in ("pass", "waived", "manual", "not_applicable", "error"):
        assert not closed(gate, finding(status=status))


@pytest.mark.parametrize(
    ("drift", "expected"), [("new", True), ("regressed", True), ("persisting", False), (None, False)]
)
def test_on_new_counts_what_came_since_the_last_report(drift: str | None, expected: bool) -> None:
    assert closed(Gate(fail_on_new=("critical",)), finding(drift=drift)) is expected


def test_errors_close_it_only_when_asked() -> None:
    assert not closed(Gate(fail_on=SEVERITIES), finding(status="error"))
    assert closed(Gate(fail_on_error=True), finding(status="error"))


def test_an_open_gate_has_no_reasons() -> None:
    assert judge(Gate(), [finding()])["reasons"] == []


def test_reasons_say_how_many_and_on_what_terms() -> None:
    gate = Gate(("critical", "high"), ("critical",), True)
    verdict = judge(gate, [finding(drift="new"), finding(severity="high"), finding(status="error")])
    assert verdict["reasons"] == [
        "1 critical, 1 high failing (fail_on: critical, high)",
        "1 critical new or regressed (fail_on_new: critical)",
        "1 could not be evaluated (fail_on_error)",
    ]
