# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sealed sets: whole or not at all, readable by their owner only, and verifiable."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from bulkhead_response.actions.sealed_set import NoRoom, digest_of, require_room, set_name, write_set

_FACTS: dict[str, Any] = {"case": "c", "reason": "r", "subject": {"kind": "pod"}, "parts": []}


def test_the_module_that_verifies_evidence_accepts_it(tmp_path: Path) -> None:
    path = str(tmp_path / "set")
    digest = write_set(path, {"pod.json": b"{}", "logs/a.log": b"a"}, _FACTS)
    problems, found, _head = seal.problems(path, digest)
    assert (problems, found) == ([], digest)
    Path(path, "pod.json").write_bytes(b"[]")
    assert seal.problems(path, digest)[0] == ["pod.json was changed"]


def test_modes(tmp_path: Path) -> None:
    before = os.umask(0)  # whatever it is, it must not matter
    try:
        write_set(str(tmp_path / "set"), {"logs/a.log": b"a"}, _FACTS)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in [tmp_path / "set", *(tmp_path / "set").rglob("*")]}
    assert {modes.pop("set"), modes.pop("logs")} == {0o700}
    assert set(modes.values()) == {0o600}


def test_the_first_set_stays(tmp_path: Path) -> None:
    path = str(tmp_path / "set")
    first = write_set(path, {"a": b"1"}, _FACTS)
    assert write_set(path, {"a": b"2"}, _FACTS) == first
    assert Path(path, "a").read_bytes() == b"1"
    assert os.listdir(tmp_path) == ["set"]


def test_nothing_half_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoRoom, match="No space left"):
        write_set(str(tmp_path / "set"), {"a": b"1"}, _FACTS)
    assert os.listdir(tmp_path) == []


def test_what_a_killed_runner_has_left_is_removed(tmp_path: Path) -> None:
    """And what another one is writing is not."""
    left, busy = tmp_path / ".set.partial-left", tmp_path / ".set.partial-busy"
    for folder in (left, busy):
        folder.mkdir()
        (folder / "pod.json").touch()
    handle = os.open(busy, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        write_set(str(tmp_path / "set"), {"a": b"1"}, _FACTS)
    finally:
        os.close(handle)
    assert sorted(os.listdir(tmp_path)) == [".set.partial-busy", "set"]


def test_room(tmp_path: Path) -> None:
    require_room(str(tmp_path / "new"), 1, 0)
    with pytest.raises(NoRoom, match="bytes free"):
        require_room(str(tmp_path), 2**62, 0)
    (tmp_path / "file").touch()
    with pytest.raises(NoRoom, match="cannot be used"):
        require_room(str(tmp_path / "file" / "x"), 1, 0)


@pytest.mark.parametrize("alert_id", ["..", ".hidden", "a/b", "", "a" * 101, "a\nb", "-rf"])
def test_an_id_that_is_no_name_of_a_file(alert_id: str) -> None:
    assert set_name(alert_id) == hashlib.sha256(alert_id.encode()).hexdigest()
    assert set_name("4f1c-A_b.c") == "4f1c-A_b.c"


def test_no_set(tmp_path: Path) -> None:
    assert digest_of(str(tmp_path)) is None
    write_set(str(tmp_path / "set"), {}, _FACTS)
    assert json.loads((tmp_path / "set/custody.jsonl").read_text())["manifest_sha256"] == digest_of(
        str(tmp_path / "set")
    )
