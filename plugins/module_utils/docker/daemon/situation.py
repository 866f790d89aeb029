# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that has to be known about a daemon before its configuration is touched, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFile,
    read_daemon_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    FlagSettings,
    Version,
    parse_argv,
    parse_version,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import (
    DaemonProcess,
    find_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.proof import refuse_proxy
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import DaemonRecord
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import DaemonService
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.state import daemon_states
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    EngineUnreachable,
)

SYSTEM_CONFIG = "/etc/docker/daemon.json"
SYSTEM_STATE = "/var/lib/bulkhead"


@dataclass(frozen=True)
class Situation:
    """A daemon as it runs, its file as it is, and what we remember. `engine` None: it does not run, on purpose.

    `flags` is the command line of the running daemon; `next_flags` that of its next start, where its unit tells.
    """

    engine: Engine | None
    version: Version
    version_text: str
    info: Mapping[str, Any]
    process: DaemonProcess | None
    flags: FlagSettings
    next_flags: FlagSettings | None
    file: DaemonFile
    record: DaemonRecord
    service: DaemonService

    def states(self, declared: Mapping[str, Any], also: list[str]) -> dict[str, dict[str, Any]]:
        """The four states of every option of interest; empty without a daemon."""
        if self.engine is None:
            return {}
        applied = self.record.applied_keys(self.file, self.process)
        return daemon_states(declared, self.engine, self.process, self.file, also=also, applied=applied)


def look(params: Mapping[str, Any], service: DaemonService) -> Situation:
    """Read it all. Raises DockerError where the daemon cannot be reached, told, or its file understood."""
    engine: Engine | None = connect(params)
    process = None
    try:
        version_text = str(engine.version().get("Version", "")) if engine else ""
        process = _its_process(params, engine)
    except EngineUnreachable:
        if not params["engine_version"]:
            raise
        engine, version_text = None, str(params["engine_version"])
    info = engine.get("/info") if engine else {}
    if engine and process:
        refuse_proxy(process, info, str(params["docker_host"]))
    flags = parse_argv(process.argv if process else ())
    argv = service.next_argv(process)
    file = read_daemon_file(config_path(params["path"], process, flags))
    record = DaemonRecord(params["state_dir"] or default_state_dir(), file.real_path)
    record.adopt_journal(file)
    version = parse_version(str(params["engine_version"] or version_text))
    next_flags = parse_argv(argv) if argv else None
    return Situation(engine, version, version_text, info, process, flags, next_flags, file, record, service)


def _its_process(params: Mapping[str, Any], engine: Engine | None) -> DaemonProcess:
    socket_path = engine.socket_path if engine else None
    process = find_daemon(socket_path, params["pidfile"])
    if process is None:
        advice = "name its pidfile" if socket_path is None else "run as root (become: true) or name its pidfile"
        raise DockerError(f"Which process serves {params['docker_host']} cannot be told: {advice}")
    return process


def config_path(path: str | None, process: DaemonProcess | None, flags: FlagSettings) -> str:
    """The daemon.json that the daemon reads. Raises DockerError where `path` names another one."""
    its_own = flags.config_file or (_default_path(process) if process else None)
    if its_own is None:
        return path or SYSTEM_CONFIG
    found = _seen_from_here(its_own, process)
    if path is not None and os.path.realpath(path) != os.path.realpath(found):
        raise DockerError(f"The daemon reads {its_own} and not {path}: leave path out, or start it with --config-file")
    return path or found


def _default_path(process: DaemonProcess) -> str:
    if process.uid == 0:
        return SYSTEM_CONFIG
    # A rootless daemon reads its user's file; see rootless mode in Docker's documentation.
    environment = process.environment()
    home = environment.get("HOME", os.path.expanduser("~"))
    return os.path.join(environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config"), "docker", "daemon.json")


def _seen_from_here(path: str, process: DaemonProcess | None) -> str:
    """A path of the daemon's, as it is found from here: the same one, unless the daemon has other mounts."""
    if process is None or process.root == "/":
        return path
    theirs = process.path(path)
    probe, their_probe = os.path.dirname(path), os.path.dirname(theirs)
    try:
        return path if os.path.samefile(probe, their_probe) else theirs
    except OSError:
        return theirs


def default_state_dir() -> str:
    """Where the memory of runs lies without the option state_dir."""
    if os.geteuid() == 0:
        return SYSTEM_STATE
    home = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(home, "bulkhead")
