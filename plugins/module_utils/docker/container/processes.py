# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says of a container's processes, read from /proc of the host that the daemon runs on.

One read answers what a configuration can only promise: a profile may not have been loaded, an option may have come
after the container. Nothing is executed, in the container or outside.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import capabilities

_CONTAINER_ID = re.compile(r"[0-9a-f]{64}")
_SSH_SERVERS = frozenset({"sshd", "dropbear", "sshd-session", "tinysshd"})


@dataclass(frozen=True)
class LiveProcess:
    """The first process of a running container. `seccomp` is 0 off, 1 strict, 2 filter; `label` is the LSM's."""

    uid: int
    no_new_privileges: bool
    seccomp: int
    bounding: frozenset[str]
    label: str
    open_files: int | None


class ProcessTable:
    """/proc, as far as an audit reads it; every question is answered with nothing where a process has gone."""

    def __init__(self, root: str = "/proc") -> None:
        self._root = root

    def live(self, pid: int, container_id: str) -> LiveProcess | None:
        """A container's first process, None where that pid is not the container's as seen from here."""
        if pid <= 0 or container_id not in self._read(pid, "cgroup"):
            return None
        status = dict(line.partition(":")[::2] for line in self._read(pid, "status").splitlines())
        if "CapBnd" not in status:
            return None
        return LiveProcess(
            uid=self._inside(pid, int(status["Uid"].split()[1])),
            no_new_privileges=status.get("NoNewPrivs", "0").strip() == "1",
            seccomp=int(status.get("Seccomp", "0")),
            bounding=capabilities.from_mask(status["CapBnd"].strip()),
            label=self._read(pid, "attr/current").strip("\0\n "),
            open_files=self._open_files(pid),
        )

    def ssh_servers(self) -> dict[str, list[str]]:
        """Programs that serve SSH, by the id of the container whose cgroup they are in.

        The cgroup, and not the process namespace, says whose a process is: a container with the host's processes in
        sight does not own them. argv[0] is looked at, so that nothing that merely mentions sshd is one.
        """
        found: dict[str, list[str]] = {}
        for pid in self._pids():
            words = self._read(pid, "cmdline").split("\0", maxsplit=1)[0].split()
            name = os.path.basename(words[0]).rstrip(":") if words else ""
            if name in _SSH_SERVERS:
                for container_id in set(_CONTAINER_ID.findall(self._read(pid, "cgroup"))):
                    found.setdefault(container_id, []).append(name)
        return found

    def _pids(self) -> Iterator[int]:
        try:
            names = os.listdir(self._root)
        except OSError:
            return
        yield from (int(name) for name in names if name.isdigit())

    def _inside(self, pid: int, uid: int) -> int:
        """A uid of the host as the container's own user namespace knows it."""
        for line in self._read(pid, "uid_map").splitlines():
            inside, outside, count = (int(field) for field in line.split())
            if outside <= uid < outside + count:
                return inside + uid - outside
        return uid

    def _open_files(self, pid: int) -> int | None:
        match = re.search(r"^Max open files\s+\S+\s+(\d+)", self._read(pid, "limits"), re.MULTILINE)
        return int(match[1]) if match else None

    def _read(self, pid: int, name: str) -> str:
        try:
            with open(f"{self._root}/{pid}/{name}", encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""
