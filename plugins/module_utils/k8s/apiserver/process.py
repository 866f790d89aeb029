# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which process is the API server of this host, told from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# State of a listening socket in /proc/net/tcp.
_LISTEN = "0A"


@dataclass(frozen=True)
class Process:
    """A running process. `started` is in clock ticks since the boot: it tells a process from a later one."""

    pid: int
    started: int
    argv: tuple[str, ...]

    @property
    def identity(self) -> str:
        """Tells it from every other process of this boot."""
        return f"{self.pid}/{self.started}"


def named(program: str, proc: str = "/proc") -> list[Process]:
    """Every process that was started as this program, wherever that lies."""
    found = (describe(int(name), proc) for name in os.listdir(proc) if name.isdigit())
    return [each for each in found if each and os.path.basename(each.argv[0]) == os.path.basename(program)]


def runs_with(process: Process, words: Sequence[str]) -> bool:
    """Whether a process was started with this command line; what the kubelet fills in ($(NAME)) may be anything."""
    if len(process.argv) != len(words):
        return False
    return all("$(" in word or word == given for given, word in zip(process.argv[1:], words[1:]))


def listener(port: int, proc: str = "/proc") -> Process | None:
    """The process that listens on a TCP port; None where nothing does, or where it cannot be told."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port, proc)}
    for name in sorted(os.listdir(proc), key=len) if inodes else ():
        if name.isdigit() and inodes & set(_descriptors(int(name), proc)):
            return describe(int(name), proc)
    return None


def holds_port(process: Process, port: int, proc: str = "/proc") -> bool | None:
    """Whether a process listens on a TCP port; None where nothing that can be seen from here does."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port, proc)}
    return bool(inodes & set(_descriptors(process.pid, proc))) if inodes else None


def describe(pid: int, proc: str = "/proc") -> Process | None:
    """A process by its pid; None where there is none, or only a zombie."""
    argv = tuple(_read(f"{proc}/{pid}/cmdline").split("\0")[:-1])
    # Field 22 of /proc/PID/stat; the command, in parentheses, may hold blanks and parentheses itself.
    fields = _read(f"{proc}/{pid}/stat").rpartition(")")[2].split()
    if not argv or len(fields) < 20 or fields[0] == "Z":
        return None
    return Process(pid, int(fields[19]), argv)


def _listening(port: int, proc: str) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        for line in _read(f"{proc}/net/{table}").splitlines()[1:]:
            # sl local_address rem_address st … inode
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _descriptors(pid: int, proc: str) -> Iterator[str]:
    folder = f"{proc}/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            yield os.readlink(f"{folder}/{name}")
        except OSError:
            continue


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
