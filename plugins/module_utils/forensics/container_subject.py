# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the one container that is meant, by name, by id or by both; never another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError


class SubjectGone(ForensicsError):
    """What evidence is asked of is not there any more."""


@dataclass(frozen=True)
class ContainerSubject:
    """A container, as the engine describes it now."""

    id: str
    name: str
    inspected: Mapping[str, Any]

    @property
    def state(self) -> Mapping[str, Any]:
        """Its State: Status, Running, Paused, Pid, OOMKilled, ExitCode, …"""
        found: Mapping[str, Any] = self.inspected.get("State") or {}
        return found

    def as_dict(self) -> dict[str, Any]:
        """Who it is and how it was found, for the manifest."""
        config = self.inspected.get("Config") or {}
        return {
            "kind": "container",
            "name": self.name,
            "id": self.id,
            "image": config.get("Image", ""),
            "image_id": self.inspected.get("Image", ""),
            "created": self.inspected.get("Created", ""),
            "status": self.state.get("Status", ""),
            "started": self.state.get("StartedAt", ""),
            "finished": self.state.get("FinishedAt", ""),
            "exit_code": self.state.get("ExitCode"),
            "out_of_memory": bool(self.state.get("OOMKilled")),
            "restarts": self.inspected.get("RestartCount", 0),
            **_pod(config.get("Labels") or {}),
        }


def find_container(engine: Engine, entry: Mapping[str, Any]) -> ContainerSubject:
    """The container of a selector {name, id}. Raises SubjectGone, ForensicsError where it is not one, DockerError."""
    found = [row for row in engine.get("/containers/json", all=True) or [] if _is_meant(row, entry)]
    wanted = " and ".join(f"{key} {entry[key]}" for key in ("name", "id") if entry.get(key))
    if not found:
        raise SubjectGone(f"There is no container with {wanted} at {engine.docker_host}")
    if len(found) > 1:
        ids = ", ".join(sorted(row["Id"][:20] for row in found))
        raise ForensicsError(f"{len(found)} containers have {wanted} ({ids}): give more digits of the id")
    return inspect(engine, found[0]["Id"])


def inspect(engine: Engine, container_id: str) -> ContainerSubject:
    """A container by its whole id. Raises DockerError."""
    inspected = engine.get(f"/containers/{container_id}/json")
    return ContainerSubject(inspected["Id"], str(inspected["Name"]).lstrip("/"), inspected)


def _is_meant(row: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    if entry.get("id") and not str(row["Id"]).startswith(entry["id"]):
        return False
    # A legacy link adds names with a second slash; the container's own name has one.
    names = [name[1:] for name in row.get("Names") or [] if name.count("/") == 1]
    return not entry.get("name") or entry["name"].lstrip("/") in names


def _pod(labels: Mapping[str, str]) -> dict[str, str]:
    keys = {"namespace": "namespace", "name": "pod", "uid": "pod_uid"}
    pairs = {shown: labels.get(f"io.kubernetes.pod.{key}", "") for key, shown in keys.items()}
    return {shown: value for shown, value in pairs.items() if value}
