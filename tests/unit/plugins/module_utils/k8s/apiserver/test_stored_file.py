# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are old or new, whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.stored_file import (
    StoredFileError,
    fingerprint,
    put,
    read_text,
    replace_file,
)


def test_a_file_is_replaced_with_its_mode_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    replace_file(str(path), "größer\r\n", 0o640)
    assert read_text(str(path)) == "größer\r\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == ["file"]
    put(str(path), None)
    put(str(path), None)
    assert read_text(str(path)) is None


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    replace_file(str(tmp_path / "link"), "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "x"


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(StoredFileError, match="not UTF-8"):
        read_text(str(tmp_path / "binary"))
    with pytest.raises(StoredFileError, match="cannot be read"):
        read_text(str(tmp_path))
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoredFileError, match="left as it was"):
        replace_file(str(tmp_path / "folder"), "x")
    assert sorted(os.listdir(tmp_path)) == ["binary", "folder"]


def test_a_missing_file_has_no_fingerprint() -> None:
    assert fingerprint(None) == ""
    assert fingerprint("") != fingerprint("a") != ""
