# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings become events, on which subjects, and how they are known again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.finding_events import (
    Choice,
    events_of,
    read_report,
)


def _finding(**more: Any) -> dict[str, Any]:
    found = {"control": "docker.container.privileged", "target": "web-1", "status": "fail", "severity": "high"}
    subject = {"kind": "container", "name": "web"}
    return {**found, "fingerprint": "0123456789abcdef", "subject": subject, "drift": None, **more}


def _report(*findings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"generated_at": "2026-01-02T00:00:00Z", "targets": [], "findings": list(findings), "resolved": [], **more}


def test_a_finding_becomes_an_event() -> None:
    (event,) = events_of(_report(_finding()), Choice(), "findings")
    assert event.subject == "findings.high.docker.container.privileged"
    assert json.loads(event.body) == {
        "schema_version": "1.0",
        "collected_at": "2026-01-02T00:00:00Z",
        "finding": _finding(),
    }


def test_the_same_finding_of_another_audit_is_another_event() -> None:
    def identity(document: Any) -> str:
        return events_of(document, Choice(), "findings")[0].identity

    first = identity(_report(_finding()))
    assert identity(_report(_finding(actual=True))) == first
    assert identity(_report(_finding(), generated_at="2026-01-03T00:00:00Z")) != first
    targets = [{"name": "web-1", "collected_at": "2026-01-01T00:00:00Z"}]
    assert identity(_report(_finding(), targets=targets)) != first
    assert identity([_finding()]) == identity([_finding()]) != identity([_finding(actual=True)])


def test_the_result_of_an_audit_module_is_taken_too() -> None:
    result = {"findings": [_finding()], "collected_at": "2026-01-01T00:00:00Z", "changed": False}
    (event,) = events_of(result, Choice(), "findings")
    assert json.loads(event.body)["collected_at"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("choice", "chosen"),
    [
        (Choice(), "new old low"),
        (Choice(severity="high"), "new old"),
        (Choice(status=("fail", "waived")), "new old low waived"),
        (Choice(drift=("new", "regressed")), "new"),
        (Choice(drift=("resolved",)), "gone"),
        (Choice(drift=("new", "resolved"), severity="critical"), ""),
    ],
)
def test_which_are_chosen(choice: Choice, chosen: str) -> None:
    report = _report(
        _finding(control="new", drift="new"),
        _finding(control="old", drift="persisting"),
        _finding(control="low", severity="low"),
        _finding(control="waived", status="waived"),
        resolved=[_finding(control="gone", status="pass", drift="resolved")],
    )
    assert [event.subject.rpartition(".")[2] for event in events_of(report, choice, "x")] == chosen.split()


@given(st.text(min_size=1, max_size=40))
def test_no_name_of_a_control_leads_to_another_subject(control: str) -> None:
    (event,) = events_of([_finding(control=control)], Choice(), "findings")
    words = event.subject.split(".")
    assert words[:2] == ["findings", "high"]
    assert all(words)
    assert not set(event.subject) & set(" \t\r\n*>")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"changed": False}, "That is no report"),
        ("text", "That is no report"),
        ([5], "finding 1: a finding is a dictionary, not int"),
        ([_finding(), _finding(control="")], "finding 2: control is missing"),
        ([_finding(fingerprint=5)], "fingerprint is missing or no text"),
        ([_finding(severity="bad")], "severity 'bad' is none of critical, high"),
        ([_finding(status="bad")], "status 'bad' is none of pass"),
        ([_finding(drift="bad")], "drift 'bad' is none of new"),
    ],
)
def test_what_is_no_finding(document: Any, said: str) -> None:
    with pytest.raises(NatsError) as caught:
        events_of(document, Choice(), "findings")
    assert said in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "a..b", "a.>", "a b", "é"])
def test_what_is_no_prefix(prefix: str) -> None:
    with pytest.raises(NatsError, match="subject_prefix"):
        events_of([], Choice(), prefix)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(NatsError, match=r"report: .*cannot be read: No such file"):
        read_report(str(tmp_path / "none.json"))
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(NatsError, match="is not JSON"):
        read_report(str(tmp_path / "bad.json"))
