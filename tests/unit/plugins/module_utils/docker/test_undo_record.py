# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A record survives, is private, and goes away with its folder when nothing is left to remember."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.undo_record import (
    read_record,
    replace_file,
    write_record,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "records" / "one.json"
    write_record(str(path), {"a": {"b": None}})
    assert read_record(str(path)) == {"a": {"b": None}}
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]


def test_an_empty_record_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "records" / "one.json"
    write_record(str(path), {})
    assert not path.parent.exists()
    write_record(str(path), {"a": 1})
    write_record(str(path), {})
    assert list(tmp_path.iterdir()) == []


def test_without_a_path_nothing_is_remembered() -> None:
    write_record(None, {"a": 1})
    assert read_record(None) == {}


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_what_is_no_record_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(DockerError, match=r"one\.json"):
        read_record(str(tmp_path / "one.json"))


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def cut(*_paths: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", cut)
    with pytest.raises(OSError, match="No space"):
        replace_file(str(path), b"new", 0o600)
    assert (path.read_text(), os.listdir(tmp_path)) == ("old", ["file"])
