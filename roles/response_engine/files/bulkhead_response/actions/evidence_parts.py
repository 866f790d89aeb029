# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API server can tell about a pod before it is gone: the parts of its evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bulkhead_response.actions.pod_owner import owner_chain
from bulkhead_response.actions.pod_target import Pod
from bulkhead_response.errors import Unreachable
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import object_path
from bulkhead_response.names import is_object

_HIDDEN = "REDACTED"
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


@dataclass
class Parts:
    """files: {relative path: content}. report: for each part its name, status (taken or error) and reason."""

    files: dict[str, bytes] = field(default_factory=dict)
    report: list[dict[str, str]] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """The names of the parts that could not be had."""
        return [part["name"] for part in self.report if part["status"] != "taken"]


def without_values(value: Any) -> Any:
    """A manifest without the values of environment variables, which are so often secrets."""
    if isinstance(value, Mapping):
        return {
            key: _HIDDEN
            if key == _APPLIED
            else [_variable(item) for item in member]
            if key == "env" and isinstance(member, list)
            else without_values(member)
            for key, member in value.items()
            if key != "managedFields"
        }
    return [without_values(item) for item in value] if isinstance(value, list) else value


def _variable(item: Any) -> Any:
    return {**item, "value": _HIDDEN} if isinstance(item, Mapping) and "value" in item else without_values(item)


def as_file(value: Any) -> bytes:
    """A document as it is stored."""
    return (
        json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=str).encode(errors="backslashreplace")
        + b"\n"
    )


class PodEvidence:
    """Reads the parts of one pod. log_lines: the last so many of each log. log_bytes: no log is larger."""

    def __init__(self, kubernetes: KubernetesApi, pod: Pod, log_lines: int, log_bytes: int) -> None:
        """Nothing is read yet."""
        self._kubernetes = kubernetes
        self._pod = pod
        self._log = {"tailLines": str(log_lines), "limitBytes": str(log_bytes), "timestamps": "true"}

    async def read(self, parts: Parts) -> None:
        """All of it. A part that cannot be had is noted with its reason, and the others go on."""
        wanted: dict[str, Callable[[], Awaitable[bytes]]] = {
            "owners.json": self._owners,
            "events.json": self._events,
            "node.json": self._node,
        }
        for name in self._container_names():
            wanted[f"logs/{name}.log"] = partial(self._logs, name, previous=False)
            if self._was_restarted(name):
                wanted[f"logs/{name}.previous.log"] = partial(self._logs, name, previous=True)
        parts.files["pod.json"] = as_file(without_values(self._pod.manifest))
        parts.report.append({"name": "pod.json", "status": "taken", "reason": ""})
        await asyncio.gather(*(_take(parts, name, read) for name, read in wanted.items()))
        parts.report.sort(key=lambda part: part["name"])

    def _container_names(self) -> list[str]:
        named = (each["name"] for kind in _CONTAINERS for each in self._pod.spec.get(kind) or [])
        return [name for name in named if is_object(name)]

    def _was_restarted(self, name: str) -> bool:
        status = self._pod.manifest.get("status") or {}
        states = [each for kind, listed in status.items() if kind.endswith("ontainerStatuses") for each in listed or []]
        return any(state["name"] == name and state.get("restartCount") for state in states)

    async def _owners(self) -> bytes:
        chain = await owner_chain(self._kubernetes, self._pod)
        rows = [{"kind": each.kind, "name": each.name, "uid": each.uid, "manifest": each.manifest} for each in chain]
        return as_file(without_values(rows))

    async def _events(self) -> bytes:
        path = object_path("events", namespace=self._pod.namespace)
        about = {"fieldSelector": f"involvedObject.uid={self._pod.uid}"}
        return as_file([without_values(event) async for event in self._kubernetes.items(path, about)])

    async def _node(self) -> bytes:
        name = str(self._pod.spec.get("nodeName") or "")
        if not name:
            raise LookupError("the pod runs on no node")
        return as_file(without_values(await self._kubernetes.get(object_path("nodes", name=name))))

    async def _logs(self, container: str, *, previous: bool) -> bytes:
        query = {**self._log, "container": container, **({"previous": "true"} if previous else {})}
        return await self._kubernetes.text(f"{self._pod.path}/log", query)


async def _take(parts: Parts, name: str, read: Callable[[], Awaitable[bytes]]) -> None:
    """An answer that does not come is a gap as well: what can be had now may be gone on the next try."""
    try:
        parts.files[name] = await read()
        parts.report.append({"name": name, "status": "taken", "reason": ""})
    except (ApiError, Unreachable, LookupError) as error:
        parts.report.append({"name": name, "status": "error", "reason": str(error)})
