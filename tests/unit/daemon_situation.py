# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon and its file as the modules of docker_daemon_config see them, made up for a test."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import DaemonFile
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import (
    parse_argv,
    parse_version,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import DaemonRecord
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import DaemonService
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from tests.unit.fake_engine import FakeEngine

STARTED = 1000.0
INFO: dict[str, Any] = {
    "Debug": False,
    "Labels": [],
    "LiveRestoreEnabled": False,
    "LoggingDriver": "json-file",
    "DefaultRuntime": "runc",
    "Driver": "overlay2",
    "Images": 0,
    "Containers": 0,
    "Plugins": {"Log": ["json-file", "local"]},
}


def container(name: str, policy: str = "no", removed: bool = False) -> dict[str, Any]:
    """The answer about one container."""
    return {"Name": f"/{name}", "HostConfig": {"RestartPolicy": {"Name": policy}, "AutoRemove": removed}}


def make_situation(
    tmp_path: Path,
    data: dict[str, Any] | None = None,
    *,
    argv: tuple[str, ...] = ("dockerd",),
    next_argv: tuple[str, ...] | None = None,
    version: str = "20.10.24",
    written: float = STARTED - 1,
    containers: dict[str, dict[str, Any]] | None = None,
    **info: Any,
) -> Situation:
    """A running daemon with the given file, flags, GET /info fields and running containers."""
    facts = {**INFO, **info}
    text = json.dumps(data, indent=4) + "\n" if data is not None else ""
    path = str(tmp_path / "daemon.json")
    running = containers or {}
    answers: dict[str, Any] = {
        "/info": facts,
        "/plugins": [{"Name": "installed:latest"}],
        "/containers/json": [{"Id": name, "Names": [f"/{name}"]} for name in running],
        **{f"/containers/{name}/json": answer for name, answer in running.items()},
    }
    return Situation(
        engine=FakeEngine(answers, version),
        version=parse_version(version),
        version_text=version,
        info=facts,
        process=DaemonProcess(4194305, "", argv, "/", started=STARTED, start_ticks=1),
        flags=parse_argv(argv),
        next_flags=parse_argv(next_argv) if next_argv else None,
        file=DaemonFile(path, path, data is not None, text, data or {}, mtime=written),
        record=DaemonRecord(str(tmp_path / "state"), path),
        service=DaemonService(("true",)),
    )


def not_running(situation: Situation) -> Situation:
    """The same without a daemon."""
    return replace(situation, engine=None, info={}, process=None)
