# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces and control groups of a made-up /proc and /sys."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import confinement
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.process_facts import ProcFolder


def test_a_namespace_that_the_host_has_too_is_told(tmp_path: Path) -> None:
    for pid, net in ((1, "net:[1]"), (9, "net:[1]")):
        (tmp_path / str(pid) / "ns").mkdir(parents=True)
        (tmp_path / str(pid) / "ns" / "net").symlink_to(net)
        (tmp_path / str(pid) / "ns" / "pid").symlink_to(f"pid:[{pid}]")
    rows = confinement.namespaces(ProcFolder(str(tmp_path)), 9)
    assert [(row["kind"], row["shared_with_host"]) for row in rows] == [("net", True), ("pid", False)]


def test_limits_that_were_hit_are_read_in_both_versions(tmp_path: Path) -> None:
    (tmp_path / "9").mkdir()
    (tmp_path / "9" / "cgroup").write_text("3:memory:/docker/x\n2:cpu,cpuacct:/docker/x\n0::/system.slice/x\n")
    root = tmp_path / "cgroup"
    (root / "memory/docker/x").mkdir(parents=True)
    (root / "memory/docker/x/memory.failcnt").write_text("17\n")
    (root / "system.slice/x").mkdir(parents=True)
    (root / "system.slice/x/memory.events").write_text("low 0\noom_kill 3\n")
    rows = confinement.control_groups(ProcFolder(str(tmp_path)), 9, str(root))
    assert [row["values"] for row in rows] == [
        {"memory.failcnt": "17"},
        {},
        {"memory.events": "low 0\noom_kill 3"},
    ]


def test_a_process_that_has_gone_is_no_error(tmp_path: Path) -> None:
    proc = ProcFolder(str(tmp_path))
    assert confinement.namespaces(proc, 9) == []
    assert confinement.control_groups(proc, 9) == []
    assert confinement.mounts(proc, 9) == []
