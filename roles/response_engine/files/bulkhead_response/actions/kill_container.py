# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill_container: a signal to the container of the alert, SIGKILL where no other is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.container_action import ContainerAction, named, path, runs
from bulkhead_response.actions.restart_policy import never_restart, restart_remark
from bulkhead_response.docker_api import DockerApi, EngineError
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

_CONFLICT = 409
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", "SIGSTOP", "SIGUSR1", "SIGUSR2")


class KillContainer(ContainerAction):
    """signal: one of SIGNALS. disable_restart: not even with the daemon."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("signal", "disable_restart"))
        self._signal = given.choice("signal", "SIGKILL", SIGNALS)
        self._disable_restart = given.flag("disable_restart", False)

    async def act(self, container: Mapping[str, Any], docker: DockerApi, context: Context) -> Outcome:
        """See ContainerAction."""
        if not runs(container):
            return Outcome(ALREADY_DONE, f"{named(container)} does not run")
        if context.dry_run:
            return Outcome(WOULD_DO, f"{named(container)} would be sent {self._signal}")
        if self._disable_restart:
            await never_restart(docker, container)
        try:
            await docker.post(path(container, "kill"), params={"signal": self._signal})
        except EngineError as error:
            if error.status == _CONFLICT:
                return Outcome(ALREADY_DONE, f"{named(container)} does not run")
            raise
        remark = "" if self._disable_restart else restart_remark(container)
        return Outcome(DONE, f"{named(container)} was sent {self._signal}{remark}")
