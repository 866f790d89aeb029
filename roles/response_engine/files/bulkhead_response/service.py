# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole runner: makes the parts, starts them in order, and ends them in the other order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
import socket
from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol

import aiohttp

from bulkhead_response.config import Config
from bulkhead_response.decision_log import DecisionLog
from bulkhead_response.engine import Engine, Tools
from bulkhead_response.errors import ConfigError
from bulkhead_response.journal import StreamJournal
from bulkhead_response.link import Link, options
from bulkhead_response.metrics import Metrics
from bulkhead_response.nats_loop import NatsLoop
from bulkhead_response.publisher import Publisher
from bulkhead_response.recorder import Recorder
from bulkhead_response.server_clock import ServerClock

log = logging.getLogger(__name__)

_GRACE = 25.0
"""Seconds that what is in flight has to end; Kubernetes' own patience is 30."""


class Server(Protocol):
    """Something that listens."""

    async def start(self) -> None:
        """ConfigError where it cannot listen."""

    async def stop(self) -> None:
        """Listen no longer."""


def runner_name(config: Config) -> str:
    """Who decides, another one for each process: the journal tells a runner that is gone from one that works on."""
    name = config.nats.name if config.nats else "response-engine"
    return f"{name}/{socket.gethostname()}/{secrets.token_hex(4)}"


def make_tools(config: Config, http: aiohttp.ClientSession) -> Tools:
    """The clients that are configured. ConfigError for settings that they cannot use."""
    kubernetes = docker = None
    if config.kubernetes is not None:
        from bulkhead_response.kubernetes_api import KubernetesApi

        kubernetes = KubernetesApi(config.kubernetes, config.limits.step_timeout)
    if config.docker is not None:
        from bulkhead_response.docker_api import DockerApi

        docker = DockerApi(config.docker)
    return Tools(http, kubernetes, docker)


async def close_tools(tools: Tools) -> None:
    """End the connections."""
    for client in (tools.kubernetes, tools.docker):
        if client is not None:
            await client.close()
    await tools.http.close()


class Service:
    """The runner. `run` returns when it was told to end and everything is done."""

    def __init__(self, config: Config) -> None:
        """To be made within a running event loop. ConfigError for what cannot be used."""
        if config.nats is None:
            raise ConfigError("nats is required: the runner takes alerts from its streams")
        if not config.sources:
            raise ConfigError("source must list at least one stream and consumer")
        options(config.nats)
        self.metrics = Metrics()
        self.link = Link(config.nats, on_connect=lambda: self.metrics.count("reconnects"))
        self.publisher = Publisher(self.link)
        runner = runner_name(config)
        self._log = DecisionLog(config.record.log_file, self.metrics)
        self._tools = make_tools(config, aiohttp.ClientSession(trust_env=False))
        record, clock = config.record, ServerClock()
        journal = StreamJournal(self.link, self.publisher, record.subject_prefix, record.stream, runner, clock)
        engine = Engine(config, journal, self._tools, runner, self.metrics)
        self.recorder = Recorder(record, self.publisher, self._log, self.metrics, runner)
        self.loop = NatsLoop(config, engine, self.link, self.recorder, self.metrics, clock)
        self._servers = list(self._make_servers(config))

    @property
    def problems(self) -> list[str]:
        """Why it is not ready; empty when it is."""
        found = [] if self.link.is_up else ["no connection to NATS"]
        pullers = self.loop.pullers
        return found + [f"{p.source.stream}/{p.source.consumer}: {p.refusal}" for p in pullers if p.refusal]

    async def run(self) -> None:
        """Until SIGTERM or SIGINT."""
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        linked = _task(self.link.run())
        pulling = _task(self.loop.run())
        try:
            for server in self._servers:
                await server.start()
            await _first(ended.wait(), linked, pulling)
        finally:
            await self._end(linked, pulling)

    async def _end(self, linked: asyncio.Task[None], pulling: asyncio.Task[None]) -> None:
        """Take nothing more, finish what is in flight, leave."""
        log.info("ending: %d in flight", self.loop.in_flight)
        for server in reversed(self._servers):
            await server.stop()
        await _cancelled(pulling)
        await self.loop.finish(_GRACE)
        await _cancelled(linked)
        await close_tools(self._tools)
        self._log.close()

    def _make_servers(self, config: Config) -> list[Server]:
        servers: list[Server] = []
        if config.ingest is not None:
            from bulkhead_response.ingest import Ingest

            servers.append(Ingest(config, self.publisher, self.recorder, self.metrics))
        if config.health is not None:
            from bulkhead_response.health import Health

            servers.append(Health(config.health, self))
        return servers


def _task(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    return asyncio.get_running_loop().create_task(work)


async def _first(ended: Awaitable[bool], *tasks: asyncio.Task[None]) -> None:
    """Wait for the order to end; a task that ends before is a fault, and its error is raised."""
    order = asyncio.ensure_future(ended)
    done, _pending = await asyncio.wait([order, *tasks], return_when=asyncio.FIRST_COMPLETED)
    order.cancel()
    for task in done:
        if task is not order:
            await task


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
