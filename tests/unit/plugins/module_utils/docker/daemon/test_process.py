# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process behind a socket is found by the kernel's word, and told from others with the same name or pid."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import (
    DaemonProcess,
    find_daemon,
)

HEADER = "Num       RefCount Protocol Flags    Type St Inode Path\n"


class Proc:
    """A /proc made for a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "net").mkdir()
        (root / "uptime").write_text("1000.00 0.00\n")
        self.sockets = HEADER
        self.listen("/run/docker.sock", 77)

    def listen(self, path: str, inode: int, flags: str = "00010000") -> None:
        self.sockets += f"0000: 00000002 00000000 {flags} 0001 01 {inode} {path}\n"
        (self.root / "net" / "unix").write_text(self.sockets)

    def process(self, pid: int, argv: list[str], *inodes: int, state: str = "S") -> None:
        folder = self.root / str(pid)
        (folder / "fd").mkdir(parents=True)
        (folder / "cmdline").write_text("".join(f"{word}\0" for word in argv))
        fields = " ".join([state, *["0"] * 18, str(100 * pid), "0"])
        (folder / "stat").write_text(f"{pid} (a (strange) name) {fields}\n")
        for number, inode in enumerate(inodes):
            (folder / "fd" / str(number)).symlink_to(f"socket:[{inode}]")

    def find(self, path: str | None = "/run/docker.sock", pidfile: str | None = None) -> int | None:
        process = find_daemon(path, pidfile, str(self.root))
        return process.pid if process else None


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_the_holder_of_the_listening_socket_is_the_daemon_whatever_its_name(proc: Proc) -> None:
    proc.process(10, ["/usr/bin/dockerd"])
    proc.process(20, ["/opt/engine/server"], 77)
    assert proc.find() == 20


def test_a_connection_to_the_socket_is_not_the_socket(proc: Proc) -> None:
    proc.listen("/run/docker.sock", 78, flags="00000000")
    proc.process(20, ["/usr/bin/client"], 78)
    assert proc.find() is None


def test_systemd_holds_an_activated_socket_too_and_is_not_the_daemon(proc: Proc) -> None:
    proc.process(1, ["/usr/lib/systemd/systemd"], 77)
    assert proc.find() is None, "nobody has been started yet"
    proc.process(20, ["/usr/bin/dockerd"], 77)
    assert proc.find() == 20


def test_dockerd_may_be_the_first_process_of_a_container(proc: Proc) -> None:
    proc.process(1, ["dockerd"], 77)
    assert proc.find() == 1


def test_the_pidfile_decides_between_several_holders(proc: Proc, tmp_path: Path) -> None:
    proc.process(20, ["dockerd"], 77)
    proc.process(30, ["dockerd"], 77)
    pidfile = tmp_path / "docker.pid"
    pidfile.write_text("30\n")
    assert proc.find(pidfile=str(pidfile)) == 30
    pidfile.write_text("10\n")
    assert proc.find(pidfile=str(pidfile)) == 20, "a stale pidfile does not"


def test_without_a_socket_the_pidfile_is_all_there_is(proc: Proc, tmp_path: Path) -> None:
    assert proc.find(path=None) is None
    pidfile = tmp_path / "docker.pid"
    pidfile.write_text("20")
    assert proc.find(path=None, pidfile=str(pidfile)) is None
    proc.process(20, ["dockerd"])
    assert proc.find(path=None, pidfile=str(pidfile)) == 20


def test_what_is_known_of_a_process(proc: Proc) -> None:
    proc.process(20, ["dockerd", "--debug", "--label", ""], 77)
    (proc.root / "20" / "environ").write_text("HOME=/root\0BROKEN\0A=b=c\0")
    process = find_daemon("/run/docker.sock", None, str(proc.root))
    assert process is not None
    assert process.argv == ("dockerd", "--debug", "--label", "")
    assert process.environment() == {"HOME": "/root", "A": "b=c"}
    assert process.start_ticks == 2000
    assert process.alive()


def test_a_zombie_and_a_reused_pid_are_not_the_daemon_any_more(proc: Proc) -> None:
    proc.process(20, ["dockerd"], 77)
    process = find_daemon("/run/docker.sock", None, str(proc.root))
    assert process is not None
    stat = proc.root / "20" / "stat"
    stat.write_text(stat.read_text().replace(" 2000 ", " 2001 "))
    assert not process.alive()
    stat.write_text(stat.read_text().replace(" 2001 ", " 2000 ").replace(") S", ") Z"))
    assert not process.alive()


def test_paths_of_a_daemon_with_mounts_of_its_own() -> None:
    assert DaemonProcess(7, "", (), "/").path("/etc/docker") == "/etc/docker"
    assert DaemonProcess(7, "", (), "/proc/7/root").path("/etc/docker") == "/proc/7/root/etc/docker"


def test_a_real_listener_is_found_by_its_socket(tmp_path: Path) -> None:
    path = tmp_path / "s"
    code = "import socket, sys; s = socket.socket(1); s.bind(sys.argv[1]); s.listen(); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        server.stdout.readline()
        found = find_daemon(str(path))
        server.communicate(b"\n")
    assert found is not None
    assert (found.pid, found.root, found.uid) == (server.pid, "/", os.getuid())
    assert not found.alive()


def test_a_socket_that_nobody_serves_has_no_process(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    assert find_daemon(str(path)) is None
