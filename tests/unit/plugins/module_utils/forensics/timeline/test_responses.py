# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions of the response engine."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.responses import event_of

UID = "0b2c4f6e-8a0c-4e2f-9b1d-3c5e7f9a1b2d"
TIME = "2026-01-31T12:00:01.123456789Z"


def test_a_decision() -> None:
    record: dict[str, Any] = {
        "id": "d-1",
        "time": TIME,
        "alert": {"id": "a", "rule": "Shell"},
        "target": {"namespace": "shop", "pod": "web-1", "pod_uid": UID},
        "response_rule": "shells",
        "status": "failed",
        "reason": "the API server is gone",
        "steps": [{"step": "delete_pod", "status": "failed", "message": "no answer"}, "odd"],
    }
    event = event_of(record, "responses")
    assert event.summary == "shells: failed (delete_pod failed, no answer)"
    assert (event.severity, event.key, event.about.pod_uid) == ("error", "d-1", UID)
    assert event_of({**record, "status": "no_match", "steps": []}, "r").routine is True
