# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of one daemon before anything is judged: its answers, its process, its options, its paths. Read once
and shared by the collectors of host, daemon, files and swarm.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFile,
    DaemonFileError,
    parse_daemon_json,
    read_daemon_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import parse_argv
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import DaemonPaths
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.state import (
    UNKNOWN,
    daemon_states,
    read_at_start,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

# The options that decide where the daemon's files are and what the controls are about; asked for even where unset.
AUDITED_OPTIONS = (
    "authorization-plugins",
    "cgroup-parent",
    "containerd",
    "debug",
    "default-ulimits",
    "exec-root",
    "experimental",
    "hosts",
    "iptables",
    "log-driver",
    "log-level",
    "log-opts",
    "metrics-addr",
    "no-new-privileges",
    "storage-opts",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userland-proxy",
)


@dataclass(frozen=True)
class DaemonView:
    """`process` and `paths` are None where the daemon's process is not to be found or looked into from here.

    `states` are the four states of every option (daemon_state); `config_error` says what is wrong with daemon.json.
    """

    engine: Engine
    info: Mapping[str, Any]
    process: DaemonProcess | None
    states: Mapping[str, Mapping[str, Any]]
    config_file: str
    config_error: str | None
    paths: DaemonPaths | None

    @property
    def version(self) -> str:
        """The engine's version as it names it, such as "20.10.24+dfsg1"."""
        return str(self.engine.version().get("Version", ""))

    @property
    def rootless(self) -> bool:
        """Whether the daemon runs in a user namespace of an ordinary user."""
        return "name=rootless" in (self.info.get("SecurityOptions") or ())

    @property
    def process_missing(self) -> str:
        """The reason for everything that cannot be known without the daemon's process."""
        return (
            f"the process that serves {self.engine.docker_host} was not found, or may not be looked into; "
            "run as root (become: true) on the daemon's own host"
        )

    def setting(self, key: str) -> Any:
        """An option's value in effect, None where it is unset or unknown."""
        return self.states.get(key, {}).get("in_effect")

    def known(self, key: str) -> bool:
        """Whether the value in effect could be told at all."""
        return bool(self.states.get(key, {}).get("source", UNKNOWN) != UNKNOWN)

    def why_unknown(self, key: str) -> str:
        """Why an option's value in effect cannot be told."""
        if self.process is None:
            return self.process_missing
        if self.config_error:
            return self.config_error
        return (
            f"{self.config_file} was changed after the daemon was started, and the daemon does not show {key}; "
            "restart it, so that the file is what is in effect"
        )


def view_daemon(engine: Engine, process: DaemonProcess | None, declared: Mapping[str, Any] | None = None) -> DaemonView:
    """Look at a daemon. `declared` are options to compare with, by JSON key.

    Raises DockerError where the engine does not answer.
    """
    info = engine.get("/info")
    process = process if process and _open_to_us(process) else None
    config_file = config_path(process, "name=rootless" in (info.get("SecurityOptions") or ()))
    file, error = _daemon_file(process, config_file)
    applied = _taken_over(file, process)
    states = daemon_states(declared or {}, engine, process, file, also=AUDITED_OPTIONS, applied=applied)
    paths = DaemonPaths(process, info, chosen(states), config_file, engine.socket_path) if process else None
    return DaemonView(engine, info, process, states, config_file, error, paths)


def _open_to_us(process: DaemonProcess) -> bool:
    """Whether we may see the files that the process sees; what it holds is not guessed from what we see ourselves."""
    try:
        os.listdir(process.path("/"))
    except OSError:
        return False
    return True


def chosen(states: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The options in effect that somebody set, for some mean another thing when set to their default."""
    return {
        key: state["in_effect"]
        for key, state in states.items()
        if state["source"] not in ("default", UNKNOWN) and state["in_effect"] is not None
    }


def config_path(process: DaemonProcess | None, rootless: bool) -> str:
    """The daemon.json that the daemon reads: what --config-file names, else the default of its kind."""
    named = parse_argv(process.argv).config_file if process else None
    if named:
        return named
    if not rootless or process is None:
        return "/etc/docker/daemon.json"
    environment = process.environment()
    home = environment.get("XDG_CONFIG_HOME") or f"{environment.get('HOME', '/root')}/.config"
    return f"{home}/docker/daemon.json"


def _daemon_file(process: DaemonProcess | None, path: str) -> tuple[DaemonFile | None, str | None]:
    """The file, and what is wrong with it. dockerd takes a name given twice, so its view of such a file is kept."""
    if process is None:
        return None, None
    files = HostFiles(process.root, process.uid)
    real = files.real_path(path)
    try:
        return (read_daemon_file(path) if files.root == "/" else _read_elsewhere(files, path, real)), None
    except DaemonFileError as exc:
        return _as_dockerd_reads(files.here(real)), str(exc)


def _read_elsewhere(files: HostFiles, path: str, real: str) -> DaemonFile:
    """The file below a root folder of its own, which /proc/PID/root is: os.path.realpath would lead out of it."""
    try:
        with open(files.here(real), encoding="utf-8") as file:
            text, mtime = file.read(), os.fstat(file.fileno()).st_mtime
    except FileNotFoundError:
        return DaemonFile(path, real)
    except (OSError, UnicodeDecodeError) as exc:
        raise DaemonFileError(f"{path} cannot be read: {exc}") from exc
    return DaemonFile(path, real, True, text, parse_daemon_json(text, path), mtime=mtime)


def _taken_over(file: DaemonFile | None, process: DaemonProcess | None) -> Collection[str]:
    """The keys that docker_daemon_config made this very process take over without a restart, by its own record."""
    if file is None or read_at_start(process, file):
        return ()
    # Loaded here, for these are large on a target, and most daemons have read their file as it is.
    from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import (
        DaemonRecord,
    )
    from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import (
        default_state_dir,
    )

    try:
        return DaemonRecord(default_state_dir(), file.real_path).applied_keys(file, process)
    except DockerError:
        return ()


def _as_dockerd_reads(path: str) -> DaemonFile | None:
    try:
        with open(path, encoding="utf-8-sig") as file:
            data = json.load(file)
            mtime = os.fstat(file.fileno()).st_mtime
    except (OSError, ValueError):
        return None
    return DaemonFile(path, path, True, data=data, mtime=mtime) if isinstance(data, dict) else None


def unknown_options(view: DaemonView, keys: Iterable[str]) -> dict[str, str]:
    """{fact name: reason} for the options whose value in effect cannot be told."""
    return {fact_name(key): view.why_unknown(key) for key in keys if not view.known(key)}


def fact_name(key: str) -> str:
    """The name of an option's fact: "live-restore" is live_restore."""
    return key.replace("-", "_")
