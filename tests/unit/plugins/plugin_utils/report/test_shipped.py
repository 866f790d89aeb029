# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of ours: from a folder, and from an archive that Python imports from."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report import shipped


def test_a_file_of_a_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "page.css").write_text("é")
    assert shipped.shipped_text(tmp_path / "page.css") == "é"


def test_what_did_not_come_along_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        shipped.shipped_text(tmp_path / "page.css")


def test_a_file_of_an_archive_is_read(tmp_path: Path) -> None:
    archive = tmp_path / "gate"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("shipped.py", Path(shipped.__file__).read_text())
        made.writestr("page/page.css", "é")
    script = (
        "import shipped, pathlib; print(shipped.shipped_text(pathlib.Path(shipped.__file__).parent / 'page/page.css'))"
    )
    environment = {"PYTHONPATH": str(archive), "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "é"
