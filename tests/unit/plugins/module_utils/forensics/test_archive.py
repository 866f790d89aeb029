# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One file of a set, made once."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.archive import archive
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError


def test_it_holds_the_set_and_is_made_once(tmp_path: Path) -> None:
    (tmp_path / "set" / "a").mkdir(parents=True)
    (tmp_path / "set" / "a" / "file").write_text("x")
    path, digest, made = archive(str(tmp_path / "set"))
    with tarfile.open(path) as found:
        assert "set/a/file" in found.getnames()
    assert made is True
    assert Path(path).stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == digest
    assert archive(str(tmp_path / "set")) == (path, digest, False)


def test_a_set_that_is_not_there_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ForensicsError, match="cannot be made"):
        archive(str(tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []
