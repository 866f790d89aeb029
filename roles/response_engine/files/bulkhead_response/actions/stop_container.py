# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""stop_container: the container of the alert ends, as by `docker stop`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.container_action import ContainerAction, named, path, runs
from bulkhead_response.actions.restart_policy import never_restart, restart_remark
from bulkhead_response.docker_api import DockerApi
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

_LONGEST = 3600


class StopContainer(ContainerAction):
    """timeout: seconds between the container's stop signal and SIGKILL. disable_restart: not even with the daemon."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        given = Parameters(params, ("timeout", "disable_restart"))
        self._timeout = given.integer("timeout", 5, 0, _LONGEST)
        self._disable_restart = given.flag("disable_restart", False)

    async def act(self, container: Mapping[str, Any], docker: DockerApi, context: Context) -> Outcome:
        """See ContainerAction."""
        if context.dry_run and runs(container):
            return Outcome(WOULD_DO, f"{named(container)} would be stopped")
        if not context.dry_run and self._disable_restart:
            await never_restart(docker, container)
        if not runs(container):
            return Outcome(ALREADY_DONE, f"{named(container)} does not run")
        wait = {"t": str(self._timeout)}
        await docker.post(path(container, "stop"), params=wait, patience=self._timeout)
        remark = "" if self._disable_restart else restart_remark(container)
        return Outcome(DONE, f"{named(container)} is stopped{remark}")
