# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for the role nats: where systemd is missing, a command starts the server; all ends with the test."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import REPOSITORY
from tests.lab.kubernetes.ports import free_port
from tests.lab.kubernetes.processes import start_guard
from tests.lab.nats import server_program
from tests.lab.nats_identity import Identity

_PLAY = """
- hosts: all
  gather_facts: false
  roles: [bulkhead.container_security.nats]
"""
_RESTART = """#!/bin/sh
set -e
if pid=$(cat {pid} 2>/dev/null) && kill "$pid" 2>/dev/null; then
    while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
fi
setsid {program} --config {config} >>{log} 2>&1 </dev/null &
"""


class Host:
    """The role on this machine, everything below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.pki = folder, folder / "pki"
        self.config, self.pid_file, self.log = folder / "etc/nats.conf", folder / "nats.pid", folder / "nats.log"
        self.port, self.monitor = free_port(), free_port()
        self._playbook, self._restart = folder / "play.yml", folder / "restart"
        self._playbook.write_text(_PLAY)
        words = {"pid": self.pid_file, "program": server_program(), "config": self.config, "log": self.log}
        self._restart.write_text(_RESTART.format(**words))
        self._restart.chmod(0o700)

    @property
    def url(self) -> str:
        return f"tls://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return int(self.pid_file.read_text())

    def run(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        """The role with these options beside those that put all of it below the folder."""
        declared = {
            "platform": "host",
            "pki_dir": str(self.pki),
            "names": ["127.0.0.1", "localhost"],
            "server_name": "lab",
            "listen": f"127.0.0.1:{self.port}",
            "monitor": f"127.0.0.1:{self.monitor}",
            "package": "",
            "program": server_program(),
            "os_user": "root",
            "config_dir": str(self.folder / "etc"),
            "data_dir": str(self.folder / "data"),
            "pid_file": str(self.pid_file),
            "restart_command": [str(self._restart)],
            "record": str(self.folder / "record.json"),
            **options,
        }
        inventory = {"all": {"hosts": {"lab": {"ansible_connection": "local"}}}}
        variables = {f"nats_{name}": value for name, value in declared.items()}
        # A third of the time that the tasks take is spent on copying them.
        quickly = {"ANSIBLE_PIPELINING": "true"}
        return run_playbook(
            self._playbook, inventory=inventory, extra_vars=variables, check=check, diff=True, env=quickly
        )

    def user(self, name: str, **without: bool) -> Identity:
        return Identity(self.url, self.pki / "clients" / name, **without)

    def stop(self) -> None:
        """The server is gone. Nothing to do where it never ran."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(self.pid, signal.SIGKILL)


@contextlib.contextmanager
def nats_host() -> Iterator[Host]:
    """A folder, and whatever runs out of it ended at last, even when the test is killed."""
    folder = Path(tempfile.gettempdir(), f"bulkhead-nats-{secrets.token_hex(4)}")
    folder.mkdir(mode=0o700)
    guard = start_guard(folder, REPOSITORY)
    host = Host(folder)
    try:
        yield host
    finally:
        host.stop()
        shutil.rmtree(folder, ignore_errors=True)
        _end(guard)


def _end(guard: subprocess.Popen[bytes]) -> None:
    if guard.stdin is not None:
        guard.stdin.close()
    guard.wait()
