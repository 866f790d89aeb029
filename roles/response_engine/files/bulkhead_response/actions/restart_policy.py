# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a container run again after it was ended on purpose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bulkhead_response.actions.container_action import path
from bulkhead_response.docker_api import DockerApi


def _policy(container: Mapping[str, Any]) -> str:
    return str(((container.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no")


async def never_restart(docker: DockerApi, container: Mapping[str, Any]) -> None:
    """Set the restart policy to `no`. One with AutoRemove has none."""
    if _policy(container) != "no":
        await docker.post(path(container, "update"), {"RestartPolicy": {"Name": "no"}})


def restart_remark(container: Mapping[str, Any]) -> str:
    """What to add to a sentence about one that is not running any more."""
    return "; it starts again with the daemon (restart policy always)" if _policy(container) == "always" else ""
