# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A made-up daemon in a folder: its process, its environment and its files, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess

PID = 42


class DaemonHome:
    """`root` is the daemon's `/`; `proc` stands for /proc."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.proc = folder / "proc"
        (self.proc / str(PID)).mkdir(parents=True)
        self.root.mkdir()
        (self.proc / str(PID) / "mountinfo").write_text("1 0 254:0 / / rw - ext4 /dev/vda rw\n")

    def put(self, path: str, text: str = "", mode: int = 0o644) -> str:
        """A file at one of the daemon's paths."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)
        return path

    def process(
        self,
        *flags: str,
        exe: str = "/usr/bin/dockerd",
        environment: Mapping[str, str] | None = None,
        cgroup: str = "0::/system.slice/docker.service\n",
        uid: int = 0,
    ) -> DaemonProcess:
        """The running daemon, started long after its files were written."""
        folder = self.proc / str(PID)
        pairs: Sequence[str] = [f"{name}={value}" for name, value in (environment or {"PATH": "/usr/bin"}).items()]
        (folder / "environ").write_text("\0".join(pairs) + "\0")
        (folder / "cgroup").write_text(cgroup)
        return DaemonProcess(
            PID, exe, ("dockerd", *flags), str(self.root), uid=uid, started=4e9, start_ticks=1, proc=str(self.proc)
        )
