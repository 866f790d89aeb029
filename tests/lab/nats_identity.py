# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who connects to a NATS server under test, and what the server lets it do."""

from __future__ import annotations

import asyncio
import gc
import ssl
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nats
from nats.aio.client import Client


def forget_connections() -> None:
    """Collect what the library leaves of refused and closed connections, which it would else tell of in any test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@dataclass(frozen=True)
class Identity:
    """A user by its folder (`ca.pem`, `cert.pem`, `key.pem`, `user.nk`), at the address of a server.

    certificate, nkey: without one of them, to see that it is needed.
    """

    url: str
    folder: Path
    certificate: bool = True
    nkey: bool = True

    @property
    def module_arguments(self) -> dict[str, Any]:
        """As options of our modules."""
        files = {"ca_file": "ca.pem"}
        files |= {"cert_file": "cert.pem", "key_file": "key.pem"} if self.certificate else {}
        files |= {"nkey_seed_file": "user.nk"} if self.nkey else {}
        return {"servers": [self.url], **{option: str(self.folder / name) for option, name in files.items()}}

    async def connect(self, **more: Any) -> Client:
        """A connection, or the first refusal."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        if self.certificate:
            context.load_cert_chain(str(self.folder / "cert.pem"), str(self.folder / "key.pem"))
        options: dict[str, Any] = {"tls": context, "allow_reconnect": False, "connect_timeout": 10, **more}
        if self.nkey:
            options["nkeys_seed"] = str(self.folder / "user.nk")
        return await asyncio.wait_for(nats.connect(self.url, **options), 30)

    def refusal(self) -> str:
        """Why the server does not let it in; empty where it does."""

        async def attempt() -> str:
            try:
                connection = await self.connect()
            except Exception as error:  # noqa: BLE001 # whatever it is, it is what the test looks at
                return str(error) or type(error).__name__
            await connection.close()
            return ""

        reason = asyncio.run(attempt())
        forget_connections()
        return reason

    def publish(self, *subjects: str, payload: bytes = b"{}") -> list[str]:
        """Publish to each; what the server complained of."""

        async def act(connection: Client) -> None:
            for subject in subjects:
                await connection.publish(subject, payload)

        complaints = asyncio.run(self._complaints(act))
        forget_connections()
        return complaints

    def subscribe(self, *subjects: str) -> list[str]:
        """Subscribe to each; what the server complained of."""

        async def act(connection: Client) -> None:
            for subject in subjects:
                await connection.subscribe(subject)

        complaints = asyncio.run(self._complaints(act))
        forget_connections()
        return complaints

    async def _complaints(self, act: Callable[[Client], Awaitable[None]]) -> list[str]:
        heard: list[str] = []

        async def complain(error: Exception) -> None:
            heard.append(str(error).lower())

        connection = await self.connect(error_cb=complain)
        try:
            await act(connection)
        except BaseException:
            await connection.close()
            raise
        # What the server has to say of it comes before the answer to a ping. The answer to the ping of the connection
        # itself may still be on its way, and the library takes it for that to the first of these.
        await connection.flush(timeout=30)
        await connection.flush(timeout=30)
        # The end of a connection has complaints of its own.
        complaints = list(heard)
        await connection.close()
        return complaints
