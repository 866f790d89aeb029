# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker Engine of one container, on a socket: what it answers is set by a test."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from bulkhead_response.docker_api import DockerApi
from bulkhead_response.outcome import Outcome
from bulkhead_response.step import Step
from tests.unit.roles.response_engine.answering import CONTAINER, an_alert, run


def a_container(**changes: Any) -> dict[str, Any]:
    """As the Engine's inspect gives a running one. changes: of its State, or `networks`, `mode`, `policy`, `Name`."""
    networks = changes.pop("networks", {"bridge": {"NetworkID": "net-1"}})
    mode, policy = changes.pop("mode", "default"), changes.pop("policy", "no")
    return {
        "Id": CONTAINER,
        "Name": changes.pop("Name", "/main"),
        "State": {"Running": True, "Status": "running", **changes},
        "HostConfig": {"NetworkMode": mode, "RestartPolicy": {"Name": policy}},
        "NetworkSettings": {"Networks": networks},
    }


class FakeDockerHost:
    """answers: {"METHOD path": (status, body)}, before the container is looked for; `seen` are the requests."""

    def __init__(self, container: Mapping[str, Any] | None, **answers: tuple[int, Any]) -> None:
        self.container = container
        self.answers: dict[str, tuple[int, Any]] = dict(answers)
        self.seen: list[tuple[str, str, dict[str, str], Any]] = []

    def writes(self) -> list[str]:
        """The paths of the requests that change something."""
        return [path for method, path, _query, _body in self.seen if method != "GET"]

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        path = request.path
        self.seen.append((request.method, path, dict(request.query), body))
        verb = path.rpartition("/")[2]
        if verb in self.answers:
            status, answer = self.answers[verb]
            return web.json_response(answer, status=status)
        if self.container is None:
            return web.json_response({"message": "No such container"}, status=404)
        return web.json_response(self.container) if verb == "json" else web.Response(status=204)

    def act(self, step: Step, *, dry_run: bool = False, **target: Any) -> Outcome:
        """The outcome of an action on an alert about the container."""
        whom = {
            "namespace": "",
            "pod": "",
            "pod_uid": "",
            "container_id": CONTAINER[:12],
            "container": "main",
            **target,
        }

        async def play() -> Outcome:
            app = web.Application()
            app.router.add_route("*", "/{rest:.*}", self._handle)
            runner = web.AppRunner(app)
            await runner.setup()
            with tempfile.TemporaryDirectory(prefix="bulkhead-") as folder:
                file = Path(folder, "docker.sock")
                await web.UnixSite(runner, str(file)).start()
                engine = DockerApi({"socket": str(file)})
                try:
                    return await run(step, an_alert(**whom), docker=engine, dry_run=dry_run)
                finally:
                    await engine.close()
                    await runner.cleanup()

        return asyncio.run(play())
