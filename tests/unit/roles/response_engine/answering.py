# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP servers on the loopback for steps to speak to, and how a step is run in a test."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bulkhead_response.alert import Alert, Target
from bulkhead_response.docker_api import DockerApi
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.outcome import Outcome
from bulkhead_response.step import Context, Step

CONTAINER = "0123456789ab" + 52 * "c"
KEY = "4f1c-step-0"


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What is answered; a text is sent as it is, all else as JSON."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Seen], Reply]


class Server:
    """`async with Server(answer) as server`: server.url, server.seen."""

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self._tls = tls
        self._answer = answer
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._handle)
        self._server = TestServer(app, scheme="https" if tls else "http")

    @property
    def url(self) -> str:
        """http://127.0.0.1:PORT, or https://."""
        return str(self._server.make_url("")).rstrip("/")

    async def _handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        seen = Seen(request.method, request.path, dict(request.query), dict(request.headers), body)
        self.seen.append(seen)
        reply = self._answer(seen)
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        return web.Response(status=reply.status, text=text, headers=dict(reply.headers))

    async def __aenter__(self) -> Server:
        await self._server.start_server(ssl=self._tls)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._server.close()


def an_alert(**changes: Any) -> Alert:
    """An alert about the pod shop/web with uid-1. changes: of the alert, or of its target."""
    of_target = {"namespace": "shop", "pod": "web", "pod_uid": "uid-1", "container": "main", "node": "node-1"}
    of_target |= {name: changes.pop(name) for name in list(changes) if name in Target.__dataclass_fields__}
    facts: dict[str, Any] = {
        "id": "4f1c",
        "rule": "Terminal shell in container",
        "priority": "notice",
        "tags": frozenset({"shell", "container"}),
        "time": "2026-05-01T10:00:00.000000000Z",
        "hostname": "node-1",
        "output": "A shell <was> spawned & attached",
        "fields": {"proc.name": "bash"},
    }
    return Alert(**{**facts, **changes, "target": Target(**of_target)})


async def run(
    step: Step,
    alert: Alert,
    *,
    kubernetes: KubernetesApi | None = None,
    docker: DockerApi | None = None,
    dry_run: bool = False,
    so_far: Mapping[str, Outcome] | None = None,
) -> Outcome:
    """The outcome of one step."""
    async with aiohttp.ClientSession() as http:
        context = Context("terminal shell", KEY, dry_run, http, kubernetes, docker, so_far)
        return await step.run(alert, context)


def told(
    step: Callable[[str], Step], answer: Answer, alert: Alert | None = None, **options: Any
) -> tuple[Outcome, list[Seen]]:
    """(outcome, requests) of a notification that is made for the URL of a server."""

    async def play() -> tuple[Outcome, list[Seen]]:
        async with Server(answer) as server:
            return await run(step(server.url), alert or an_alert(), **options), server.seen

    return asyncio.run(play())


def with_server(answer: Answer, play: Callable[[Server], Awaitable[Any]]) -> Any:
    """What `play` returns while a server answers."""

    async def all_of_it() -> Any:
        async with Server(answer) as server:
            return await play(server)

    return asyncio.run(all_of_it())
