# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting: a stage that died, ran nothing or skipped must not look like one that passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tooling.outcome import Outcome, from_junit, skipped

_REPORT = '<testsuites><testsuite tests="{}" failures="{}" errors="{}" skipped="{}"/></testsuites>'


@pytest.mark.parametrize(
    ("counts", "status", "outcome"),
    [
        ((5, 0, 0, 0), 0, Outcome(5, 0, 0)),
        ((5, 1, 1, 1), 1, Outcome(2, 2, 1)),
        ((5, 0, 0, 2), 0, Outcome(3, 0, 2)),
        ((0, 0, 0, 0), 5, Outcome(0, 1, 0)),
        ((5, 0, 0, 0), 3, Outcome(5, 1, 0)),
    ],
)
def test_counts_of_a_report(tmp_path: Path, counts: tuple[int, ...], status: int, outcome: Outcome) -> None:
    report = tmp_path / "report.xml"
    report.write_text(_REPORT.format(*counts))
    assert from_junit(report, status) == outcome


@pytest.mark.parametrize("content", [None, "", "<testsuites>"])
def test_without_a_report_a_test_has_failed(tmp_path: Path, content: str | None) -> None:
    report = tmp_path / "report.xml"
    if content is not None:
        report.write_text(content)
    assert from_junit(report, 0).failed == 1


def test_a_stage_that_cannot_run_is_skipped_and_says_why() -> None:
    outcome = skipped("no Python 3.12")
    assert (outcome.passed, outcome.failed, outcome.skipped) == (0, 0, 1)
    assert outcome.remarks == ("skipped: no Python 3.12",)


def test_sum() -> None:
    assert str(Outcome(1, 2, 3) + Outcome(10, 20, 30)) == "11 passed, 22 failed, 33 skipped"
