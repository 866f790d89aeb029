# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift says resolved only of what was looked at, and remembers what was seen before."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import (
    Coverage,
    Drift,
    Previous,
    compare,
    covers,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, finding

MONDAY, TUESDAY, WEDNESDAY = "2030-01-01T04:00:00Z", "2030-01-02T04:00:00Z", "2030-01-03T04:00:00Z"
LOOKED: Coverage = MappingProxyType({"web1": frozenset((PRIVILEGED,))})


def run(findings: list[Finding], before: Drift | None, coverage: Coverage = LOOKED, now: str = TUESDAY) -> Drift:
    """A run after another that was made on the day before."""
    if before is None:
        return compare(findings, None, coverage, now)
    days = {TUESDAY: MONDAY, WEDNESDAY: TUESDAY}
    previous = Previous(days.get(now, TUESDAY), before.findings, before.unchecked, before.history)
    return compare(findings, previous, coverage, now)


def first(*findings: Finding) -> Drift:
    return run(list(findings), None, now=MONDAY)


def drifts(drift: Drift) -> list[str | None]:
    return [one["drift"] for one in drift.findings]


def test_a_first_run_has_no_drift_but_a_first_day() -> None:
    result = first(finding())
    assert drifts(result) == [None]
    assert result.findings[0]["first_seen"] == MONDAY
    assert (result.resolved, result.unchecked, result.history) == ([], [], {})


def test_persisting_keeps_the_day_it_was_first_seen() -> None:
    result = run([finding()], first(finding()))
    assert drifts(result) == ["persisting"]
    assert result.findings[0]["first_seen"] == MONDAY


def test_what_was_not_there_is_new() -> None:
    result = run([finding(), finding(name="other")], first(finding()))
    assert drifts(result) == ["persisting", "new"]
    assert result.findings[1]["first_seen"] == TUESDAY


def test_what_passes_is_resolved_whether_the_pass_is_listed_or_left_out() -> None:
    for now in ([], [finding(status="pass")]):
        result = run(now, first(finding()))
        assert [(one["drift"], one["status"], one["resolved_at"]) for one in result.resolved] == [
            ("resolved", "pass", TUESDAY)
        ]
        assert result.counts()["resolved"] == 1


def test_a_control_that_no_longer_applies_resolves_what_it_found() -> None:
    nobody = {"kind": "container", "name": ""}
    gone = finding(status="not_applicable", subject=nobody, fingerprint="0" * 32)
    assert len(run([gone], first(finding())).resolved) == 1


def test_what_comes_back_is_regressed_even_after_a_longer_while() -> None:
    resolved = run([], first(finding()))
    quiet = run([], resolved, now=WEDNESDAY)
    back = run([finding()], quiet, now="2030-01-04T04:00:00Z")
    assert drifts(back) == ["regressed"]
    assert back.findings[0]["first_seen"] == MONDAY
    assert back.history == {}
    assert drifts(run([finding()], back, now="2030-01-05T04:00:00Z")) == ["persisting"]


def test_a_pass_that_was_listed_and_now_fails_is_new_as_is_one_that_was_left_out() -> None:
    assert drifts(run([finding()], first(finding(status="pass")))) == ["new"]
    assert drifts(run([finding()], first())) == ["new"]


@pytest.mark.parametrize(
    ("now", "coverage"),
    [
        ([], {}),
        ([], {"web2": None}),
        ([], {"web1": frozenset(("docker.other",))}),
        ([finding(status="error")], LOOKED),
        ([finding(status="manual")], LOOKED),
        ([finding(status="error", subject={"kind": "container", "name": ""}, fingerprint="1" * 32)], LOOKED),
    ],
    ids=["host down", "other host", "control left out", "error", "manual", "scope unreadable"],
)
def test_what_nobody_could_see_is_unchecked_not_resolved(now: list[Finding], coverage: Coverage) -> None:
    result = run(now, first(finding()), coverage)
    assert result.resolved == []
    assert [(one["fingerprint"], one["last_seen"]) for one in result.unchecked] == [(finding()["fingerprint"], MONDAY)]


def test_an_error_about_another_subject_does_not_hide_a_resolution() -> None:
    other = finding(status="error", name="other")
    assert len(run([other], first(finding())).resolved) == 1


def test_what_was_unchecked_persists_when_seen_again_and_resolves_when_gone() -> None:
    missed = run([], first(finding()), {})
    seen = run([finding()], missed, now=WEDNESDAY)
    assert drifts(seen) == ["persisting"]
    assert seen.findings[0]["first_seen"] == MONDAY
    assert seen.unchecked == []
    gone = run([], missed, now=WEDNESDAY)
    assert len(gone.resolved) == 1
    assert gone.history[finding()["fingerprint"]]["last_seen"] == MONDAY


def test_unchecked_twice_keeps_the_day_it_was_last_seen() -> None:
    twice = run([], run([], first(finding()), {}), {}, WEDNESDAY)
    assert [one["last_seen"] for one in twice.unchecked] == [MONDAY]


def test_complete_findings_resolve_whatever_is_missing() -> None:
    assert len(run([], first(finding()), {"web1": None}).resolved) == 1


def test_a_waived_finding_is_open() -> None:
    waived = finding(status="waived", waiver={"id": "a", "owner": "b", "reason": "c", "expires": "2031-01-01"})
    assert drifts(run([waived], first(finding()))) == ["persisting"]
    assert drifts(run([finding()], first(waived))) == ["persisting"]
    resolved = run([], first(waived)).resolved[0]
    assert resolved["waiver"] is None


def test_what_is_no_failure_has_neither_drift_nor_first_day() -> None:
    result = run([finding(status="manual"), finding(status="error", name="b")], first())
    assert drifts(result) == [None, None]
    assert [one["first_seen"] for one in result.findings] == [None, None]


@pytest.mark.parametrize(("keep_days", "known"), [(365, True), (30, False)])
def test_memory_ends(keep_days: int, known: bool) -> None:
    resolved = run([], first(finding()))
    previous = Previous(TUESDAY, resolved.findings, resolved.unchecked, resolved.history)
    later = compare([], previous, LOOKED, "2030-06-01T00:00:00Z", keep_days)
    assert bool(later.history) is known


def test_what_nobody_checks_for_long_is_forgotten() -> None:
    missed = run([], first(finding()), {})
    previous = Previous(TUESDAY, missed.findings, missed.unchecked, missed.history)
    assert compare([], previous, {}, "2030-06-01T00:00:00Z", 30).unchecked == []


def test_counts_add_up() -> None:
    before = first(finding(), finding(name="gone"), finding(target="down"))
    result = run([finding(), finding(name="fresh")], before)
    assert result.counts() == {"new": 1, "regressed": 0, "persisting": 1, "resolved": 1, "unchecked": 1}


def test_input_is_left_alone() -> None:
    current: dict[str, Any] = finding()
    run([current], first(finding()))
    assert current["drift"] is None
    assert "first_seen" not in current


@pytest.mark.parametrize(
    ("controls", "covered"),
    [
        (["hadolint.DL3006"], True),
        (["hadolint.*"], True),
        (["hadolint"], False),
        (["hado*"], False),
        (["hadolint.DL3006.*"], False),
        (["hadolint.DL3007", "trivy.*"], False),
        ([], False),
    ],
)
def test_a_family_covers_its_controls(controls: list[str], covered: bool) -> None:
    assert covers(controls, "hadolint.DL3006") is covered
