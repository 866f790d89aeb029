# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes alerts by HTTP from Falco, falcosidekick or an API server's audit webhook, and publishes them to JetStream.

The answer is 200 only when all of a request is stored. Anything else is for the sender to try again, except what no
try would mend: that is put into the dead letters, and answered with 400.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import os
import secrets
import ssl
from asyncio import sslproto
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from bulkhead_response import ingest_messages
from bulkhead_response.config import Config, IngestConfig
from bulkhead_response.errors import ConfigError, Poison, Unreachable
from bulkhead_response.falco_json import TOO_LARGE
from bulkhead_response.health import listen
from bulkhead_response.metrics import Metrics
from bulkhead_response.publisher import Publisher
from bulkhead_response.recorder import Recorder

log = logging.getLogger(__name__)

_AT_ONCE, _QUEUED = 256, 2048
"""Requests whose messages are on their way, and requests that wait for that; more are told to come back."""
_SECONDS = 10.0
_BATCH_BYTES = 32_000_000
_TLS_BUFFER = 32 * 1024
_RETRY = {"Retry-After": "1"}


class Ingest:
    """The listener. Nobody gets in without the client certificate or the token that are configured."""

    def __init__(self, config: Config, publisher: Publisher, recorder: Recorder, metrics: Metrics) -> None:
        """ConfigError for certificates or a token that cannot be read."""
        assert config.ingest is not None
        self._config = config.ingest
        self._messages = ingest_messages.splitter(self._config.format, config.limits.max_alert_bytes)
        self._limit = _BATCH_BYTES if self._config.format == "k8s_audit" else config.limits.max_alert_bytes
        self._publisher = publisher
        self._recorder = recorder
        self._metrics = metrics
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._requests = 0
        self._tls = _tls(self._config)
        _token(self._config)
        app = web.Application(client_max_size=self._limit)
        app.router.add_post("/", self._post)
        app.router.add_post("/{format}", self._post)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> None:
        """ConfigError where it cannot listen."""
        await listen(self._runner, self._config.listen, "ingest.listen", self._tls)

    async def stop(self) -> None:
        """Listen no longer; requests that are here are answered."""
        await self._runner.cleanup()

    async def _post(self, request: web.Request) -> web.Response:
        response = await self._answer(request)
        self._metrics.count("ingested", status=str(response.status))
        return response

    async def _answer(self, request: web.Request) -> web.Response:
        if not self._is_known(request):
            return web.Response(status=401, text="a bearer token is required\n")
        try:
            async with self._slot():
                await self._store(await self._body(request))
        except Poison as poison:
            return web.Response(status=413 if poison.reason == TOO_LARGE else 400, text=f"{poison}\n")
        except Unreachable as error:
            return web.Response(status=503, text=f"{error}\n", headers=_RETRY)
        return web.Response()

    def _is_known(self, request: web.Request) -> bool:
        if not self._config.token_file:
            return True
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(errors="replace"), b"Bearer " + _token(self._config))

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """Room for one request: bodies are read only when their messages can be sent on."""
        if self._requests >= _AT_ONCE + _QUEUED:
            raise Unreachable("too many requests at once")
        self._requests += 1
        try:
            async with self._slots:
                yield
        finally:
            self._requests -= 1

    async def _body(self, request: web.Request) -> bytes:
        try:
            return await request.read()
        except web.HTTPRequestEntityTooLarge as error:
            message = f"the request is larger than {self._limit} bytes"
            await self._recorder.bury(TOO_LARGE, message, secrets.token_hex(16), b"", "ingest")
            raise Poison(TOO_LARGE, message) from error

    async def _store(self, body: bytes) -> None:
        """Publish all of a request. Unreachable where not all of it is stored: then all of it will come again."""
        try:
            messages = list(self._messages(body))
        except Poison as poison:
            await self._bury(poison, body)
            raise
        poisoned = [message for message in messages if isinstance(message, ingest_messages.Poisoned)]
        for message in poisoned:
            await self._bury(message.poison, message.data)
        sound = [message for message in messages if isinstance(message, ingest_messages.Sound)]
        await asyncio.gather(
            *(self._publisher.persist(m.subject, m.data, m.identity, seconds=_SECONDS) for m in sound),
        )

    async def _bury(self, poison: Poison, data: bytes) -> None:
        await self._recorder.bury(poison.reason, str(poison), hashlib.sha256(data).hexdigest(), data, "ingest")


def _tls(config: IngestConfig) -> ssl.SSLContext | None:
    if not config.cert_file:
        return None
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=config.client_ca_file or None)
        context.load_cert_chain(config.cert_file, config.key_file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"ingest: the certificates cannot be read: {error}") from error
    # asyncio holds a buffer of 256 KB for each TLS connection: a thousand nodes would take 256 MB. A record has 16 KB.
    sslproto.SSLProtocol.max_size = _TLS_BUFFER
    if config.client_ca_file:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _token(config: IngestConfig) -> bytes:
    """The token as it is in the file now: it can be changed while the runner works."""
    if not config.token_file:
        return b""
    try:
        token = Path(config.token_file).read_bytes().strip()
    except OSError as error:
        raise ConfigError(
            f"ingest.token_file: {config.token_file} cannot be read: {os.strerror(error.errno or 0)}"
        ) from error
    if not token:
        raise ConfigError(f"ingest.token_file: {config.token_file} is empty")
    return token
