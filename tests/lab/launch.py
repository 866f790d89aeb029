# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, stop or restart the daemon that a launch file describes, and wait until it answers.

The lab has no systemd; this is its `systemctl restart docker`. It stands alone (standard library only), so that a
module under test can call it by path: `launch.py restart /path/launch.json`. Exit codes: 0 the daemon answers;
1 the daemon refused to start (its last words on stderr); 2 it started but did not answer in time, and was killed.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_POLL = 0.05
_STOP_TIMEOUT = 20.0


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def ping(socket_path: str, timeout: float = 2.0) -> bool:
    """Whether a Docker Engine answers `GET /_ping` on the unix socket."""
    connection = _UnixConnection(socket_path, timeout)
    try:
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def recorded_pid(pidfile: Path) -> int | None:
    """The pid in a pidfile, or None where there is no such file or nothing sensible in it."""
    try:
        return int(pidfile.read_text())
    except (OSError, ValueError):
        return None


def ended(pid: int, timeout: float = _STOP_TIMEOUT) -> bool:
    """Wait until the process has ended; whether it has."""
    deadline = time.monotonic() + timeout
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(_POLL)
    return not alive(pid)


def forget_dead(pidfile: Path) -> None:
    """Remove the pidfile of a process that ended; dockerd takes a zombie, which pid 1 has yet to reap, for alive."""
    pid = recorded_pid(pidfile)
    if pid is not None and not alive(pid):
        pidfile.unlink(missing_ok=True)


def let_containerd_end(launch: dict[str, Any]) -> None:
    """Wait for the containerd of a dockerd that ended, as a service manager waits for the whole control group.

    The kernel kills it with its dockerd, a moment later. A new dockerd that still sees it takes it for one that serves,
    waits 15 s for its socket, and gives up.
    """
    dockerd, containerd = (recorded_pid(Path(launch[name])) for name in ("pidfile", "containerd_pidfile"))
    if containerd is not None and (dockerd is None or not alive(dockerd)):
        ended(containerd)


def _log_tail(log: Path, since: int, lines: int = 12) -> str:
    with log.open("rb") as stream:
        stream.seek(since)
        return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])


def start(launch: dict[str, Any]) -> int:
    """Start the daemon; wait for `_ping`. The exit code of this program."""
    log, pidfile = Path(launch["log"]), Path(launch["pidfile"])
    let_containerd_end(launch)
    for file in (pidfile, Path(launch["containerd_pidfile"])):
        forget_dead(file)
    with log.open("ab") as stream:
        since = stream.tell()
        process = subprocess.Popen(
            launch["argv"],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            env=launch["env"],
            start_new_session=True,
        )
    deadline = time.monotonic() + float(launch["timeout"])
    while time.monotonic() < deadline:
        if process.poll() is not None:
            print(f"the daemon refused to start (exit code {process.returncode}):", file=sys.stderr)
            print(_log_tail(log, since), file=sys.stderr)
            return 1
        if recorded_pid(pidfile) == process.pid and ping(launch["socket"]):
            return 0
        time.sleep(_POLL)
    process.kill()
    process.wait()
    print(f"the daemon did not answer on {launch['socket']} in {launch['timeout']} s and was killed:", file=sys.stderr)
    print(_log_tail(log, since), file=sys.stderr)
    return 2


def stop(launch: dict[str, Any]) -> int:
    """End the daemon of the pidfile: SIGTERM, then SIGKILL. No daemon is no error."""
    pid = recorded_pid(Path(launch["pidfile"]))
    if pid is None or not alive(pid):
        return 0
    for number in (signal.SIGTERM, signal.SIGKILL):
        os.kill(pid, number)
        if ended(pid):
            return 0
    print(f"process {pid} does not end", file=sys.stderr)
    return 1


def main(arguments: list[str]) -> int:
    """`launch.py start|stop|restart LAUNCH_FILE`."""
    verb, path = arguments
    launch = json.loads(Path(path).read_text())
    steps = {"start": (start,), "stop": (stop,), "restart": (stop, start)}[verb]
    return next((code for code in (step(launch) for step in steps) if code), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
