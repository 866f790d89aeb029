# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""disconnect_container: the container of the alert goes on without its networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.container_action import ContainerAction, named
from bulkhead_response.actions.pod_target import Refused
from bulkhead_response.docker_api import DockerApi, EngineError
from bulkhead_response.outcome import ALREADY_DONE, DONE, WOULD_DO, Outcome
from bulkhead_response.parameters import Parameters
from bulkhead_response.step import Context

_GONE = (403, 404)  # of a network that the container has left meanwhile, Engines say the one or the other


class DisconnectContainer(ContainerAction):
    """networks: only these, by name. Without it: all."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        """ConfigError for parameters that cannot be used."""
        self._networks = Parameters(params, ("networks",)).texts("networks")

    async def act(self, container: Mapping[str, Any], docker: DockerApi, context: Context) -> Outcome:
        """See ContainerAction."""
        mode = str((container.get("HostConfig") or {}).get("NetworkMode") or "")
        if mode == "host" or mode.startswith("container:"):
            raise Refused(f"{named(container)} has no network of its own (network mode {mode.partition(':')[0]})")
        attached = (container.get("NetworkSettings") or {}).get("Networks") or {}
        chosen = {
            name: network
            for name, network in attached.items()
            if name != "none" and (not self._networks or name in self._networks)
        }
        if not chosen:
            return Outcome(ALREADY_DONE, f"{named(container)} is in none of these networks")
        details = {"networks": sorted(chosen)}
        listed = ", ".join(details["networks"])
        if context.dry_run:
            return Outcome(WOULD_DO, f"{named(container)} would be disconnected from {listed}", details=details)
        for name, network in sorted(chosen.items()):
            await _disconnect(docker, str(network.get("NetworkID") or name), container["Id"])
        return Outcome(DONE, f"{named(container)} is disconnected from {listed}", details=details)


async def _disconnect(docker: DockerApi, network: str, container_id: str) -> None:
    try:
        await docker.post(f"/networks/{network}/disconnect", {"Container": container_id, "Force": True})
    except EngineError as error:
        if error.status not in _GONE:
            raise
