# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What piles up on a host: images and volumes that nothing uses, containers that do not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import Facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine

Rows = Iterable[Mapping[str, Any]]

SPRAWL_FACTS = (
    "images",
    "unused_images",
    "dangling_images",
    "containers",
    "stopped_containers",
    "unused_volumes",
    "content_trust",
    "swarm_use",
)
"""What a host is told besides its own facts, from the same lists: the facts of this file, and content trust."""


def sprawl_facts(images: Rows, containers: Rows, volumes: Rows) -> Facts:
    """Facts for the host, from the engine's lists of all images, all containers and all volumes."""
    containers = list(containers)
    images = list(images)
    used = {row.get("ImageID") for row in containers}
    mounted = {mount.get("Name") for row in containers for mount in row.get("Mounts") or ()}
    return {
        "images": len(images),
        "unused_images": sum(image["Id"] not in used for image in images),
        "dangling_images": sum(not image.get("RepoTags") or image["RepoTags"] == ["<none>:<none>"] for image in images),
        "containers": len(containers),
        "stopped_containers": sum(row.get("State") not in ("running", "paused", "restarting") for row in containers),
        "unused_volumes": sum(volume.get("Name") not in mounted for volume in volumes),
    }


def swarm_use(engine: Engine, info: Mapping[str, Any]) -> Facts:
    """{swarm_use}: off; used, by other nodes or by services; idle where a node is a swarm by itself that runs none."""
    swarm = info.get("Swarm") or {}
    if swarm.get("LocalNodeState") in (None, "", "inactive"):
        return {"swarm_use": "off"}
    if not swarm.get("ControlAvailable") or (swarm.get("Nodes") or 0) > 1:
        return {"swarm_use": "used"}
    try:
        return {"swarm_use": "used" if engine.get("/services") else "idle"}
    except DockerError as exc:
        return {"unknown": {"swarm_use": str(exc)}}
