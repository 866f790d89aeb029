# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine that answers from a dictionary, for tests of what reads from one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus


class FakeEngine(Engine):
    """`answers` by path; a path that is not there is refused with 404, an exception among the answers is raised."""

    def __init__(
        self, answers: Mapping[str, Any], version: str = "20.10.24", docker_host: str = "unix:///run/docker.sock"
    ) -> None:
        super().__init__(docker_host)
        self._answers = {"/networks/bridge": {"Options": {}}, **answers}
        self._told = {"Version": version, "ApiVersion": "1.41"}

    def version(self) -> dict[str, Any]:
        """What GET /version would say."""
        return self._told

    def get(self, path: str, **query: object) -> Any:
        """The answer kept for the path."""
        answer = self._answers.get(path, EngineStatus(404, f"The engine refused {path} with 404: not found"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stream(self, resource: str, **query: object) -> Iterator[bytes]:
        """No events."""
        return iter(())
