# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Leave nothing behind: end all that belongs to one private daemon, even after a `kill -9` of daemon or test.

Run as `python -m tests.lab.reaper WORKDIR` with a pipe on stdin, it waits until the pipe closes (its owner ended, in
whatever way) and then cleans up. Nothing is found by a name alone: a process is ours when its executable is one of
Docker's and its arguments name this lab's own folder, or when its cgroup is that of one of this lab's containers.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab.launch import alive

_EXECUTABLES = ("dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2")
_KEY_FILE = Path("/etc/docker/key.json")


def processes() -> Iterator[tuple[int, str, str, str]]:
    """(pid, executable name, arguments, cgroups) of every process that may be looked at."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        folder = Path("/proc") / entry
        try:
            executable = os.path.basename(os.readlink(folder / "exe")).removesuffix(" (deleted)")
            arguments = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            cgroups = (folder / "cgroup").read_text()
        except OSError:
            continue  # ended meanwhile, or a kernel thread
        yield int(entry), executable, arguments, cgroups


def owned_processes(workdir: Path, container_ids: list[str]) -> list[int]:
    """The pids of the daemon in `workdir`, its containerd, its shims, and everything inside its containers."""
    pids = []
    for pid, executable, arguments, cgroups in processes():
        is_daemon = executable in _EXECUTABLES and f"{workdir}/" in arguments
        if is_daemon or any(container_id in cgroups for container_id in container_ids):
            pids.append(pid)
    return [pid for pid in pids if alive(pid) and pid != os.getpid()]


def mounts_below(workdir: Path) -> list[str]:
    """The mount points below `workdir`, deepest first."""
    with open("/proc/self/mountinfo") as stream:
        points = [line.split()[4].encode().decode("unicode_escape") for line in stream]
    return sorted((point for point in points if point.startswith(f"{workdir}/")), key=len, reverse=True)


def _end_processes(workdir: Path, container_ids: list[str], timeout: float = 10.0) -> list[int]:
    """SIGKILL until nothing of ours runs; what still runs after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while (pids := owned_processes(workdir, container_ids)) and time.monotonic() < deadline:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return pids


def unmount_below(workdir: Path) -> None:
    """Detach every mount below `workdir`; whatever still uses one keeps it until it ends."""
    for point in mounts_below(workdir):
        subprocess.run(["umount", "-l", point], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _remove_cgroups(container_ids: list[str]) -> None:
    """Remove the empty cgroups that a killed daemon could not remove, and the cast's own parent group."""
    root = Path("/sys/fs/cgroup")
    folders = [
        folder for name in container_ids for depth in ("", "*/", "*/*/") for folder in root.glob(f"{depth}{name}")
    ]
    for folder in [*folders, *root.glob("bulkhead-lab"), *root.glob("*/bulkhead-lab")]:
        with contextlib.suppress(OSError):
            folder.rmdir()


def _remove_shim_sockets(exec_root: Path) -> None:
    """Shims listen below /run/containerd/s whatever the state folder is; the bundle says on which socket."""
    for address in exec_root.glob("containerd/daemon/io.containerd.runtime.v2.task/*/*/address"):
        with contextlib.suppress(OSError):
            Path(address.read_text().strip().removeprefix("unix://")).unlink()


def _remove_engine_key() -> None:
    """dockerd 20.10 writes this key whatever its options; keep it only as long as a daemon may want it again."""
    marker = _KEY_FILE.with_name(".bulkhead-lab")
    if not marker.exists() or any(executable == "dockerd" for _pid, executable, _arguments, _cgroups in processes()):
        return
    for path in (_KEY_FILE, marker):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        _KEY_FILE.parent.rmdir()


def mark_engine_key() -> None:
    """Before a daemon's first start: remember that the host had no /etc/docker/key.json of its own."""
    if not _KEY_FILE.exists():
        _KEY_FILE.parent.mkdir(exist_ok=True)
        _KEY_FILE.with_name(".bulkhead-lab").touch()


def reap(workdir: Path, *, remove: bool = True) -> None:
    """End every process, mount, cgroup and socket of the daemon in `workdir`, then remove the folder.

    Raises RuntimeError where a process or a mount does not go away: removing files below a live mount would delete
    what is mounted.
    """
    if not workdir.exists():
        return
    container_ids = [
        folder.name
        for folder in (*workdir.glob("root/containers/*"), *workdir.glob("root/*.*/containers/*"))
        if len(folder.name) == 64
    ]
    left = _end_processes(workdir, container_ids)
    _remove_shim_sockets(workdir / "exec")
    unmount_below(workdir)
    _remove_cgroups(container_ids)
    _remove_engine_key()
    if left or mounts_below(workdir):
        raise RuntimeError(f"{workdir}: still there: processes {left}, mounts {mounts_below(workdir)}")
    if remove:
        # A container's immutable files or a racing unmount must not hide the failure that a test wants to show.
        shutil.rmtree(workdir, ignore_errors=True)


def _watch(workdir: Path) -> None:
    """Sleep until stdin closes, then clean up what its owner left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 4096):
        pass
    reap(workdir)


if __name__ == "__main__":
    _watch(Path(sys.argv[1]))
