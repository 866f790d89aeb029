# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a daemon is up, took a reload, and does what its file says."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.effect import reload_events
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import (
    DaemonProcess,
    find_daemon,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import DaemonLog
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine

_POLL = 0.1
# A daemon answers these questions in milliseconds, or it hangs.
_PROBE_TIMEOUT = 5.0
# dockerd handles SIGHUP at once; what it has not done by then it has refused, which it only writes into its log.
_RELOAD_TIMEOUT = 15.0
# A complaint in the log is only taken for its answer after a time in which it would have said yes.
_COMPLAINT_TIME = 3.0


class Unhealthy(DockerError):
    """The daemon is gone, does not answer, or does something else than its file says."""


@dataclass(frozen=True)
class Running:
    """A daemon that answers."""

    engine: Engine
    process: DaemonProcess


def probe(params: Mapping[str, Any]) -> Running:
    """The daemon as it answers now. Raises DockerError."""
    engine = connect({**params, "timeout": min(float(params["timeout"]), _PROBE_TIMEOUT)})
    engine.version()
    engine.get("/info")
    process = find_daemon(engine.socket_path, params["pidfile"])
    if process is None:
        raise Unhealthy("which process answers cannot be told")
    return Running(engine, process)


def wait_healthy(params: Mapping[str, Any], not_this: DaemonProcess | None, deadline: float) -> Running:
    """The daemon once it answers, another process than `not_this`. Unhealthy at `deadline` (time.monotonic())."""
    problem = "it did not answer"
    while True:
        try:
            running = probe(params)
            if not_this is None or running.process.start_ticks != not_this.start_ticks:
                return running
            problem = "it was not restarted: the old process still serves"
        except DockerError as exc:
            problem = str(exc)
        if time.monotonic() >= deadline:
            raise Unhealthy(problem)
        time.sleep(_POLL)


def send_reload(params: Mapping[str, Any], process: DaemonProcess, log: DaemonLog) -> Running:
    """SIGHUP, and wait for the daemon's own word that it took the file over. Unhealthy where that does not come."""
    since, began = time.time(), time.monotonic()
    if not process.alive():
        raise Unhealthy("the daemon is gone")
    os.kill(process.pid, signal.SIGHUP)
    while time.monotonic() - began < _RELOAD_TIMEOUT:
        time.sleep(_POLL)
        if not process.alive():
            raise Unhealthy("the daemon ended when it was told to reload")
        with contextlib.suppress(DockerError):
            running = probe(params)
            if reload_events(running.engine, since):
                return running
        if time.monotonic() - began > _COMPLAINT_TIME and log.reason():
            break
    raise Unhealthy("the daemon did not take the reload")


def running_containers(engine: Engine) -> dict[str, str]:
    """Names of the running containers by their id."""
    rows = engine.get("/containers/json") or []
    return {row["Id"]: str((row.get("Names") or ["/" + row["Id"][:12]])[0])[1:] for row in rows}
