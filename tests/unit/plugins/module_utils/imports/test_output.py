# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of findings: whole or not at all, and only for its owner."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.output import Output

FINDING: dict[str, Any] = {"control": "x", "title": "ü\u2028"}


def write(path: Path, *findings: dict[str, Any], check_folder: str = "") -> bool:
    with Output(str(path), check_folder) as output:
        output.begin()
        for finding in findings:
            output.add(finding)
        output.end({"findings": ["not these"], "target": "web"})
        return output.commit()


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    assert write(tmp_path / "out.json", FINDING, FINDING)
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["results"] == [{"findings": [FINDING, FINDING], "target": "web"}]
    assert stat.S_IMODE((tmp_path / "out.json").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["out.json"]


def test_the_same_again_is_no_change(tmp_path: Path) -> None:
    assert write(tmp_path / "out.json", FINDING)
    before = (tmp_path / "out.json").stat().st_ino
    assert not write(tmp_path / "out.json", FINDING)
    assert (tmp_path / "out.json").stat().st_ino == before
    assert write(tmp_path / "out.json")


def test_a_check_writes_nothing_and_knows_the_change(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    scratch = str(tmp_path / "scratch")
    assert write(tmp_path / "out.json", FINDING, check_folder=scratch)
    assert sorted(os.listdir(tmp_path)) == ["scratch"]
    assert os.listdir(scratch) == []
    write(tmp_path / "out.json", FINDING)
    assert not write(tmp_path / "out.json", FINDING, check_folder=scratch)


def test_a_report_that_ends_badly_is_taken_back(tmp_path: Path) -> None:
    with Output(str(tmp_path / "out.json")) as output:
        for target in ("one", "bad", "two"):
            output.begin()
            output.add(FINDING)
            if target == "bad":
                output.forget()
            else:
                output.end({"target": target})
        output.commit()
    document = json.loads((tmp_path / "out.json").read_text())
    assert [row["target"] for row in document["results"]] == ["one", "two"]


def test_what_ends_before_the_end_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("before")
    with Output(str(tmp_path / "out.json")) as output:
        output.begin()
        output.add(FINDING)
    assert os.listdir(tmp_path) == ["out.json"]
    assert (tmp_path / "out.json").read_text() == "before"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="cannot be written: there is no folder"):
        Output(str(tmp_path / "none" / "out.json"))


def test_a_disk_that_is_full_is_told() -> None:
    with pytest.raises(ImportFault, match="/dev/full-of-nothing/x cannot be written"):
        Output("/dev/full-of-nothing/x")
