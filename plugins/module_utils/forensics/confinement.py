# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds a container: its namespaces, compared with those of the host, and its control groups with the limits
that were hit. Control groups of both versions are read, whatever of their files there is."""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.process_facts import ProcFolder

_ROOT = "/sys/fs/cgroup"
_FILES = {
    "": (
        *("memory.max", "memory.high", "memory.current", "memory.peak", "memory.swap.max", "memory.events"),
        *("memory.pressure", "pids.max", "pids.current", "pids.events", "cpu.max", "cpu.stat", "cgroup.events"),
    ),
    "memory": (
        *("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes", "memory.failcnt"),
        *("memory.oom_control", "memory.memsw.limit_in_bytes", "memory.memsw.failcnt", "memory.kmem.failcnt"),
    ),
    "pids": ("pids.max", "pids.current", "pids.events"),
    "cpu": ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.stat", "cpu.shares"),
    "devices": ("devices.list",),
    "freezer": ("freezer.state",),
}


def namespaces(proc: ProcFolder, pid: int) -> list[dict[str, Any]]:
    """{kind, id, shared_with_host} of each namespace of a process."""
    found = []
    for kind in sorted(proc.names(pid, "ns")):
        own = proc.link(pid, f"ns/{kind}")
        found.append({"kind": kind, "id": own, "shared_with_host": own == proc.link(1, f"ns/{kind}")})
    return found


def control_groups(proc: ProcFolder, pid: int, root: str = _ROOT) -> list[dict[str, Any]]:
    """{controllers, path, values} of each control group of a process; values are the text of the kernel's files."""
    found = []
    for line in proc.text(pid, "cgroup").splitlines():
        _number, controllers, path = line.split(":", 2)
        names = controllers.split(",")
        values: dict[str, str] = {}
        for name in names:
            values.update(_values(f"{root}/{controllers or ''}{path}", _FILES.get(name, ())))
        found.append({"controllers": controllers, "path": path, "values": values})
    return found


def _values(folder: str, names: tuple[str, ...]) -> dict[str, str]:
    values = {}
    for name in names:
        try:
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                values[name] = file.read(4096).strip()
        except OSError:
            continue
    return values


def mounts(proc: ProcFolder, pid: int) -> list[str]:
    """The lines of /proc/PID/mountinfo, as the kernel writes them."""
    return proc.text(pid, "mountinfo").splitlines()
