# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave nothing behind: end all that belongs to one private cluster, even after a `kill -9` of the test.

`watch`, in a process with a pipe on stdin, waits until the pipe closes (its owner ended, in whatever way) and then
cleans up. A process is ours when its executable is one of Kubernetes' and its arguments name this lab's own folder.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

from tests.lab.kubernetes import machine, network
from tests.lab.launch import alive
from tests.lab.reaper import mounts_below, processes, unmount_below
from tests.lab.reaper import reap as reap_docker

_EXECUTABLES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "nats-server",
)


def owned_processes(workdir: Path) -> list[int]:
    """The pids of the cluster in `workdir`."""
    return [
        pid
        for pid, executable, arguments, _cgroups in processes()
        if executable in _EXECUTABLES and f"{workdir}/" in arguments and alive(pid)
    ]


def _end_processes(workdir: Path, timeout: float = 10.0) -> list[int]:
    """SIGKILL until nothing of ours runs; what still runs after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while (pids := owned_processes(workdir)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    return pids


def reap(workdir: Path, *, remove: bool = True) -> None:
    """End every process, container, mount and cable of the cluster in `workdir`, then remove the folder.

    RuntimeError where a process or a mount does not go away: removing files below a live mount would delete what is
    mounted.
    """
    if not workdir.exists():
        return
    left = _end_processes(workdir)
    # kubelet is gone: nobody brings the containers back that end now.
    reap_docker(workdir / "docker", remove=remove)
    unmount_below(workdir)
    if left or mounts_below(workdir):
        raise RuntimeError(f"{workdir}: still there: processes {left}, mounts {mounts_below(workdir)}")
    network.disconnect(workdir)
    machine.release(workdir)
    if remove:
        shutil.rmtree(workdir, ignore_errors=True)


def watch(workdir: str) -> None:
    """Sleep until stdin closes, then clean up what its owner left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    reap(Path(workdir))
