# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's options, and the files it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.run import (
    argument_spec,
    run,
)

ALERT = json.dumps({"rule": "R", "priority": "Notice", "output": "o", "time": "2026-01-31T12:00:00Z"})


def source(path: Path, **changes: Any) -> dict[str, Any]:
    return {"type": "falco", "paths": [str(path)], "docker_host": None, "clock_ahead": 0.0, "name": None, **changes}


def params(**given: Any) -> dict[str, Any]:
    return {**{name: option.get("default") for name, option in argument_spec().items()}, **given}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "falco.jsonl"
    file.write_text(f"{ALERT}\ngarbage\n")
    return file


def test_files_are_written_once_and_for_their_owner(log: Path, tmp_path: Path) -> None:
    outputs = [{"format": name, "path": str(tmp_path / f"out.{name}")} for name in ("json", "html", "markdown")]
    given = params(sources=[source(log)], outputs=outputs)
    predicted = run(given, check=True)
    assert predicted["changed"] is True
    assert not (tmp_path / "out.json").exists()
    first = run(given, check=False)
    assert (first["changed"], first["written"]) == (True, predicted["written"])
    assert (tmp_path / "out.json").stat().st_mode & 0o777 == 0o600
    assert "events" not in first
    again = run(given, check=False)
    assert (again["changed"], again["written"]) == (False, [])


def test_without_outputs_the_events_are_returned(log: Path) -> None:
    result = run(params(sources=[source(log)]), check=False)
    assert [event["summary"] for event in result["events"]] == ["R"]
    assert result["changed"] is False
    assert "falco.jsonl, line 2" in result["warnings"][0]


def test_what_there_is_no_room_for_is_told(log: Path) -> None:
    log.write_text(f"{ALERT}\n{ALERT.replace('12:00', '13:00')}\n")
    result = run(params(sources=[source(log)], max_events=1), check=False)
    assert result["summary"]["left_out"] == 1
    assert "Earlier events are left out: 1" in result["warnings"][0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"sources": []}, "sources is empty"),
        ({"max_events": 0}, "max_events"),
        ({"since": "yesterday"}, "since: 'yesterday' is no time"),
        ({"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "after until"),
        ({"outputs": [{"format": "json", "path": "/nowhere/at/all.json"}]}, "there is no folder /nowhere/at"),
    ],
)
def test_what_cannot_be_is_refused(log: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ForensicsError, match=said):
        run(params(**{"sources": [source(log)], **given}), check=False)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"paths": []}, r"sources\[0\] names nothing to read"),
        ({"docker_host": "unix:///x"}, "docker_host goes with type docker_events"),
        ({"paths": ["/nowhere"]}, "/nowhere cannot be read: No such file"),
    ],
)
def test_a_source_that_cannot_be_is_refused(log: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ForensicsError, match=said):
        run(params(sources=[source(log, **changes)]), check=False)


def test_two_sources_need_two_names(log: Path) -> None:
    with pytest.raises(ForensicsError, match="give name"):
        run(params(sources=[source(log), source(log)]), check=False)
    assert run(params(sources=[source(log), source(log, name="b")]), check=False)["summary"]["repeated"] == 1
