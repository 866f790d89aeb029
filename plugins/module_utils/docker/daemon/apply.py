# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carrying out a plan so that the daemon ends up with the new configuration or the old one, and never with none.

Backup, journal, atomic replacement, reload or restart, proof that it took effect. Where the proof fails, the old file
goes back and the daemon is brought up with it, and the error says what the daemon said and with what it runs now.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFile,
    DaemonFileError,
    flush_folder,
    read_daemon_file,
    replace_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.health import (
    Running,
    Unhealthy,
    probe,
    running_containers,
    send_reload,
    wait_healthy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.merge import Record
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import OPTION_BY_KEY
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.plan import (
    NONE,
    RELOAD,
    RESTART,
    Plan,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import DaemonRecord
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.redact import shown
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import (
    DaemonLog,
    DaemonService,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.state import (
    daemon_states,
    read_at_start,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError


class ApplyFailed(DockerError):
    """The new configuration did not work out; the message says which one the daemon runs with."""


@dataclass
class Outcome:
    """What came of it: the backup's path where one was kept, and what the user should know."""

    backup_file: str | None = None
    warnings: list[str] = field(default_factory=list)


class Application:
    """One change being carried out. `text` None means that the file goes away; `action` is the plan's or less."""

    def __init__(self, params: Mapping[str, Any], situation: Situation, plan: Plan, action: str) -> None:
        self._params = params
        self._situation = situation
        self._plan = plan
        self._action = action
        self._service: DaemonService = situation.service
        self._record: DaemonRecord = situation.record
        self._file: DaemonFile = situation.file
        self._log = DaemonLog(situation.process, situation.service)
        self._outcome = Outcome()

    def carry_out(self, text: str | None, changes: Record) -> Outcome:
        """Do it. Raises DaemonFileError with nothing changed, or ApplyFailed with everything as it was before."""
        differs = text != (self._file.text if self._file.exists else None)
        backup = self._record.back_up(self._file) if differs else None
        if differs:
            self._record.keep_original(self._file)
        keys = [entry["key"] for entry in self._plan.keys]
        host = str(self._params["docker_host"])
        self._record.open_journal(host, self._file, text or "", backup=backup, changes=changes, keys=keys)
        try:
            if differs:
                put(self._file, text)
        except DaemonFileError:
            self._record.close_journal()
            raise
        running = self._take_over() if self._action != NONE else None
        self._remember(changes, running)
        self._record.close_journal()
        self._record.prune(int(self._params["backup_count"]) if self._params["backup"] else 0)
        self._outcome.backup_file = backup if self._params["backup"] else None
        return self._outcome

    def _take_over(self) -> Running:
        process, engine = self._situation.process, self._situation.engine
        if process is None or engine is None:
            raise ApplyFailed("The daemon does not run")
        before = running_containers(engine) if self._plan.containers_kept else {}
        try:
            if self._action == RELOAD:
                running = send_reload(self._params, process, self._log)
            if self._action == RESTART:
                self._reload_first(process)
                running = restart(self._params, self._service, process)
            self._prove(running)
        except DockerError as exc:
            raise self._rolled_back(exc) from exc
        self._missing(before, running)
        return running

    def _reload_first(self, process: DaemonProcess) -> None:
        """Switch live-restore on before the restart, and make sure of it: the containers depend on it."""
        if not self._plan.reload_first:
            return
        running = send_reload(self._params, process, self._log)
        if not running.engine.get("/info").get("LiveRestoreEnabled"):
            raise Unhealthy("live-restore is still off after a reload, and a restart would stop the containers")

    def _prove(self, running: Running) -> None:
        """Unhealthy unless every key of the plan that the daemon shows has its new value."""
        file = read_daemon_file(self._file.path)
        keys = [entry["key"] for entry in self._plan.keys if entry["action"] in (self._action, RELOAD)]
        states = daemon_states({}, running.engine, running.process, file, also=keys, applied=keys)
        for key in keys:
            if states[key]["pending_restart"]:
                wanted, got = shown(states[key]["on_disk"], key), shown(states[key]["in_effect"], key)
                raise Unhealthy(f"{key} is {wanted!r} in the file, and the daemon goes on with {got!r}")

    def _missing(self, before: Mapping[str, str], running: Running) -> None:
        gone = sorted(set(before) - set(running_containers(running.engine)))
        if gone:
            names = ", ".join(before[each] for each in gone)
            self._outcome.warnings.append(f"live-restore should have kept these containers, and they ended: {names}")

    def _remember(self, changes: Record, running: Running | None) -> None:
        self._record.changes = changes
        self._record.created = self._record.created or not self._file.exists
        process = running.process if running else self._situation.process
        file = read_daemon_file(self._file.path)
        if self._action == RESTART:
            known = {*file.data, *self._file.data}
        else:
            settled = read_at_start(self._situation.process, self._file)
            # A daemon that read the whole file also took over the defaults of what the file leaves out.
            applied = self._record.applied_keys(self._file, process)
            known = {*OPTION_BY_KEY, *self._file.data} if settled else set(applied)
            known -= {entry["key"] for entry in self._plan.keys}
            known |= {entry["key"] for entry in self._plan.keys if entry["action"] in (NONE, self._action)}
        self._record.save(file.data, known if self._situation.engine else (), process)
        if self._action != NONE:
            self._record.keep_good(file.text)

    # -- back again ---------------------------------------------------------------------------------------------

    def _rolled_back(self, problem: DockerError) -> ApplyFailed:
        """Put the old file back, bring the daemon up with it, and say what happened."""
        head = f"The daemon did not take the new configuration: {self._why(problem)}."
        try:
            self._put_back()
            self._revive()
        except DockerError as exc:
            return self._last_resort(f"{head} With {self._file.path} as it was before, it did not run either: ", exc)
        return self._back_as_before(head)

    def _back_as_before(self, head: str) -> ApplyFailed:
        self._record.close_journal()
        return ApplyFailed(f"{head} {self._file.path} is as it was before; the daemon runs with the old configuration")

    def _put_back(self) -> None:
        put(self._file, self._file.text if self._file.exists else None)

    def _last_resort(self, head: str, problem: DockerError) -> ApplyFailed:
        """The file before was no good either, as after an edit by hand: the last one that is known to work.

        Where none is known, the file before once more: a host under load may have been too slow for the daemon.
        """
        head = f"{head}{self._why(problem)}."
        good = read_daemon_file(self._record.good_file)
        try:
            if good.exists:
                put(self._file, good.text)
            self._revive()
        except DockerError as exc:
            self._put_back()
            return ApplyFailed(f"{head} The daemon is down ({exc}), and the file is as it was before")
        if not good.exists:
            return self._back_as_before(head)
        kept = self._record.journal.get("backup") or self._record.back_up(self._file)
        self._record.close_journal()
        return ApplyFailed(
            f"{head} The daemon runs with the last configuration that it is known to have run with, "
            f"and what the file held before is in {kept}"
        )

    def _why(self, problem: DockerError) -> str:
        """What we saw and what the daemon says itself."""
        saw, said = str(problem).rstrip("."), self._log.reason().rstrip(".")
        self._log.mark()
        return f"{saw} (it says: {said})" if said and said not in saw else saw

    def _revive(self) -> None:
        """A daemon that runs with the old file: by a reload where it was only reloaded, by a restart otherwise."""
        process = self._situation.process
        if process is not None and process.alive():
            # A daemon that refuses the old file too, or hangs, is restarted.
            with contextlib.suppress(DockerError):
                if self._action == RELOAD:
                    send_reload(self._params, process, self._log)
                    return
                if self._plan.reload_first:
                    send_reload(self._params, process, self._log)
                # A restart that failed before it stopped anything: another one could only do harm. A dockerd that is
                # told to end closes its API first, so one that answers stays.
                if probe(self._params).process.start_ticks == process.start_ticks:
                    return
        revive(self._params, self._service)


# A daemon that hangs is killed by its service manager only after a while (systemd: 90 s), and on the way back there is
# nothing to be won by giving up early.
_PATIENCE = 180.0


def revive(params: Mapping[str, Any], service: DaemonService) -> Running:
    """Bring up a daemon that is down or hangs. Raises RestartFailed or Unhealthy."""
    return restart({**params, "health_timeout": max(float(params["health_timeout"]), _PATIENCE)}, service, None)


def restart(params: Mapping[str, Any], service: DaemonService, old: DaemonProcess | None) -> Running:
    """Restart and wait for the daemon to answer, as another process than `old`. Raises RestartFailed or Unhealthy."""
    timeout = float(params["health_timeout"])
    deadline = time.monotonic() + timeout
    service.restart(timeout)
    # A command that took all the time may still have left a daemon that answers.
    return wait_healthy(params, old, max(deadline, time.monotonic() + 1.0))


def put(file: DaemonFile, text: str | None) -> None:
    """Give the file another text, or take it away; its owner, mode and place stay. Raises DaemonFileError."""
    folder = os.path.dirname(file.real_path)
    if text is not None:
        try:
            os.makedirs(folder, mode=0o755, exist_ok=True)
        except OSError as exc:
            raise DaemonFileError(f"{folder} cannot be made: {exc.strerror}; nothing was changed") from exc
        replace_file(file.real_path, text, file.mode, file.uid, file.gid)
        return
    try:
        os.unlink(file.real_path)
    except FileNotFoundError:
        return
    except OSError as exc:
        raise DaemonFileError(f"{file.path} cannot be removed: {exc.strerror}; nothing was changed") from exc
    flush_folder(folder)
