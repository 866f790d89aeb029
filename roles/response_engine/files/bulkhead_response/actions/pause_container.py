# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pause_container: all processes of the container of the alert stand still, and stay to be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.container_action import ContainerAction, named, path
from bulkhead_response.actions.pod_target import Refused
from bulkhead_response.docker_api import DockerApi
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context


class PauseContainer(ContainerAction):
    """It has no parameters."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        Parameters(params, ())

    async def act(self, container: Mapping[str, Any], docker: DockerApi, context: Context) -> Outcome:
        """See ContainerAction."""
        state = container.get("State") or {}
        if state.get("Paused"):
            return Outcome(ALREADY_DONE, f"{named(container)} is paused already")
        if not state.get("Running") or state.get("Restarting"):
            raise Refused(f"{named(container)} is {state.get('Status')}: only a running container can be paused")
        if context.dry_run:
            return Outcome(WOULD_DO, f"{named(container)} would be paused")
        await docker.post(path(container, "pause"))
        return Outcome(DONE, f"{named(container)} is paused")
