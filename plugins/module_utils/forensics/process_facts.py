# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The processes of a container as the kernel knows them, read from /proc of the host: nothing is run inside.

A process belongs to a container by its control group. One that has left it and still lives in the container's own
process namespace is told as well. The hash of a program is of what runs, even where its file was deleted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import redaction

# The kernel's unit of the start time in /proc/PID/stat.
_TICKS = os.sysconf("SC_CLK_TCK")
_LARGEST_PROGRAM = 256 * 2**20
_MOST_FILES = 4096
_MOST_MAPS = 512
_STATUS = {
    "Name": "name",
    "State": "state",
    "PPid": "ppid",
    "NSpid": "pids_by_namespace",
    "Uid": "uids",
    "Gid": "gids",
    "Groups": "groups",
    "CapEff": "effective_capabilities",
    "CapBnd": "bounding_capabilities",
    "Seccomp": "seccomp",
    "NoNewPrivs": "no_new_privileges",
    "TracerPid": "tracer",
    "VmRSS": "memory",
    "Threads": "threads",
}


class ProcFolder:
    """/proc, read without an error where a process has gone meanwhile."""

    def __init__(self, root: str = "/proc") -> None:
        self.root = root

    def pids(self) -> list[int]:
        """Every process there is."""
        return sorted(int(name) for name in os.listdir(self.root) if name.isdigit())

    def text(self, pid: int, name: str, limit: int = 4 * 2**20) -> str:
        """A file of a process, empty where there is none."""
        try:
            with open(f"{self.root}/{pid}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read(limit)
        except OSError:
            return ""

    def link(self, pid: int, name: str) -> str:
        """Where a link of a process leads, empty where it cannot be told."""
        try:
            return os.readlink(f"{self.root}/{pid}/{name}")
        except OSError:
            return ""

    def names(self, pid: int, folder: str) -> list[str]:
        """What is in a folder of a process."""
        try:
            return os.listdir(f"{self.root}/{pid}/{folder}")
        except OSError:
            return []

    def program_hash(self, pid: int) -> str:
        """SHA-256 of the program that runs, empty where it cannot be read."""
        digest, left = hashlib.sha256(), _LARGEST_PROGRAM
        try:
            with open(f"{self.root}/{pid}/exe", "rb") as file:
                while left > 0 and (piece := file.read(1 << 20)):
                    digest.update(piece)
                    left -= len(piece)
        except OSError:
            return ""
        return digest.hexdigest() if left > 0 else ""

    def booted(self) -> int:
        """When the machine was started, in seconds since the epoch."""
        with open(f"{self.root}/stat", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("btime"))


def members(proc: ProcFolder, container_id: str, first: int) -> dict[int, str]:
    """{pid: how it is known} of a container's processes; `first` is its first one, as the engine says."""
    own_namespace = proc.link(first, "ns/pid")
    shared = own_namespace in ("", proc.link(1, "ns/pid"), proc.link(os.getpid(), "ns/pid"))
    found: dict[int, str] = {}
    for pid in proc.pids():
        if container_id in proc.text(pid, "cgroup"):
            found[pid] = "control group"
        elif not shared and proc.link(pid, "ns/pid") == own_namespace:
            found[pid] = "process namespace"
    return found


def facts(proc: ProcFolder, pid: int) -> dict[str, Any]:
    """Everything about one process; values of its environment are fingerprints, secrets of its command are masked."""
    status = dict(line.partition(":")[::2] for line in proc.text(pid, "status").splitlines())
    program = proc.link(pid, "exe")
    return {
        "pid": pid,
        **{name: status.get(key, "").strip() for key, name in _STATUS.items()},
        "started": _started(proc, pid),
        "exe": program,
        "exe_deleted": program.endswith(" (deleted)"),
        "exe_sha256": proc.program_hash(pid),
        "command": redaction.words(_nul_separated(proc.text(pid, "cmdline"))),
        "environment": redaction.environment(_nul_separated(proc.text(pid, "environ"))),
        "cwd": proc.link(pid, "cwd"),
        "root": proc.link(pid, "root"),
        "login_uid": proc.text(pid, "loginuid").strip(),
        "security_label": proc.text(pid, "attr/current").strip("\0\n "),
        "open_files": list(_open_files(proc, pid)),
        "maps": _maps(proc.text(pid, "maps")),
    }


def _nul_separated(text: str) -> list[str]:
    return text.rstrip("\0").split("\0") if text.rstrip("\0") else []


def _started(proc: ProcFolder, pid: int) -> float | None:
    """Seconds since the epoch."""
    # The name in parentheses may hold anything, parentheses and spaces too.
    fields = proc.text(pid, "stat").rpartition(")")[2].split()
    return round(proc.booted() + int(fields[19]) / _TICKS, 2) if len(fields) > 19 else None


def _open_files(proc: ProcFolder, pid: int) -> Iterator[dict[str, Any]]:
    for number in sorted(proc.names(pid, "fd"), key=int)[:_MOST_FILES]:
        target = proc.link(pid, f"fd/{number}")
        if target:
            info = dict(line.partition(":")[::2] for line in proc.text(pid, f"fdinfo/{number}").splitlines())
            yield {"fd": int(number), "target": target, "flags": info.get("flags", "").strip()}


def _maps(text: str) -> dict[str, Any]:
    """How many there are, the files that code is run from, and code that is of no file or may be written."""
    rows = [line.split(maxsplit=5) for line in text.splitlines()]
    code = [(row[1], row[5] if len(row) > 5 else "") for row in rows if len(row) > 1 and "x" in row[1]]
    files = sorted({name for _flags, name in code if name.startswith("/")})
    odd = [{"flags": flags, "name": name} for flags, name in code if "w" in flags or _is_of_no_file(name)]
    return {"count": len(rows), "code": files[:_MOST_MAPS], "unusual_code": odd[:_MOST_MAPS]}


def _is_of_no_file(name: str) -> bool:
    return not name or name.endswith(" (deleted)") or name.startswith("/memfd:")
