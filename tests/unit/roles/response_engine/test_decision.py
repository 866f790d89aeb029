# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a decision, field by field: others read it."""

from __future__ import annotations

import datetime
import json

from bulkhead_response.decision import STATUSES, Decision, StepRecord, nobody
from tests.unit.roles.response_engine.response_play import shell

_NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=datetime.timezone.utc)


def test_the_record_is_the_contract() -> None:
    steps = [StepRecord("delete_pod", "done", "gone", 0.0123)]
    record = json.loads(Decision(shell(), "shells", "acted", "done", steps).record("runner/host/1", 2, _NOW))
    assert record == {
        "schema_version": "1.0",
        "id": "alert-0001.shells",
        "time": "2026-01-02T03:04:05.678Z",
        "alert": {
            "id": "alert-0001",
            "rule": "Terminal shell",
            "priority": "notice",
            "source": "syscall",
            "hostname": "",
            "time": "",
        },
        "target": {
            "namespace": "shop",
            "pod": "web-1",
            "pod_uid": "uid-1",
            "container_id": "",
            "image": "registry.example.com/web:1",
            "node": "",
        },
        "response_rule": "shells",
        "status": "acted",
        "reason": "done",
        "steps": [{"step": "delete_pod", "status": "done", "message": "gone", "seconds": 0.0123}],
        "runner": "runner/host/1",
        "attempt": 2,
    }


def test_the_subject_tells_status_and_rule() -> None:
    for status in STATUSES:
        assert Decision(shell(), "r", status, "").subject("response") == f"response.decision.{status}.terminal_shell"
    assert Decision(nobody("x"), "", "dead_letter", "").subject("a.b") == "a.b.decision.dead_letter.unnamed"


def test_a_record_is_one_line() -> None:
    assert b"\n" not in Decision(shell(), "r", "failed", "a\nb").record("r", 1, _NOW)
