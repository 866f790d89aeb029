# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private dockerd: its own socket, data root, state folder, pidfile, containerd and daemon.json.

    with Dockerd(flags=["--icc=false"], daemon_json={"live-restore": True}) as daemon:
        daemon.client().containers.list(all=True)

Nothing of the host changes: no iptables rule and no bridge by default; with `bridge=True` the daemon runs in a network
namespace of its own, with the default bridge and published ports. Any number of them may run beside each other.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import docker

from tests.lab import launch, reaper, runtime

REPOSITORY = Path(__file__).resolve().parents[2]
LOGS = Path(os.environ.get("BULKHEAD_LAB_LOGS", REPOSITORY / ".build" / "lab-logs"))
ATTACH = "BULKHEAD_LAB_DOCKER_HOST"

# A unix socket's path is limited to 108 bytes, and containerd puts its own sockets 30 below ours.
_LONGEST_WORKDIR = 60


class LabError(Exception):
    """The lab could not do what a test or a user asked of it; the message is for them."""


def free_port() -> int:
    """A TCP port of the loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_network_namespace(file: Path) -> None:
    """A new network namespace with a loopback that is up, held by this file. Nothing is done where the file exists."""
    if file.exists():
        return
    file.touch()
    subprocess.run(["unshare", f"--net={file}", "ip", "link", "set", "lo", "up"], check=True, timeout=30)


class Dockerd:
    """One private daemon. A context manager; `start`, `stop`, `restart` and `kill` for finer control.

    flags: added to the command line; a default of ours gives way to the same option in `flags` or `daemon_json`.
    daemon_json: written to `config_file` (default: etc/docker/daemon.json below the workdir; `{}` where not given).
    tcp: True for a free port of the loopback, or "host:port"; adds `-H tcp://…`, TLS is up to `flags`.
    bridge: a network namespace of its own, with iptables, the default bridge and published ports.
    start_timeout: seconds until a daemon that does not answer is killed, here and in `restart_command`.
    """

    def __init__(
        self,
        workdir: Path | str | None = None,
        *,
        flags: Sequence[str] = (),
        daemon_json: Mapping[str, Any] | None = None,
        config_file: Path | str | None = None,
        tcp: bool | str = False,
        bridge: bool = False,
        start_timeout: float = 30.0,
        keep: bool = False,
    ) -> None:
        self.workdir = self._make_workdir(workdir)
        self.flags = list(flags)
        self.bridge = bridge
        self.start_timeout = start_timeout
        self.keep = keep
        self.socket = str(self.workdir / "docker.sock")
        self.docker_host = f"unix://{self.socket}"
        self.pidfile = self.workdir / "docker.pid"
        self.log = self.workdir / "dockerd.log"
        self.data_root = self.workdir / "root"
        self.exec_root = self.workdir / "exec"
        self.launch_file = self.workdir / "launch.json"
        self.config_file = Path(config_file) if config_file else self.workdir / "etc" / "docker" / "daemon.json"
        self.tcp_host = f"tcp://127.0.0.1:{free_port()}" if tcp is True else f"tcp://{tcp}" if tcp else None
        self.restart_command = f"{sys.executable} {launch.__file__} restart {self.launch_file}"
        self._guard: subprocess.Popen[bytes] | None = None
        self._declared = dict(daemon_json or {})
        self._write_config(daemon_json)

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start and wait until the daemon answers. LabError with the daemon's last words where it does not."""
        if self._guard is None and not self.keep:
            self._start_guard()
        reaper.mark_engine_key()
        if self.bridge:
            make_network_namespace(self.network_namespace)
        self._write_launch_file()
        self._run_launcher("start")

    def stop(self) -> None:
        """End the daemon as a service manager would: SIGTERM, and wait. The containers stop, the folder stays."""
        self._run_launcher("stop")

    def restart(self) -> None:
        """Restart with the same command line; daemon.json is read again."""
        self._run_launcher("restart")

    def reload(self) -> None:
        """SIGHUP: the daemon reads the reloadable keys of daemon.json again."""
        os.kill(self.pid, 1)

    def kill(self) -> None:
        """SIGKILL to the daemon alone; its containers and shims go on, as after a crash."""
        pid = self.pid
        os.kill(pid, 9)
        while launch.alive(pid):
            time.sleep(0.02)

    def close(self) -> None:
        """End everything at once and remove the folder (kept with `keep=True`). Safe to call twice."""
        reaper.reap(self.workdir, remove=not self.keep)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
            self._guard = None

    def __enter__(self) -> Dockerd:
        try:
            self.start()
        except BaseException:
            self.keep_log()
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.keep_log()
        self.close()

    # -- what a test asks of it ---------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The daemon's pid by its pidfile. LabError where it does not run."""
        pid = launch.recorded_pid(self.pidfile)
        if pid is None or not launch.alive(pid):
            raise LabError(f"no daemon runs by {self.pidfile}; its log is {self.log}")
        return pid

    @property
    def running(self) -> bool:
        """Whether the daemon answers on its socket."""
        return launch.ping(self.socket)

    def client(self, timeout: int = 60) -> docker.DockerClient:
        """A client of the docker SDK, independent of the code under test. The caller closes it."""
        return docker.DockerClient(base_url=self.docker_host, timeout=timeout)

    def daemon_json(self) -> Any:
        """What is on disk now."""
        return json.loads(self.config_file.read_text())

    def write_daemon_json(self, options: Mapping[str, Any]) -> None:
        """Edit the file by hand, behind everyone's back; takes effect with `restart` or `reload`."""
        self.config_file.write_text(json.dumps(options, indent=2) + "\n")

    def keep_log(self) -> Path | None:
        """Copy the daemon's log to where it survives the lab, and say where that is."""
        if not self.log.exists():
            return None
        LOGS.mkdir(parents=True, exist_ok=True)
        kept = LOGS / f"{self.workdir.name}.log"
        shutil.copyfile(self.log, kept)
        print(f"lab: the daemon's log is kept in {kept}", file=sys.stderr)
        return kept

    # -- how it is made -----------------------------------------------------------------------------------------

    @staticmethod
    def _make_workdir(workdir: Path | str | None) -> Path:
        """A folder for everything; a long one gets a short sibling, for the sake of the socket's path."""
        if workdir is not None and len(str(workdir)) <= _LONGEST_WORKDIR:
            path = Path(workdir).resolve()
            path.mkdir(parents=True, exist_ok=True)
            return path
        return Path(tempfile.mkdtemp(prefix="bulkhead-lab-", dir="/tmp")).resolve()

    def _write_config(self, daemon_json: Mapping[str, Any] | None) -> None:
        self.config_file.parent.mkdir(parents=True, exist_ok=True)
        # dockerd refuses a --config-file that does not exist.
        if daemon_json is not None or not self.config_file.exists():
            self.write_daemon_json(daemon_json or {})
            self.config_file.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP | stat.S_IROTH)

    def _defaults(self) -> dict[str, str]:
        """The options that make the daemon private, each overridable by the same option in flags or file."""
        options = {
            "data-root": str(self.data_root),
            "exec-root": str(self.exec_root),
            "pidfile": str(self.pidfile),
            "config-file": str(self.config_file),
        }
        if self.bridge:
            return options
        return {**options, "iptables": "false", "ip6tables": "false", "bridge": "none"}

    def command(self) -> list[str]:
        """The whole command line."""
        given = {flag.lstrip("-").partition("=")[0] for flag in self.flags} | set(self._declared)
        argv = [os.environ.get("BULKHEAD_LAB_DOCKERD") or shutil.which("dockerd") or "/usr/sbin/dockerd"]
        argv += [f"--{name}={value}" for name, value in self._defaults().items() if name not in given]
        if not given & {"H", "host", "hosts"}:
            argv += ["-H", self.docker_host]
            argv += ["-H", self.tcp_host] if self.tcp_host else []
        argv += self.flags
        return [*self._namespace_prefix(), *argv]

    def _namespace_prefix(self) -> list[str]:
        # nsenter, not `ip netns exec`: that one remounts /sys and hides the cgroups.
        return ["nsenter", f"--net={self.network_namespace}", "--"] if self.bridge else []

    @property
    def network_namespace(self) -> Path:
        """The file that holds the network namespace of a daemon with `bridge`; `nsenter --net=` takes it."""
        return self.workdir / "netns"

    def _write_launch_file(self) -> None:
        environment = {name: os.environ[name] for name in ("HOME", "PATH", "TMPDIR") if name in os.environ}
        if runtime.install_wrapper(self.workdir / "bin"):
            environment["PATH"] = f"{self.workdir / 'bin'}:{environment['PATH']}"
        description = {
            "argv": self.command(),
            "env": environment,
            "socket": self.socket,
            "pidfile": str(self.pidfile),
            "containerd_pidfile": str(self.exec_root / "containerd" / "containerd.pid"),
            "log": str(self.log),
            "timeout": self.start_timeout,
        }
        self.launch_file.write_text(json.dumps(description, indent=2))
        self.launch_file.chmod(0o600)

    def _run_launcher(self, verb: str) -> None:
        result = subprocess.run(
            [sys.executable, launch.__file__, verb, str(self.launch_file)],
            check=False,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if result.returncode:
            raise LabError(f"dockerd {verb}: {result.stderr.strip()}")

    def _start_guard(self) -> None:
        """A process that cleans up when this one ends without doing so."""
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "tests.lab.reaper", str(self.workdir)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
