# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How every action on a container of this Docker host runs: make sure of the container, then act."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bulkhead_response.actions.pod_target import Refused
from bulkhead_response.alert import Alert, Target
from bulkhead_response.docker_api import DockerApi, EngineError
from bulkhead_response.names import is_container_id
from bulkhead_response.outcome import ALREADY_DONE, FAILED, REFUSED, Outcome
from bulkhead_response.step import Context

_FULL_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_SHORT_ID = re.compile(r"[0-9a-f]{12}")
_NOT_FOUND = 404
_AMBIGUOUS = "multiple ids"


class ContainerGone(Exception):
    """The container of the alert is no more."""


class ContainerAction:
    """What actions on a container share. A subclass says in `act` what is done to a container that is the right one."""

    async def act(self, container: Mapping[str, Any], docker: DockerApi, context: Context) -> Outcome:
        """container: as the Engine's inspect gives it. Refused, EngineError and Unreachable may be raised."""
        raise NotImplementedError

    async def run(self, alert: Alert, context: Context) -> Outcome:
        """Unreachable is left to the caller, who tries again."""
        if context.docker is None:
            return Outcome(REFUSED, "no Docker Engine is configured (docker)")
        try:
            container = await find_container(context.docker, alert.target)
            return await self.act(container, context.docker, context)
        except ContainerGone as gone:
            return Outcome(ALREADY_DONE, str(gone))
        except Refused as refused:
            return Outcome(REFUSED, str(refused))
        except EngineError as error:
            if error.status == _NOT_FOUND:
                return Outcome(ALREADY_DONE, f"container {alert.target.container_id[:12]} is gone")
            return Outcome(FAILED, str(error))


async def find_container(docker: DockerApi, target: Target) -> Mapping[str, Any]:
    """ContainerGone, or Refused where the alert does not name one container, or names this runner."""
    wanted = target.container_id
    if not is_container_id(wanted):
        raise Refused("the alert gives no container id of at least 12 digits")
    try:
        container: Mapping[str, Any] = await docker.get(f"/containers/{wanted}/json")
    except EngineError as error:
        if error.status == _NOT_FOUND:
            raise ContainerGone(f"container {wanted[:12]} is gone") from error
        if _AMBIGUOUS in str(error).lower():
            raise Refused(f"more than one container has an id that begins with {wanted}") from error
        raise
    # The Engine looks for a container of that name before it looks for one whose id begins so.
    if not container["Id"].startswith(wanted):
        raise ContainerGone(f"container {wanted[:12]} is gone, another has its id as a name")
    if target.container and container_name(container) != target.container:
        raise Refused(f"{named(container)} is not called {target.container}, as the alert says")
    if container["Id"] in _own_ids() or container["Id"][:12] in _own_ids():
        raise Refused(f"{named(container)} is the response runner itself")
    return container


def container_name(container: Mapping[str, Any]) -> str:
    """Its name, without the slash that the Engine puts before it."""
    return str(container["Name"]).lstrip("/")


def named(container: Mapping[str, Any]) -> str:
    """How it is called in sentences."""
    return f"container {container_name(container)} ({container['Id'][:12]})"


def path(container: Mapping[str, Any], verb: str) -> str:
    """Where something is done to it, by its full id."""
    return f"/containers/{container['Id']}/{verb}"


def runs(container: Mapping[str, Any]) -> bool:
    """Whether it runs, is paused, or is just being restarted."""
    state = container.get("State") or {}
    return bool(state.get("Running") or state.get("Paused") or state.get("Restarting"))


def _own_ids(proc: Path = Path("/proc/self")) -> set[str]:
    """What our own container may be called, if we are in one: ids in our mounts and cgroups, and the host name."""
    found: set[str] = set()
    for name in ("cgroup", "mountinfo"):
        try:
            text = (proc / name).read_text(errors="replace")
        except OSError:
            continue
        lines = text.splitlines()
        if name == "mountinfo":
            # The Engine mounts these three files of the container's own folder; other mounts may show other containers.
            lines = [
                line for line in lines if line.split()[4:5] in (["/etc/hostname"], ["/etc/hosts"], ["/etc/resolv.conf"])
            ]
        found |= set(_FULL_ID.findall("\n".join(lines)))
    host = socket.gethostname()
    return found | ({host} if _SHORT_ID.fullmatch(host) else set())
