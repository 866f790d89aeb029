# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bringing up a daemon that a run, cut off in the middle of a restart, has left down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.apply import (
    ApplyFailed,
    put,
    revive,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import read_daemon_file
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import (
    DaemonRecord,
    cut_off,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import DaemonService
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import (
    Situation,
    default_state_dir,
    look,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    EngineUnreachable,
)


def look_or_recover(params: Mapping[str, Any], service: DaemonService, check_mode: bool) -> Situation:
    """The situation; a daemon that does not answer because a run was cut off is brought up first.

    Raises EngineUnreachable where no run of ours is to blame, ApplyFailed where only the old configuration worked.
    """
    try:
        return look(params, service)
    except EngineUnreachable as exc:
        record = cut_off(params["state_dir"] or default_state_dir(), str(params["docker_host"]))
        if record is None:
            raise
        if check_mode:
            raise EngineUnreachable(
                f"{exc}. An earlier run was cut off; run without check mode to bring it up"
            ) from exc
    _bring_up(params, service, record)
    return look(params, service)


def _bring_up(params: Mapping[str, Any], service: DaemonService, record: DaemonRecord) -> None:
    problem = service.problem(None)
    if problem:
        raise ApplyFailed(f"An earlier run was cut off and the daemon is down; {problem}")
    try:
        revive(params, service)
        return
    except DockerError as exc:
        why = str(exc).rstrip(".")
    _put_back(record, why)
    try:
        revive(params, service)
    except DockerError as exc:
        raise ApplyFailed(
            f"An earlier run was cut off, and the daemon starts with neither configuration: {exc}"
        ) from exc
    record.close_journal()
    raise ApplyFailed(
        f"An earlier run was cut off, and the daemon did not start with its configuration: {why}. "
        f"{record.config_path} is as it was before; the daemon runs with the old configuration"
    )


def _put_back(record: DaemonRecord, why: str) -> None:
    """The file as it was before the run that was cut off. ApplyFailed where that is not ours to decide."""
    file, journal = read_daemon_file(record.config_path), record.journal
    if file.sha256 != journal.get("new_sha256"):
        raise ApplyFailed(f"An earlier run was cut off and the daemon does not start: {why}")
    if not journal.get("existed"):
        put(file, None)
        return
    if journal.get("backup"):
        put(file, read_daemon_file(str(journal["backup"])).text)
