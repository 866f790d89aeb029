# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which process answers at a Docker socket, told by the kernel and never by a process name.

A host may run several dockerd, and any program may be called dockerd. The socket's owner is asked for with
SO_PEERCRED (unix(7)); where systemd opened the socket (socket activation) the kernel names pid 1, so the holders of
the socket's inode are looked for in /proc instead (proc(5)).
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

# Flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON).
_LISTENING = 0x10000


@dataclass(frozen=True)
class DaemonProcess:
    """A running dockerd.

    `exe` is the binary's path ("" where unreadable, with " (deleted)" after it where it was replaced on disk).
    `root` is the path under which this process finds the daemon's files: "/" where both share a mount namespace,
    /proc/PID/root otherwise (rootless). `started` is seconds since the epoch, good to a few hundredths; `start_ticks`
    is the same in clock ticks since the boot, exact, which tells a process from a later one with its pid.
    """

    pid: int
    exe: str
    argv: tuple[str, ...]
    root: str
    uid: int = 0
    started: float = 0.0
    start_ticks: int = 0
    proc: str = "/proc"

    def path(self, path: str) -> str:
        """Where a path that the daemon names is found from here."""
        return path if self.root == "/" else self.root + path

    def environment(self) -> dict[str, str]:
        """The environment that the daemon was started with; empty where it may not be read."""
        raw = _read(f"{self.proc}/{self.pid}/environ")
        pairs = (entry.partition("=") for entry in raw.split("\0") if "=" in entry)
        return {name: value for name, _equals, value in pairs}

    def alive(self) -> bool:
        """Whether this very process still runs (a pid that was taken by another process is not it)."""
        return _start_ticks(self.proc, self.pid) == self.start_ticks != 0


def find_daemon(socket_path: str | None, pidfile: str | None = None, proc: str = "/proc") -> DaemonProcess | None:
    """The process that serves `socket_path`; None where nothing does, or where it cannot be told.

    `pidfile` decides where the socket cannot (a TCP address, a socket held by several processes); a stale one is
    found out by looking at what its process holds.
    """
    named = _pid_of(pidfile)
    if socket_path is None:
        return _describe(named, proc) if named else None
    peer = _peer_pid(socket_path) if proc == "/proc" else None
    if peer and peer != 1:
        return _describe(peer, proc)
    holders = list(_holders(socket_path, proc))
    served = [pid for pid in holders if pid != 1] or [pid for pid in holders if not _is_init(pid, proc)]
    if named and (named in served or (not served and peer == 1)):
        return _describe(named, proc)
    return _describe(served[0], proc) if served else None


def _pid_of(pidfile: str | None) -> int | None:
    text = _read(pidfile).strip() if pidfile else ""
    return int(text) if text.isdigit() else None


def _peer_pid(socket_path: str) -> int | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(5)
        try:
            client.connect(socket_path)
            answer = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        except OSError:
            return None
    # 0: the listener lives in a pid namespace that cannot be seen from here.
    return int(struct.unpack("3i", answer)[0]) or None


def _holders(socket_path: str, proc: str) -> Iterator[int]:
    inodes = _listening_inodes(socket_path, proc)
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for pid in _pids(proc) if wanted else ():
        if wanted & set(_descriptors(pid, proc)):
            yield pid


def _listening_inodes(socket_path: str, proc: str) -> set[str]:
    same = {socket_path, os.path.realpath(socket_path)}
    inodes = set()
    for line in _read(f"{proc}/net/unix").splitlines()[1:]:
        # Num RefCount Protocol Flags Type St Inode Path
        fields = line.split(None, 7)
        if len(fields) == 8 and int(fields[3], 16) & _LISTENING and {fields[7], os.path.realpath(fields[7])} & same:
            inodes.add(fields[6])
    return inodes


def _pids(proc: str) -> list[int]:
    return sorted(int(name) for name in os.listdir(proc) if name.isdigit())


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


def _is_init(pid: int, proc: str) -> bool:
    name = os.path.basename(next(iter(_argv(pid, proc)), ""))
    return pid == 1 and name in ("init", "systemd")


def _argv(pid: int, proc: str) -> tuple[str, ...]:
    return tuple(_read(f"{proc}/{pid}/cmdline").split("\0")[:-1])


def _describe(pid: int, proc: str) -> DaemonProcess | None:
    folder = f"{proc}/{pid}"
    argv = _argv(pid, proc)
    if not argv:
        return None
    try:
        uid = os.stat(folder).st_uid
    except OSError:
        return None
    ticks = _start_ticks(proc, pid)
    return DaemonProcess(pid, _link(f"{folder}/exe"), argv, _root(pid, proc), uid, _started(proc, ticks), ticks, proc)


def _root(pid: int, proc: str) -> str:
    theirs, ours = _link(f"{proc}/{pid}/ns/mnt"), _link(f"{proc}/self/ns/mnt")
    shared = theirs == ours and _link(f"{proc}/{pid}/root") in ("", "/")
    return "/" if shared else f"{proc}/{pid}/root"


def _started(proc: str, ticks: int) -> float:
    """When a process was started, in seconds since the epoch by today's clock; 0.0 where it is gone."""
    uptime = _read(f"{proc}/uptime").split()
    if not ticks or not uptime:
        return 0.0
    return time.time() - float(uptime[0]) + ticks / os.sysconf("SC_CLK_TCK")


def _start_ticks(proc: str, pid: int) -> int:
    # Field 22 of /proc/PID/stat; the command, in parentheses, may hold blanks and parentheses itself.
    fields = _read(f"{proc}/{pid}/stat").rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 and fields[0] != "Z" else 0


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
