# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node a machine: kubelet writes to fixed places of its host, so that two of them would meet there."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from pathlib import Path

from tests.lab.dockerd import LabError
from tests.lab.progress import say

_LOCK = Path("/run/bulkhead-lab-node.lock")
_held: list[int] = []
_RECORD = "host-paths.json"
# kubelet makes these whatever its options say.
_HOST_PATHS = ("/var/lib/kubelet", "/var/log/pods", "/var/log/containers", "/usr/libexec/kubernetes")
_CGROUPS = Path("/sys/fs/cgroup")


# The longest that a test of a whole node takes, several times over.
_PATIENCE = 900.0


def lock_machine() -> int:
    """Wait until no other lab has a node here; the descriptor that holds the lock, which children may inherit.

    LabError where it is this very process that has one, for it would wait for itself, and where it takes too long.
    """
    if _held:
        raise LabError("this process has a cluster with a node already, and a machine carries but one: close it first")
    while True:
        descriptor = os.open(_LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another lab has a node on this machine; waiting for it to end")
            _await(descriptor)
        with contextlib.suppress(FileNotFoundError):
            # Its last holder removes the file: what was locked may no longer be what the next one opens.
            if os.fstat(descriptor).st_ino == _LOCK.stat().st_ino:
                _held.append(descriptor)
                return descriptor
        os.close(descriptor)


def _await(descriptor: int) -> None:
    """The lock, once it is free. LabError where that takes too long, as when its holder waits for this very process."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.2)
    os.close(descriptor)
    raise LabError(f"another lab has had a node on this machine for {_PATIENCE:.0f} s; end it, or try again later")


def unlock_machine(descriptor: int) -> None:
    """Let the next one have the machine."""
    _held.remove(descriptor)
    _LOCK.unlink(missing_ok=True)
    os.close(descriptor)


def claim(workdir: Path) -> None:
    """Remember which of kubelet's fixed places this host did not have. LabError where it has a kubelet of its own."""
    if Path("/var/lib/kubelet").exists():
        raise LabError("/var/lib/kubelet exists: this machine is a node of a cluster, which the lab would disturb")
    made = [path for path in (*_HOST_PATHS, *_cgroup_paths()) if not Path(path).exists()]
    (workdir / _RECORD).write_text(json.dumps(made))


def _cgroup_paths() -> list[str]:
    hierarchies = [_CGROUPS, *(folder for folder in _CGROUPS.iterdir() if folder.is_dir())]
    return [str(folder / "kubepods") for folder in hierarchies if (folder / "cgroup.procs").exists()]


def release(workdir: Path) -> None:
    """Remove what `claim` found missing, and give the machine to the next. For when no process is left."""
    record = workdir / _RECORD
    if not record.exists():
        return
    for path in map(Path, json.loads(record.read_text())):
        if path.is_relative_to(_CGROUPS):
            _remove_cgroup(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
    record.unlink()
    _LOCK.unlink(missing_ok=True)


def _remove_cgroup(path: Path) -> None:
    for folder, _folders, _files in os.walk(path, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(folder)
