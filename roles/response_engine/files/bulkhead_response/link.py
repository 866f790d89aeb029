# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to NATS: made anew for ever, each time with the certificates and the nkey that the files hold then."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import nats
import nats.errors
from nats.aio.client import Client

from bulkhead_response.config import NatsConfig
from bulkhead_response.errors import ConfigError, Unreachable

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 5
_PING_SECONDS, _PINGS = 5, 2
"""A server that does not answer for ten seconds is taken for gone, as behind a partition."""
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 5.0
_LOOK, _GOODBYE = 0.1, 2.0

Attach = Callable[[Client], Awaitable[None]]


def tls_context(config: NatsConfig) -> ssl.SSLContext:
    """For a client of NATS, by the files as they are now. ConfigError where they cannot be used."""
    try:
        context = ssl.create_default_context(cafile=config.ca_file or None)
        if config.cert_file:
            context.load_cert_chain(config.cert_file, config.key_file)
    except (OSError, ValueError) as error:
        files = ", ".join(filter(None, (config.ca_file, config.cert_file, config.key_file)))
        raise ConfigError(f"nats: the certificates cannot be read from {files}: {error}") from error
    return context


def options(config: NatsConfig) -> dict[str, Any]:
    """What a client is opened with, by the files as they are now. ConfigError where they cannot be used."""
    found: dict[str, Any] = {"servers": list(config.servers), "name": config.name}
    if wants_tls(config):
        found["tls"] = tls_context(config)
    if config.nkey_seed_file:
        _check_seed(config.nkey_seed_file)
        found["nkeys_seed"] = config.nkey_seed_file
    return found


def wants_tls(config: NatsConfig) -> bool:
    """Whether nothing may go in the clear."""
    return any(server.startswith("tls://") for server in config.servers) or bool(config.ca_file)


def _check_seed(file: str) -> None:
    """The library would read it in the midst of its greeting, and say nothing of the file."""
    try:
        import nkeys

        pair = nkeys.from_seed(bytearray(Path(file).read_bytes().strip()))
        _public = pair.public_key
        pair.wipe()
    except ImportError as error:
        raise ConfigError("nats.nkey_seed_file needs the library nkeys: install nats-py[nkeys]") from error
    except OSError as error:
        raise ConfigError(f"nats.nkey_seed_file: {file} cannot be read: {error.strerror}") from error
    except (nkeys.NkeysError, ValueError, IndexError) as error:
        raise ConfigError(f"nats.nkey_seed_file: {file} holds no seed of an nkey (a line such as SU...)") from error


class Link:
    """One connection at a time. Who uses it says what to do with each new one, and waits for it with `client`."""

    def __init__(self, config: NatsConfig, *users: Attach, on_connect: Callable[[], None] = lambda: None) -> None:
        self._config = config
        self._users = list(users)
        self._on_connect = on_connect
        self._client: Client | None = None
        self._up = asyncio.Event()

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now."""
        return self._up.is_set()

    def use(self, attach: Attach) -> None:
        """Call this with each new connection, in the order of the calls."""
        self._users.append(attach)

    async def client(self) -> Client:
        """The connection; waits until there is one."""
        await self._up.wait()
        assert self._client is not None
        return self._client

    async def run(self) -> None:
        """Connect, wait for the end of the connection, connect again, until this is cancelled."""
        wait = _FIRST_WAIT
        try:
            while True:
                try:
                    client = await self.connect()
                except (Unreachable, ConfigError) as error:
                    log.warning("%s; trying again in %.1f s", error, wait)
                    await asyncio.sleep(wait)
                    wait = min(wait * 2, _LONGEST_WAIT)
                    continue
                wait = _FIRST_WAIT
                # Its own word of its end may take half a minute: it says goodbye to a server that does not listen.
                while client.is_connected:
                    await asyncio.sleep(_LOOK)
                self._up.clear()
                log.warning("the connection to NATS was lost; connecting again")
        finally:
            await self.close()

    async def connect(self) -> Client:
        """One attempt. Unreachable or ConfigError where it fails."""
        self._client = await self._open()
        try:
            for attach in self._users:
                await attach(self._client)
        except nats.errors.Error as error:
            raise Unreachable(f"NATS does not do what is asked of it: {error}") from error
        self._up.set()
        self._on_connect()
        log.info("connected to NATS at %s", self._client.connected_url.netloc if self._client.connected_url else "?")
        return self._client

    async def _open(self) -> Client:
        async def on_error(error: Exception) -> None:
            log.warning("NATS: %s", str(error) or type(error).__name__)

        client = Client()
        try:
            await client.connect(
                **options(self._config),
                error_cb=on_error,
                allow_reconnect=False,
                connect_timeout=_CONNECT_SECONDS,
                ping_interval=_PING_SECONDS,
                max_outstanding_pings=_PINGS,
            )
        except (OSError, nats.errors.Error, asyncio.TimeoutError, ValueError) as error:
            servers = ", ".join(self._config.servers)
            raise Unreachable(f"NATS at {servers} cannot be reached: {str(error) or type(error).__name__}") from error
        await self._refuse_clear(client)
        return client

    async def _refuse_clear(self, client: Client) -> None:
        """Whoever stands between may take the offer of TLS away, and the library then goes on in the clear."""
        if wants_tls(self._config) and not client._server_info.get("tls_required"):
            await client.close()
            raise Unreachable(f"NATS at {', '.join(self._config.servers)} does not speak TLS, which it must")

    async def close(self) -> None:
        """End the connection; what was sent before is on its way."""
        self._up.clear()
        if self._client is not None and not self._client.is_closed:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._client.close(), _GOODBYE)
