# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Docker Engine behind its socket, as plain JSON over kept-alive connections. Docker 19.03 and later.

Paths have no version: the Engine then answers in its own newest, and what is used here is the same in all of them. A
fixed old one is refused by new Engines (from 29 on, below 1.44).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.http_body import read_at_most

_LARGEST_ANSWER = 16 * 1024 * 1024
_SERVER_FAULT = 500
_GOOD = (200, 201, 204, 304)


class EngineError(Exception):
    """The Engine answered, and refused. `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        """message: the Engine's sentence."""
        super().__init__(f"the Docker Engine answers {status}: {message}")
        self.status = status


class DockerApi:
    """settings: socket (a path). Nothing is taken from the environment.

    Every method raises Unreachable where a later try may succeed, and EngineError for each other refusal.
    """

    def __init__(self, settings: Mapping[str, Any], timeout: float = 30.0) -> None:
        """ConfigError for settings that cannot be used. Nothing is connected to yet."""
        self._socket = str(settings.get("socket") or "").removeprefix("unix://")
        if not self._socket.startswith("/"):
            raise ConfigError("docker.socket: must be the path of the Engine's socket")
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON at `path`."""
        _status, answer = await self._send("GET", path, params=params)
        return json.loads(answer)

    async def post(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        patience: float = 0,
    ) -> int:
        """The status: 304 where it is so already. patience: seconds that the Engine may take beyond the usual."""
        status, _answer = await self._send("POST", path, body, params=params, patience=patience)
        return status

    async def close(self) -> None:
        """Close the connections; another request opens them again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.UnixConnector(self._socket)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str] | None = None,
        patience: float = 0,
    ) -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=self._timeout + patience)
        url = f"http://docker{path}"
        try:
            async with self._connections().request(
                method, url, params=params, json=body, allow_redirects=False, timeout=timeout
            ) as response:
                answer, more = await read_at_most(response, _LARGEST_ANSWER)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            cause = str(error) or type(error).__name__
            raise Unreachable(f"the Docker Engine at {self._socket} does not answer: {cause}") from error
        if response.status in _GOOD and not more:
            return response.status, answer
        message = f"an answer of more than {_LARGEST_ANSWER} bytes" if more else _message(answer)
        if response.status > _SERVER_FAULT:
            raise Unreachable(f"the Docker Engine answers {response.status}: {message}")
        raise EngineError(response.status, message)


def _message(answer: bytes) -> str:
    try:
        return str(json.loads(answer)["message"])[:1000]
    except (ValueError, TypeError, KeyError):
        return answer[:200].decode(errors="replace")
