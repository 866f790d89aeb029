# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of evidence is whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import (
    ForensicsError,
    LittleSpace,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
    safe_name,
)


def test_a_set_appears_when_it_is_finished(tmp_path: Path) -> None:
    folder = EvidenceFolder(str(tmp_path / "root"), "set")
    assert folder.write("a/log.txt", [b"one", b"two"]) is True
    assert not (tmp_path / "root" / "set").exists()
    folder.finish()
    file = tmp_path / "root" / "set" / "a" / "log.txt"
    assert file.read_bytes() == b"onetwo"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    digest = hashlib.sha256(b"onetwo").hexdigest()
    assert folder.files == [{"path": "a/log.txt", "size": 6, "sha256": digest}]


@pytest.mark.parametrize(("limit", "kept", "whole"), [(4, b"onet", False), (6, b"onetwo", True), (0, b"", False)])
def test_no_more_than_the_limit_is_kept(tmp_path: Path, limit: int, kept: bytes, whole: bool) -> None:
    folder = EvidenceFolder(str(tmp_path), "set")
    assert folder.write("f", [b"one", b"two"], limit) is whole
    assert Path(folder.path, "f").read_bytes() == kept
    folder.abandon()
    assert list(tmp_path.iterdir()) == []


def test_what_came_before_a_failure_is_kept_and_counted(tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ValueError("broken off")

    folder = EvidenceFolder(str(tmp_path), "set")
    with pytest.raises(ValueError, match="broken off"):
        folder.write("f", pieces())
    assert [(file["path"], file["size"]) for file in folder.files] == [("f", 4)]


def test_leftovers_of_a_killed_run_go_and_those_of_a_running_one_stay(tmp_path: Path) -> None:
    running = EvidenceFolder(str(tmp_path), "set")
    killed = tmp_path / ".set.partial-dead"
    killed.mkdir()
    (killed / "file").touch()
    (tmp_path / ".other.partial-dead").mkdir()
    other = EvidenceFolder(str(tmp_path), "set")
    other.write("f", [b"first"])
    other.finish()
    assert not killed.exists()
    assert Path(running.path).exists()
    assert (tmp_path / ".other.partial-dead").exists()
    with pytest.raises(ForensicsError, match="another run took the same evidence"):
        running.finish()
    assert (tmp_path / "set" / "f").read_bytes() == b"first"


def test_nothing_is_begun_where_too_little_is_free(tmp_path: Path) -> None:
    with pytest.raises(LittleSpace, match="MiB free"):
        EvidenceFolder(str(tmp_path), "set", min_free_bytes=2**62)
    assert list(tmp_path.iterdir()) == []


def test_space_that_runs_low_stops_parts_and_not_the_seal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = EvidenceFolder(str(tmp_path), "set", min_free_bytes=1)
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 0}))
    with pytest.raises(LittleSpace):
        folder.write("f", [b"x"])
    folder.begin_sealing()
    assert folder.write("manifest", [b"x"]) is True


def test_a_full_disk_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = EvidenceFolder(str(tmp_path), "set")
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(ForensicsError, match="No space is left"):
        folder.write("f", [b"x"])


def test_files_that_a_failed_part_has_left_are_counted_when_sealing(tmp_path: Path) -> None:
    folder = EvidenceFolder(str(tmp_path), "set")
    Path(folder.place("a/half.tar")).write_bytes(b"half")
    folder.begin_sealing()
    assert [file["path"] for file in folder.files] == ["a/half.tar"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("web", "web"),
        ("../../etc", "_.._etc"),
        (".hidden", "hidden"),
        ("a/b\n", "a_b_"),
        ("", "_"),
        ("..", "_"),
        ("-rf", "rf"),
    ],
)
def test_names_are_safe(text: str, name: str) -> None:
    assert safe_name(text) == name
