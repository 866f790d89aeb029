# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hardening of a host has to know of it: its daemon, the files of that daemon, and what the kernel offers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.audit_rules import audit_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.files import collect_files
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import parse_version
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import DaemonPaths
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    view_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_expectations import (
    expectation_of,
    watched_roles,
)

Facts = dict[str, Any]

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def host_facts(engine: Engine, process: DaemonProcess | None, sys_root: str = "/sys", run: str = "/run") -> Facts:
    """{version, rootless, swarm, log_driver, live_restore, containers_running, daemon, files,
    watches, systemd, augenrules, apparmor, seccomp}.

    Raises DockerError where the daemon's process is not to be found: its files follow from it.
    """
    view = view_daemon(engine, process)
    if process is None or view.paths is None:
        raise DockerError(f"The files of this daemon are not known: {view.process_missing}")
    security = " ".join(view.info.get("SecurityOptions") or ())
    return {
        "version": ".".join(str(part) for part in parse_version(view.version)),
        "rootless": view.rootless,
        "swarm": (view.info.get("Swarm") or {}).get("LocalNodeState", "inactive") != "inactive",
        "log_driver": str(view.info.get("LoggingDriver") or ""),
        "live_restore": bool(view.info.get("LiveRestoreEnabled")),
        "containers_running": int(view.info.get("ContainersRunning") or 0),
        "daemon": _daemon(view, view.paths, process),
        "files": _files(engine, process, view),
        "watches": _watches(audit_facts(view.paths), view.paths, view.config_file),
        "systemd": os.path.isdir(f"{run}/systemd/system"),
        "augenrules": _program("augenrules"),
        "apparmor": os.path.isdir(f"{sys_root}/kernel/security/apparmor") and _program("apparmor_parser") is not None,
        "seccomp": "name=seccomp" in security,
    }


def written_since(started: float, paths: Iterable[str]) -> list[str]:
    """Those of the files that are there and were written after a time in seconds since the epoch."""
    return [path for path in paths if os.path.isfile(path) and os.stat(path).st_mtime > started]


def _daemon(view: DaemonView, paths: DaemonPaths, process: DaemonProcess) -> Facts:
    return {
        "pid": process.pid,
        "exe": process.exe,
        "argv": list(process.argv),
        "config_file": view.config_file,
        "unit": paths.service.name,
        "unit_file": paths.service.fragment,
        "socket_unit": paths.socket_unit.name,
        "socket_unit_file": paths.socket_unit.fragment,
    }


def _files(engine: Engine, process: DaemonProcess, view: DaemonView) -> list[Facts]:
    """The daemon's files of which owner or mode is expected: {path, role, owner?, group?, mode_at_most?}."""
    found = []
    for facts in collect_files(engine, process, view):
        expected = expectation_of(facts)
        if expected and facts.get("exists"):
            path = process.path(facts["real_path"])
            found.append({"path": path, "role": facts["role"], **expected})
    return found


def _watches(audit: Mapping[str, Any], paths: DaemonPaths, config_file: str) -> list[Facts]:
    """The paths that the audit system should watch: {path, role, state}, each path once.

    The configuration file and its folder are among them even where they do not exist yet.
    """
    states = {watch["path"]: watch["state"] for found in audit.get("audit_watches", {}).values() for watch in found}
    files = paths.files
    roles: dict[str, str] = {
        files.real_path(config_file): "daemon_json",
        files.real_path(os.path.dirname(config_file)): "config_dir",
    }
    wanted = watched_roles()
    for role, found in audit["audit_paths"].items():
        roles.update(dict.fromkeys(found if role in wanted else (), role))
    return [{"path": path, "role": roles[path], "state": states.get(path, "absent")} for path in sorted(roles)]


def _program(name: str) -> str | None:
    return shutil.which(name, path=_SYSTEM_PATH)
