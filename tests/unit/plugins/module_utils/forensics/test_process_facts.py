# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes out of a /proc of our own, and of this very process."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.process_facts import (
    ProcFolder,
    facts,
    members,
)

CONTAINER = "d" * 64


def make(root: Path, pid: int, cgroup: str, namespace: str) -> Path:
    folder = root / str(pid)
    (folder / "ns").mkdir(parents=True)
    (folder / "ns" / "pid").symlink_to(namespace)
    (folder / "cgroup").write_text(f"0::{cgroup}\n")
    return folder


@pytest.fixture
def proc(tmp_path: Path) -> ProcFolder:
    make(tmp_path, 1, "/", "pid:[1]")
    make(tmp_path, 10, f"/docker/{CONTAINER}", "pid:[2]")
    make(tmp_path, 11, f"/docker/{CONTAINER}", "pid:[3]")
    make(tmp_path, 12, "/user.slice", "pid:[2]")
    make(tmp_path, 13, "/docker/" + "e" * 64, "pid:[4]")
    return ProcFolder(str(tmp_path))


def test_a_process_is_known_by_its_control_group_or_its_namespace(proc: ProcFolder) -> None:
    assert members(proc, CONTAINER, 10) == {10: "control group", 11: "control group", 12: "process namespace"}


def test_the_namespace_of_the_host_tells_nothing(proc: ProcFolder, tmp_path: Path) -> None:
    make(tmp_path, 20, f"/docker/{CONTAINER}", "pid:[1]")
    assert set(members(proc, CONTAINER, 20)) == {10, 11, 20}


def test_a_process_that_has_gone_is_empty_and_no_error(proc: ProcFolder) -> None:
    row = facts(proc, 999)
    assert (row["name"], row["open_files"], row["started"], row["exe_sha256"]) == ("", [], None, "")


def test_code_of_no_file_and_secrets_of_the_command(proc: ProcFolder, tmp_path: Path) -> None:
    folder = tmp_path / "10"
    (folder / "status").write_text("Name:\tsh\nUid:\t0\t0\t0\t0\n")
    (folder / "cmdline").write_bytes(b"tool\0--password\0hunter2hunter2\0")
    (folder / "environ").write_bytes(b"TOKEN=hunter3\0")
    (folder / "maps").write_text(
        "1-2 r-xp 0 00:00 1 /bin/sh\n2-3 rw-p 0 00:00 0 [heap]\n"
        "3-4 rwxp 0 00:00 0 \n4-5 r-xp 0 00:00 9 /memfd:x (deleted)\n"
    )
    row = facts(proc, 10)
    assert row["maps"] == {
        "count": 4,
        "code": ["/bin/sh", "/memfd:x (deleted)"],
        "unusual_code": [{"flags": "rwxp", "name": ""}, {"flags": "r-xp", "name": "/memfd:x (deleted)"}],
    }
    assert "hunter" not in str(row)


def test_this_process() -> None:
    row = facts(ProcFolder(), os.getpid())
    with open(sys.executable, "rb") as program:
        assert row["exe_sha256"] == hashlib.sha256(program.read()).hexdigest()
    assert row["pid"] == os.getpid()
    assert row["cwd"] == os.getcwd()
    assert row["started"] is not None
