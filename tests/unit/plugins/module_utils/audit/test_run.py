# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every audit does with its options, tried on a module that audits doors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control, ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.run import (
    Audited,
    answer,
    at_most,
    choose,
    stored_snapshot,
)

DOORS = Audited("doors", "door_audit", "1.2", ("door",), "cis-doors")
LOCKED = Control(
    id="door.locked",
    title="Door is locked",
    scope="door",
    severity="high",
    remediation="Lock it.",
    actual="locks",
    expected={"at_least": 1},
    references=({"benchmark": "cis-doors", "version": "1.0", "id": "1.1"},),
)
SNAPSHOT: dict[str, Any] = {
    "schema_version": "1.0",
    "kind": "doors",
    "collected_at": "2026-01-01T00:00:00Z",
    "subjects": {"door": [{"subject": {"kind": "door", "name": "front"}, "locks": 0}]},
}


def test_overrides_go_before_thresholds() -> None:
    thresholds = {"door.locked": {"expected": {"at_least": 2}}}
    (by_threshold,) = choose({}, DOORS, [LOCKED], thresholds)
    overrides = {"door.locked": {"expected": {"at_least": 3}}}
    (by_override,) = choose({"overrides": overrides}, DOORS, [LOCKED], thresholds)
    assert (by_threshold.expected, by_override.expected) == ({"at_least": 2}, {"at_least": 3})


@pytest.mark.parametrize("options", [{"sections": ["1"]}, {"benchmark_version": "1.0"}, {"benchmark": "cis-doors"}])
def test_the_benchmark_is_implied(options: dict[str, Any]) -> None:
    beyond = Control(**{**vars(LOCKED), "id": "door.painted", "references": ()})
    assert choose(options, DOORS, [LOCKED, beyond], {}) == [LOCKED]


def test_a_selection_of_nothing_is_refused() -> None:
    with pytest.raises(ControlError, match="No control is left"):
        choose({"select": ["door.*"], "skip": ["door.*"]}, DOORS, [LOCKED], {})


def test_limits() -> None:
    assert at_most({"a": 3, "b": None}) == {"a": {"expected": {"at_most": 3}}}
    with pytest.raises(ControlError, match="a: the limit must not be negative"):
        at_most({"a": -1})


def test_a_stored_snapshot_is_judged(tmp_path: Path) -> None:
    file = tmp_path / "doors.json"
    file.write_text(json.dumps(SNAPSHOT))
    stored = stored_snapshot({"snapshot_path": str(file)}, DOORS)
    assert stored == SNAPSHOT
    result = answer({}, SNAPSHOT, [LOCKED], "house", 0)
    assert [(each["status"], each["target"]) for each in result["findings"]] == [("fail", "house")]
    assert result["controls"] == ["door.locked"]


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "windows"},
        {"schema_version": "2.0"},
        {"subjects": []},
        {"subjects": {"door": [{"locks": 1}]}},
        {"errors": "none"},
        {"unseen": ["none"]},
    ],
)
def test_what_is_no_snapshot_of_doors_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ControlError, match=r"snapshot: "):
        stored_snapshot({"snapshot": {**SNAPSHOT, **change}}, DOORS)


def test_what_cannot_be_seen_is_manual_beside_what_can() -> None:
    snapshot = {**SNAPSHOT, "unseen": {"door": "The cellar is dark."}, "errors": {"door": "The attic is shut."}}
    found = answer({}, snapshot, [LOCKED], "house", 0)["findings"]
    assert [(each["status"], each["reason"]) for each in found] == [
        ("fail", None),
        ("error", "The attic is shut."),
        ("manual", "The cellar is dark."),
    ]
