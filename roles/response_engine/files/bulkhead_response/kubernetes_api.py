# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server, as plain JSON over kept-alive connections. Only the server and the credential that are configured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.http_body import read_at_most, seconds_to_wait
from bulkhead_response.kubernetes_credential import Credential
from bulkhead_response.loopback import is_loopback

MERGE = "application/merge-patch+json"
_JSON = "application/json"
_LARGEST_ANSWER = 64 * 1024 * 1024
_PAGE = 500
# An API server closes a connection that has been idle for 90 seconds; to be earlier spares a request that is lost.
_KEEP_ALIVE = 60.0
_CONNECT_TIMEOUT = 5.0
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_CONFLICT = 409
_TOO_MANY = 429
_SERVER_FAULT = 500
_GOOD = (200, 201, 202)


class ApiError(Exception):
    """The API server answered, and refused. `status` is the HTTP status, `reason` such as NotFound, Conflict."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        """message: the server's sentence."""
        super().__init__(f"the API server answers {status} {reason}: {message}")
        self.status = status
        self.reason = reason

    @property
    def is_passing(self) -> bool:
        """Whether a later try may be answered otherwise.

        Others change the object at the same time; an API server that has just started knows no roles for a moment.
        """
        return self.status in (_FORBIDDEN, _CONFLICT)


def _server(settings: Mapping[str, Any]) -> str:
    server = str(settings.get("server") or "").rstrip("/")
    parts = urlsplit(server)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ConfigError("kubernetes.server: must be an https:// URL (http:// only on the loopback)")
    if parts.username or parts.query or parts.fragment:
        raise ConfigError("kubernetes.server: must be scheme, host, port and perhaps a path")
    return server


class KubernetesApi:
    """settings: server, ca_file, token_file, cert_file, key_file. Nothing is taken from the environment.

    Every method raises Unreachable where a later try may succeed (no connection, no answer in `timeout` seconds, 5xx,
    429, a credential that is not accepted), and ApiError for each other refusal.
    """

    def __init__(self, settings: Mapping[str, Any], timeout: float = 30.0) -> None:
        """ConfigError for settings or files that cannot be used. Nothing is connected to yet."""
        self._server = _server(settings)
        self._credential = Credential(settings, self._server.startswith("https:"))
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(timeout, _CONNECT_TIMEOUT))
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The object or list at `path`."""
        return json.loads(await self._send("GET", path, params=params))

    async def items(
        self, path: str, params: Mapping[str, str] | None = None, *, accept: str = _JSON
    ) -> AsyncIterator[dict[str, Any]]:
        """The objects of a list, read by pages. accept: another form of them, such as their metadata alone."""
        query = {**(params or {}), "limit": str(_PAGE)}
        while True:
            page = json.loads(await self._send("GET", path, params=query, accept=accept))
            for item in page.get("items") or []:
                yield item
            following = page.get("metadata", {}).get("continue")
            if not following:
                return
            query["continue"] = following

    async def text(self, path: str, params: Mapping[str, str] | None = None) -> bytes:
        """What is no JSON, such as a log."""
        return await self._send("GET", path, params=params)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Make an object; what was made."""
        return json.loads(await self._send("POST", path, body))

    async def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Replace an object; what it is now."""
        return json.loads(await self._send("PUT", path, body))

    async def patch(self, path: str, body: Any, content_type: str = MERGE) -> Any:
        """Change parts of an object; what it is now."""
        return json.loads(await self._send("PATCH", path, body, content_type=content_type))

    async def delete(self, path: str, options: Mapping[str, Any] | None = None) -> Any:
        """Delete an object. options: the fields of DeleteOptions, such as preconditions."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", **(options or {})}
        return json.loads(await self._send("DELETE", path, body))

    async def close(self) -> None:
        """Close the connections; another request opens them again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _connections(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._credential.tls or False, keepalive_timeout=_KEEP_ALIVE)
            self._session = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, trust_env=False
            )
        return self._session

    async def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, str] | None = None,
        content_type: str = _JSON,
        accept: str = f"{_JSON}, */*",
    ) -> bytes:
        headers = {"Accept": accept, "User-Agent": "bulkhead-response", **self._credential.headers()}
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), content_type
        session = self._connections()
        try:
            async with session.request(
                method, self._server + path, params=params, data=data, headers=headers, allow_redirects=False
            ) as response:
                answer, more = await read_at_most(response, _LARGEST_ANSWER)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise Unreachable(f"the API server {self._server} does not answer: {_cause(error)}") from error
        if response.status == _UNAUTHORIZED:
            await (
                self.close()
            )  # a certificate that has run out stays with its connections, also when there is a new one
        _judge(response, answer, more)
        return answer


def _cause(error: BaseException) -> str:
    return str(error) or type(error).__name__


def _judge(response: aiohttp.ClientResponse, answer: bytes, more: bool) -> None:
    """Nothing for a good answer; else what it means."""
    if response.status in _GOOD and not more:
        return
    if more:
        raise ApiError(response.status, "TooLarge", f"an answer of more than {_LARGEST_ANSWER} bytes")
    reason, message = _status(answer, response.reason or "")
    if response.status in (_UNAUTHORIZED, _TOO_MANY) or response.status >= _SERVER_FAULT:
        sentence = f"the API server answers {response.status} {reason}: {message}"
        raise Unreachable(sentence, seconds_to_wait(response))
    raise ApiError(response.status, reason, message)


def _status(answer: bytes, default: str) -> tuple[str, str]:
    """(reason, message) of a Status; whatever stands between us and the API server answers otherwise."""
    try:
        status = json.loads(answer)
        return str(status["reason"] or default), str(status["message"])[:1000]
    except (ValueError, TypeError, KeyError):
        return default, answer[:200].decode(errors="replace")
