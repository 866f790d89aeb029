# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the runner lives and is ready, and what it has counted, over plain HTTP for a kubelet and for Prometheus."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

from aiohttp import web

from bulkhead_response.errors import ConfigError

if TYPE_CHECKING:
    from bulkhead_response.service import Service


class Health:
    """/healthz: the event loop turns. /readyz: NATS is there and the consumers answer, or 503 with what is wrong."""

    def __init__(self, listen: tuple[str, int], service: Service) -> None:
        self._listen = listen
        self._service = service
        app = web.Application(client_max_size=1024)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> None:
        """ConfigError where it cannot listen."""
        await listen(self._runner, self._listen, "health.listen")

    async def stop(self) -> None:
        """Listen no longer."""
        await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        problems = self._service.problems
        body = json.dumps({"ready": not problems, "problems": problems}) + "\n"
        return web.Response(text=body, content_type="application/json", status=503 if problems else 200)

    async def _metrics(self, _request: web.Request) -> web.Response:
        metrics = self._service.metrics
        metrics.gauge("in_flight", self._service.loop.in_flight)
        metrics.gauge("ready", not self._service.problems)
        return web.Response(text=metrics.text(), content_type="text/plain")


async def listen(runner: web.AppRunner, address: tuple[str, int], key: str, tls: ssl.SSLContext | None = None) -> None:
    """Listen there. ConfigError, with the configuration's key, where that is not possible."""
    await runner.setup()
    try:
        await web.TCPSite(runner, *address, ssl_context=tls).start()
    except OSError as error:
        raise ConfigError(f"{key}: {address[0]}:{address[1]} cannot be listened on: {error.strerror}") from error
