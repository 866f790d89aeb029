# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sets of evidence tell, and that those whose seal is broken tell nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.evidence_sets import (
    events_of,
    sets_at,
)

MANIFEST: dict[str, Any] = {
    "case": "INC-1",
    "reason": "a shell",
    "ended": "2026-01-31T12:00:09Z",
    "taken_by": {"who": {"user": "root", "investigator": "alice"}},
    "subject": {
        "kind": "container",
        "name": "web",
        "id": "d" * 64,
        "started": "2026-01-31T12:00:00Z",
        "finished": "0001-01-01T00:00:00Z",
        "created": "",
    },
}
DOCUMENTS: dict[str, Any] = {
    "container/processes.json": [
        {"pid": 7, "started": 1769860801.27, "command": ["sh", "-c", "id"], "exe_deleted": True},
        {"pid": 8, "started": None},
    ],
    "container/changed_files.json": [
        {"path": "/tmp/evil", "type": "file", "mtime": 1769860802, "sha256": "f"},
        {"path": "/tmp", "type": "folder", "mtime": 1769860802},
        {"path": "/gone", "taken": False, "reason": "x"},
    ],
    "pod/events.json": [
        {
            "reason": "Killing",
            "message": "password=hunter2hunter2",
            "lastTimestamp": "2026-01-31T12:00:05Z",
            "type": "Warning",
        }
    ],
}


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    folder = EvidenceFolder(str(tmp_path / "root"), "INC-1-container-web")
    for path, document in DOCUMENTS.items():
        folder.write_json(path, document)
    seal.seal(folder, MANIFEST, {"time": "2026-01-31T12:00:09Z"})
    folder.finish()
    return Path(folder.final)


def test_a_set_tells_when_what_was(sealed: Path) -> None:
    events = {event.kind: event for event in events_of(str(sealed), "evidence")}
    assert set(events) == {"evidence taken", "started", "process started", "file changed", "pod event"}
    assert events["evidence taken"].actor == "alice"
    assert events["process started"].severity == "warning"
    assert events["process started"].time == 1769860801_270_000_000
    assert events["file changed"].summary == "/tmp/evil was written"
    assert "hunter2" not in str(events["pod event"])
    assert {event.about.container_id for event in events.values()} == {"d" * 12}


def test_a_broken_seal_is_all_that_is_told(sealed: Path) -> None:
    (sealed / "container" / "processes.json").write_text(json.dumps([]))
    (event,) = events_of(str(sealed), "evidence")
    assert (event.kind, event.severity) == ("broken seal", "critical")
    assert "container/processes.json was changed" in event.summary


def test_a_set_and_a_folder_of_sets(sealed: Path) -> None:
    (sealed.parent / ".INC-1.partial-x").mkdir()
    (sealed.parent / "no set").mkdir()
    assert sets_at(str(sealed)) == sets_at(str(sealed.parent)) == [str(sealed)]
