# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of files: planned from what is declared, made all or none, remembered, and taken back byte for byte."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host import file_plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_plan import (
    make_all,
    plan_files,
    with_line,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_state import FileChange, make


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def enforce(*entries: dict[str, Any]) -> list[str]:
    changes = plan_files(list(entries))
    make_all(changes)
    return [change.path for change in changes]


def test_a_file_is_made_with_its_folders_once(tmp_path: Path) -> None:
    entry = {"path": str(tmp_path / "a" / "b" / "c"), "content": "x\n", "mode": "0640"}
    assert enforce(entry) == [str(tmp_path / part) for part in ("a", "a/b", "a/b/c")]
    assert ((tmp_path / "a/b/c").read_text(), mode(tmp_path / "a/b/c")) == ("x\n", 0o640)
    assert enforce(entry) == []


@pytest.mark.parametrize(("present", "expected"), [(0o666, 0o644), (0o640, 0o640), (0o777, 0o644), (0o4755, 0o644)])
def test_a_mode_at_most_takes_bits_and_gives_none(tmp_path: Path, present: int, expected: int) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(present)
    enforce({"path": str(path), "mode_at_most": "0644"})
    assert mode(path) == expected


def test_what_is_not_there_is_passed_over_unless_its_content_is_declared(tmp_path: Path) -> None:
    assert enforce({"path": str(tmp_path / "none"), "mode_at_most": "0644", "owner": "root"}) == []


def test_the_later_of_two_entries_has_the_last_word(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    enforce({"path": path, "content": "x", "mode": "0644"}, {"path": path + "/", "mode": "0600"})
    assert (Path(path).read_text(), mode(Path(path))) == ("x", 0o600)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"path": "relative", "content": ""}, "not an absolute path"),
        ({"path": "{}/link", "content": ""}, "is a symlink to"),
        ({"path": "{}", "content": ""}, "is not a regular file"),
        ({"path": "{}/file", "directory": True}, "is not a folder"),
        ({"path": "{}/file", "mode": "rw-r--r--"}, "is not a mode"),
        ({"path": "{}/file", "mode": "420"}, None),
        ({"path": "{}/file", "owner": "nobody-of-that-name"}, "there is no user"),
        ({"path": "{}/file", "group": "none-of-that-name"}, "there is no group"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_made(
    tmp_path: Path, entry: dict[str, Any], said: str | None
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    entry = {**entry, "path": entry["path"].format(tmp_path)}
    if said is None:
        assert plan_files([entry])
        return
    with pytest.raises(DockerError, match=said):
        plan_files([entry])


def test_when_one_step_fails_those_before_it_are_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "folder" / "first", tmp_path / "second"
    second.write_text("old")
    entries = [{"path": str(first), "content": "new"}, {"path": str(second), "content": "new"}]
    real = make

    def full_disk(change: FileChange) -> None:
        if change.path == str(second):
            raise OSError(28, "No space left on device")
        real(change)

    monkeypatch.setattr(file_plan, "make", full_disk)
    with pytest.raises(DockerError, match=r"second cannot be changed \(No space left on device\); nothing was changed"):
        make_all(plan_files(entries))
    monkeypatch.setattr(file_plan, "make", real)
    assert (sorted(os.listdir(tmp_path)), second.read_text()) == (["second"], "old")


@pytest.mark.parametrize(
    ("held", "result"),
    [
        (b"", b"X=1\n"),
        (b"A=1\n", b"A=1\nX=1\n"),
        (b"A=1", b"A=1\nX=1\n"),
        (b"X=0\nB=1", b"X=1\nB=1"),
        (b"X=0\nB=1\nexport X=2\n", b"X=1\nB=1\n"),
        (b"X=1\n", b"X=1\n"),
        (b"\xff\nX=0\n", b"\xff\nX=1\n"),
    ],
)
def test_a_line_takes_the_place_of_those_that_match(held: bytes, result: bytes) -> None:
    assert with_line(held, "X=1", r"^\s*(export\s+)?X=") == result
    assert with_line(result, "X=1", r"^\s*(export\s+)?X=") == result
