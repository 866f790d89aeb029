# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to a package is read, and nothing that was made from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.errors import AnsibleLookupError

from ansible_collections.bulkhead.container_security.plugins.lookup.source_tree import source_tree

ENDINGS = [".py", ".json"]


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_files_by_their_paths(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "package",
        {
            "b.py": "b",
            "a/__init__.py": "",
            "a/x.json": "{}",
            "a/note.txt": "no",
            "__pycache__/b.py": "no",
            ".git/c.py": "no",
        },
    )
    found = source_tree(folder, ENDINGS)
    assert list(found.items()) == [("package/a/__init__.py", ""), ("package/a/x.json", "{}"), ("package/b.py", "b")]
    assert source_tree(folder, [".txt"]) == {"package/a/note.txt": "no"}


def test_a_folder_without_any_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AnsibleLookupError, match=f"no file that ends in .py, .json below {tmp_path}"):
        source_tree(tmp_path, ENDINGS)


def test_what_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\xff\xfe")
    with pytest.raises(AnsibleLookupError, match=r"a\.py cannot be read as text"):
        source_tree(tmp_path, ENDINGS)
