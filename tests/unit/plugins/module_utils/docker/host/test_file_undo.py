# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was there before comes back byte for byte, and what others have changed since is left to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_plan import (
    make_all,
    plan_files,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_undo import (
    Record,
    forget,
    plan_undo,
    remember,
)


def enforce(record: Record, *entries: dict[str, Any]) -> Record:
    changes = plan_files(list(entries))
    kept = remember(record, changes, list(entries))
    make_all(changes)
    return dict(json.loads(json.dumps(kept)))


def undo(record: Record, paths: list[str] | None = None) -> tuple[Record, list[str]]:
    steps, kept = plan_undo(record, paths)
    make_all(steps)
    return forget(record, paths), kept


def picture(folder: Path) -> dict[str, tuple[int, bytes]]:
    paths = sorted(folder.rglob("*"))
    return {str(path): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"") for path in paths}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(b"old\xff\r\n")
    (tmp_path / "file").chmod(0o666)
    (tmp_path / "environment").write_text("X=0\nA=1")
    return tmp_path


def entries(folder: Path, text: str = "new\n") -> list[dict[str, Any]]:
    return [
        {"path": str(folder / "file"), "content": text, "mode": "0640"},
        {"path": str(folder / "made" / "here" / "file"), "content": text},
        {"path": str(folder / "environment"), "line": "X=1", "match": "^X="},
    ]


def test_everything_comes_back(folder: Path) -> None:
    before = picture(folder)
    record = enforce({}, *entries(folder))
    assert picture(folder) != before
    left, kept = undo(record)
    assert (picture(folder), left, kept) == (before, {}, [])


def test_the_state_before_the_first_change_is_the_one_that_comes_back(folder: Path) -> None:
    before = picture(folder)
    record = enforce(enforce({}, *entries(folder)), *entries(folder, "newer\n"))
    undo(record)
    assert picture(folder) == before


def test_what_somebody_wrote_between_two_changes_is_what_comes_back(folder: Path) -> None:
    record = enforce({}, *entries(folder))
    (folder / "file").write_text("theirs\n")
    record = enforce(record, *entries(folder))
    undo(record)
    assert (folder / "file").read_text() == "theirs\n"


def test_what_others_have_changed_since_stays(folder: Path) -> None:
    record = enforce({}, *entries(folder))
    (folder / "file").write_text("theirs\n")
    (folder / "made" / "theirs").touch()
    (folder / "environment").write_text("B=2\nX=1\nA=1\n")
    _left, kept = undo(record)
    assert kept == [str(folder / "file")]
    assert (folder / "file").read_text() == "theirs\n"
    assert not (folder / "made" / "here").exists()
    assert (folder / "made" / "theirs").exists()
    assert (folder / "environment").read_text() == "B=2\nX=0\nA=1\n"


def test_a_part_can_be_undone_and_the_rest_later(folder: Path) -> None:
    before = picture(folder)
    record = enforce({}, *entries(folder))
    left, _kept = undo(record, [str(folder / "made" / "here" / "file")])
    assert not (folder / "made").exists()
    assert (folder / "file").read_text() == "new\n"
    undo(left)
    assert picture(folder) == before


def test_what_is_gone_already_is_no_trouble(folder: Path) -> None:
    record = enforce({}, *entries(folder))
    for path in ("made/here/file", "environment"):
        (folder / path).unlink()
    left, kept = undo(record)
    assert (left, kept, (folder / "made").exists()) == ({}, [], False)


def test_a_run_that_was_cut_off_before_it_changed_the_file_changes_nothing_back(folder: Path) -> None:
    before = picture(folder)
    record = remember({}, plan_files(entries(folder)), entries(folder))
    left, kept = undo(record)
    assert (picture(folder), left, kept) == (before, {}, [])
