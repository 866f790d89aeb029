# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What piles up."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.sprawl import (
    sprawl_facts,
    swarm_use,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine


def test_sprawl() -> None:
    images: list[dict[str, Any]] = [
        {"Id": "1", "RepoTags": ["a:1"]},
        {"Id": "2", "RepoTags": ["<none>:<none>"]},
        {"Id": "3", "RepoTags": None},
    ]
    containers: list[dict[str, Any]] = [
        {"ImageID": "1", "State": "running", "Mounts": [{"Name": "used"}]},
        {"ImageID": "1", "State": "exited", "Mounts": [{"Source": "/etc"}]},
        {"ImageID": "9", "State": "created"},
    ]
    volumes = [{"Name": "used"}, {"Name": "unused"}]
    assert sprawl_facts(images, containers, volumes) == {
        "images": 3,
        "unused_images": 2,
        "dangling_images": 2,
        "containers": 3,
        "stopped_containers": 2,
        "unused_volumes": 1,
    }


class Services:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get(self, _path: str) -> Any:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("swarm", "services", "use"),
    [
        ({"LocalNodeState": "inactive"}, None, "off"),
        ({}, None, "off"),
        ({"LocalNodeState": "active", "ControlAvailable": True, "Nodes": 1}, [], "idle"),
        ({"LocalNodeState": "active", "ControlAvailable": True, "Nodes": 1}, [{}], "used"),
        ({"LocalNodeState": "active", "ControlAvailable": True, "Nodes": 3}, [], "used"),
        ({"LocalNodeState": "active", "ControlAvailable": False}, None, "used"),
    ],
)
def test_swarm_use(swarm: dict[str, Any], services: list[Any] | None, use: str) -> None:
    assert swarm_use(cast(Engine, Services(services)), {"Swarm": swarm}) == {"swarm_use": use}


def test_a_swarm_that_does_not_answer() -> None:
    swarm = {"LocalNodeState": "active", "ControlAvailable": True, "Nodes": 1}
    assert swarm_use(cast(Engine, Services(DockerError("no leader"))), {"Swarm": swarm}) == {
        "unknown": {"swarm_use": "no leader"}
    }
