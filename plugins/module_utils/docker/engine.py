# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small client of the Docker Engine API, over a unix socket or TCP with TLS.

It needs the standard library alone. The Docker SDK would cost 136 ms of CPU before the first request, a third of
what a whole audit of fifty containers may take, and its releases before 7.1 fail beside requests 2.32 and later,
which is what many a host has. The interface is the one documented at https://docs.docker.com/reference/api/engine/.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

# 1.39 belongs to Docker 18.09; engines say themselves the newest version they speak.
OLDEST_API = (1, 39)
NEWEST_API = (1, 51)


class DockerError(Exception):
    """Anything wrong with Docker that a user can act upon; the message is one sentence for the user."""


class EngineUnreachable(DockerError):
    """Nothing answers at the given address."""


class EnginePermission(DockerError):
    """The socket is there, but we may not use it."""


class EngineStatus(DockerError):
    """The engine answered with an error; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class TlsFiles:
    """Paths of PEM files for a TCP connection; `ca` None means the system's authorities."""

    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    verify: bool = True


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Engine:
    """One engine, one kept-alive connection, and a count of the requests made over it."""

    def __init__(self, docker_host: str, *, timeout: float = 30, tls: TlsFiles | None = None) -> None:
        self.docker_host = docker_host
        self.requests = 0
        self._version: dict[str, Any] | None = None
        self._prefix = ""
        self._timeout = timeout
        self._tls = tls
        self._connection = self._open()

    @property
    def socket_path(self) -> str | None:
        """The unix socket's path, or None for a TCP address."""
        return self.docker_host[len("unix://") :] if self.docker_host.startswith("unix://") else None

    def version(self) -> dict[str, Any]:
        """The answer of GET /version, asked for once; from then on requests name the API version agreed on."""
        if self._version is None:
            self._version = self._call("GET", "/version")
            self._prefix = "/v" + self._agreed(self._version)
        return self._version

    def ping(self) -> None:
        """Raise a DockerError unless the engine answers GET /_ping."""
        self._raw("GET", "/_ping", None)

    def get(self, path: str, **query: object) -> Any:
        """The JSON answer of a GET; `query` values of None are left out, dicts and lists are sent as JSON."""
        self.version()
        return self._call("GET", self._prefix + _with_query(path, query))

    def post(self, path: str, body: object = None, **query: object) -> Any:
        """The JSON answer of a POST with a JSON body, None where the engine answers with nothing."""
        self.version()
        return self._call("POST", self._prefix + _with_query(path, query), body)

    def stream(self, resource: str, **query: object) -> Iterator[bytes]:
        """The answer of a GET in pieces of 64 KiB, for archives; read it to its end before the next call.

        resource: the path of the request; archives have a query of that name.
        """
        self.version()
        response = self._send("GET", self._prefix + _with_query(resource, query), None)
        if response.status >= 400:
            raise _refusal(response.status, response.read(), resource)
        while True:
            piece = response.read(65536)
            if not piece:
                return
            yield piece

    def close(self) -> None:
        """End the connection; the next request opens a new one."""
        self._connection.close()

    def _open(self) -> http.client.HTTPConnection:
        address = urlsplit(self.docker_host)
        if address.scheme == "unix" and self.socket_path:
            return _UnixConnection(self.socket_path, self._timeout)
        if address.scheme == "tcp" and address.hostname:
            port = address.port or (2376 if self._tls else 2375)
            if self._tls:
                context = _tls_context(self._tls)
                return http.client.HTTPSConnection(address.hostname, port, timeout=self._timeout, context=context)
            return http.client.HTTPConnection(address.hostname, port, timeout=self._timeout)
        raise DockerError(
            f"docker_host {self.docker_host!r} is not an address: write unix:///path/to/docker.sock or tcp://host:port"
        )

    def _agreed(self, version: dict[str, Any]) -> str:
        spoken = str(version.get("ApiVersion", ""))
        try:
            newest = tuple(int(part) for part in spoken.split("."))
        except ValueError as exc:
            raise DockerError(f"{self.docker_host} does not answer like a Docker Engine (no ApiVersion)") from exc
        if newest < OLDEST_API:
            raise DockerError(
                f"Docker {version.get('Version')} at {self.docker_host} is too old (API {spoken}): "
                "18.09 (API 1.39) or later is needed"
            )
        return ".".join(str(part) for part in min(newest, NEWEST_API))

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = self._raw(method, path, body)
        if not answer.strip():
            return None
        try:
            return json.loads(answer)
        except ValueError as exc:
            raise DockerError(f"{self.docker_host} answered {path} with something that is not JSON") from exc

    def _raw(self, method: str, path: str, body: object) -> bytes:
        response = self._send(method, path, body)
        try:
            answer = response.read()
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            raise EngineUnreachable(f"{self.docker_host} broke off in the middle of its answer to {path}") from exc
        if response.status >= 400:
            raise _refusal(response.status, answer, path)
        return answer

    def _send(self, method: str, path: str, body: object) -> http.client.HTTPResponse:
        try:
            return self._exchange(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as exc:
            # The engine closed an idle connection, which is no fault. What changes something is not sent twice.
            self._connection.close()
            if method != "GET":
                raise self._unreachable(exc) from exc
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            raise self._unreachable(exc) from exc
        try:
            return self._exchange(method, path, body)
        except (OSError, http.client.HTTPException) as exc:
            self._connection.close()
            raise self._unreachable(exc) from exc

    def _exchange(self, method: str, path: str, body: object) -> http.client.HTTPResponse:
        payload = None if body is None else json.dumps(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        self.requests += 1
        self._connection.request(method, path, payload, headers)
        return self._connection.getresponse()

    def _unreachable(self, exc: Exception) -> DockerError:
        where = self.docker_host
        if isinstance(exc, PermissionError):
            return EnginePermission(
                f"No permission to use {where}: run as root (become: true) or as a member of the socket's group"
            )
        if isinstance(exc, FileNotFoundError):
            return EngineUnreachable(f"There is no Docker socket at {where}: is docker_host right, does dockerd run?")
        if isinstance(exc, ConnectionRefusedError):
            return EngineUnreachable(f"Nothing listens at {where}: dockerd is not running")
        if isinstance(exc, ssl.SSLError):
            return EngineUnreachable(
                f"TLS with {where} failed: {exc.reason or exc}; check ca_path, client_cert, client_key"
            )
        if isinstance(exc, socket.timeout):
            return EngineUnreachable(f"{where} did not answer within {self._timeout:g} s")
        return EngineUnreachable(f"{where} cannot be reached: {str(exc) or type(exc).__name__}")


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=files.ca)
        if not files.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if files.cert:
            context.load_cert_chain(files.cert, files.key)
    except (OSError, ssl.SSLError) as exc:
        named = ", ".join(path for path in (files.ca, files.cert, files.key) if path)
        raise DockerError(f"The TLS files cannot be used ({named}): {exc}") from exc
    return context


def _with_query(path: str, query: dict[str, object]) -> str:
    pairs = {name: _query_value(value) for name, value in query.items() if value is not None}
    return quote(path, safe="/:@") + ("?" + urlencode(pairs) if pairs else "")


def _query_value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _refusal(status: int, answer: bytes, path: str) -> DockerError:
    try:
        message = json.loads(answer)["message"]
    except (ValueError, KeyError, TypeError):
        message = answer.decode("utf-8", "replace").strip()[:200] or http.client.responses.get(status, "")
    return EngineStatus(status, f"The engine refused {path} with {status}: {message}")
