# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client of Anchore Engine's API: one connection a thread that is kept, retries, TLS, bounded and typed answers.

The standard library alone: it runs on targets, in the admission webhook and in the image gate. Source of the contract:
the engine's Swagger document, version 1.1.0.
"""

from __future__ import annotations

import base64
import http.client
import json
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.errors import AnchoreError

# An answer larger than this is not read: a content list of a large image has some 20 MB.
_LARGEST = 256 * 1024 * 1024
_LONGEST_PAUSE = 30.0
_PASSING = (429, 502, 503, 504)
_BY_STATUS = {401: "unauthorised", 403: "forbidden", 404: "not_found", 409: "conflict", 400: "refused"}


@dataclass(frozen=True)
class Answer:
    """Status, the decoded JSON (None for an empty body), and the headers by their names in lower case."""

    status: int
    value: Any
    headers: Mapping[str, str]


class AnchoreClient:
    """Safe to be used by several threads: each has a connection of its own.

    url: with or without the path /v1. account: act for this account (needs the rights of an administrator).
    timeout: seconds for the connection and for each answer. retries: how often what has no effect is asked again.
    """

    def __init__(
        self,
        url: str,
        user: str,
        password: str,
        *,
        account: str = "",
        ca_file: str | None = None,
        verify: bool = True,
        timeout: float = 30.0,
        retries: int = 3,
    ) -> None:
        self._host, self._port, self._base, secure = _address(url)
        self._context = _context(ca_file, verify) if secure else None
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}", "Accept": "application/json"}
        if account:
            self._headers["x-anchore-account"] = account
        self._secrets = [secret for secret in (password, token) if secret]
        self._timeout, self._retries = timeout, retries
        self._own = threading.local()
        self._lock = threading.Lock()
        self._connections: list[http.client.HTTPConnection] = []
        self.requests = 0
        """How many requests were sent, retries included."""

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        deadline: float | None = None,
    ) -> Answer:
        """The answer to a request; `path` is below /v1. deadline: of time.monotonic(). Raises AnchoreError.

        GET, PUT and DELETE are repeated where the connection breaks or the engine is busy. A POST is repeated only
        where it was not sent, for its effect is not known otherwise.
        """
        target = self._target(path, query)
        payload = None if body is None else json.dumps(body).encode()
        attempt = 0
        while True:
            try:
                answer = self._once(method, target, payload, deadline)
                if answer.status not in _PASSING or attempt >= self._retries or method == "POST":
                    return self._judged(method, target, answer)
                pause = _pause(attempt, answer.headers.get("retry-after"))
            except _BrokenError as exc:
                if attempt >= self._retries or (method == "POST" and exc.sent):
                    raise AnchoreError(exc.kind, f"{self._where()}: {self.scrubbed(str(exc))}") from exc
                pause = _pause(attempt)
            attempt += 1
            if deadline is not None and time.monotonic() + pause >= deadline:
                raise AnchoreError("timeout", f"{self._where()}: no answer in the time that was left")
            time.sleep(pause)

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, deadline: float | None = None) -> Any:
        """The JSON behind a path."""
        return self.request("GET", path, query=query, deadline=deadline).value

    def post(self, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON that comes of a POST."""
        return self.request("POST", path, query=query, body=body).value

    def put(self, path: str, body: Any = None, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON that comes of a PUT."""
        return self.request("PUT", path, query=query, body=body).value

    def delete(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON that comes of a DELETE."""
        return self.request("DELETE", path, query=query).value

    def scrubbed(self, text: str) -> str:
        """A text of others without our own secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "********")
        return text

    def __enter__(self) -> AnchoreClient:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            connections, self._connections = self._connections, []
        for connection in connections:
            connection.close()

    def _target(self, path: str, query: Mapping[str, Any] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in given.items()}
        return f"{self._base}{quote(path, safe='/:@')}" + (f"?{urlencode(words)}" if words else "")

    def _once(self, method: str, target: str, payload: bytes | None, deadline: float | None) -> Answer:
        seconds = self._timeout if deadline is None else min(self._timeout, deadline - time.monotonic())
        if seconds <= 0:
            raise AnchoreError("timeout", f"{self._where()}: no answer in the time that was left")
        connection, sent = self._connection(seconds), False
        headers = {**self._headers, "Content-Type": "application/json"} if payload is not None else self._headers
        with self._lock:
            self.requests += 1
        try:
            connection.request(method, target, payload, headers)
            sent = True
            response = connection.getresponse()
            text = _read(response, time.monotonic() + seconds)
        except Exception as exc:
            self._drop(connection)
            raise _broken(exc, seconds, sent) from exc
        named = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self._drop(connection)
        return Answer(response.status, self._decoded(target, response.status, text), named)

    def _connection(self, seconds: float) -> http.client.HTTPConnection:
        known: http.client.HTTPConnection | None = getattr(self._own, "connection", None)
        if known is not None and known.sock is not None and select.select([known.sock], [], [], 0)[0]:
            # Readable without a question: the engine has closed it. A POST on it would fail, and must not be repeated.
            self._drop(known)
            known = None
        if known is not None:
            if known.sock is not None:
                known.sock.settimeout(seconds)
            known.timeout = seconds
            return known
        if self._context is not None:
            made: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=seconds, context=self._context
            )
        else:
            made = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        self._own.connection = made
        with self._lock:
            self._connections.append(made)
        return made

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        self._own.connection = None
        with self._lock:
            if connection in self._connections:
                self._connections.remove(connection)

    def _decoded(self, target: str, status: int, text: bytes) -> Any:
        if not text.strip():
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as exc:
            if status >= 400:
                # Proxies answer in HTML; the status says enough.
                return None
            raise AnchoreError(
                "invalid_answer", f"{self._where()}: the answer to {target} is not JSON", status
            ) from exc

    def _judged(self, method: str, target: str, answer: Answer) -> Answer:
        if 200 <= answer.status < 300:
            return answer
        if 300 <= answer.status < 400:
            # Whoever answers so could be anybody: the credentials go nowhere else.
            message = f"{self._where()}: {method} {target} was redirected, which the engine never does"
            raise AnchoreError("invalid_answer", message, answer.status)
        kind = _BY_STATUS.get(answer.status, "server_error" if answer.status >= 500 else "refused")
        said = self.scrubbed(_said(answer.value))
        message = f"{self._where()}: {method} {target.partition('?')[0]} answered {answer.status}"
        raise AnchoreError(kind, f"{message}: {said}" if said else message, answer.status)

    def _where(self) -> str:
        return f"Anchore at {self._host}:{self._port}"


class _BrokenError(Exception):
    """No whole answer: `sent` tells whether the engine may have acted on the request."""

    def __init__(self, kind: str, message: str, sent: bool) -> None:
        super().__init__(message)
        self.kind, self.sent = kind, sent


def _broken(exc: Exception, seconds: float, sent: bool) -> Exception:
    if isinstance(exc, AnchoreError):
        return exc
    if isinstance(exc, ssl.SSLCertVerificationError):
        return AnchoreError("unreachable", f"Anchore's certificate is not to be trusted: {exc.verify_message}")
    # Before Python 3.10 a socket's own is no TimeoutError.
    if isinstance(exc, (TimeoutError, socket.timeout)):
        return _BrokenError("timeout", f"no answer within {seconds:.0f} s", sent)
    if isinstance(exc, http.client.IncompleteRead):
        return _BrokenError("invalid_answer", "the answer broke off", sent)
    if isinstance(exc, (OSError, http.client.HTTPException)):
        reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        return _BrokenError("unreachable", f"it cannot be reached: {' '.join(str(reason).split())[:200]}", sent)
    return exc


def _read(response: http.client.HTTPResponse, end: float) -> bytes:
    """The body. A server that sends a byte now and then is not waited for longer than until `end`."""
    pieces, size = [], 0
    while piece := response.read1(1 << 20) if response.length is None else response.read(1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > _LARGEST:
            raise AnchoreError("invalid_answer", "Anchore's answer is larger than 256 MB")
        if time.monotonic() > end:
            raise TimeoutError
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return b"".join(pieces)


def _pause(attempt: int, retry_after: str | None = None) -> float:
    """Seconds before the next attempt: what the server asks for, or 0.2, 0.4, 0.8 … and a little more, by chance."""
    if retry_after and retry_after.strip().isdigit():
        return min(float(retry_after), _LONGEST_PAUSE)
    return min(0.2 * 2.0**attempt, _LONGEST_PAUSE) * random.uniform(1.0, 1.5)


def _said(value: Any) -> str:
    """What the engine says of an error: {message, httpcode, detail}; the first problems of a bundle with it."""
    if not isinstance(value, Mapping):
        return ""
    said = str(value.get("message") or "")[:500]
    detail = value.get("detail")
    problems = detail.get("validation_details") if isinstance(detail, Mapping) else None
    if isinstance(problems, list) and problems:
        told = "; ".join(str(row.get("message") if isinstance(row, Mapping) else row)[:200] for row in problems[:3])
        said = f"{said}: {told}" if said else told
    codes = detail.get("error_codes") if isinstance(detail, Mapping) else None
    if isinstance(codes, list) and codes and codes[0]:
        said = f"{said} ({', '.join(map(str, codes[:3]))})"
    return " ".join(said.split())


def _address(url: str) -> tuple[str, int, str, bool]:
    """Host, port, base path and whether TLS is spoken. Raises AnchoreError for what is no address of an engine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise AnchoreError("usage", f"url: not an address: {exc}") from exc
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AnchoreError("usage", "url: write https://host:port/v1")
    if parts.username is not None or parts.password is not None:
        raise AnchoreError("usage", "url: user and password do not belong in it; use the options for them")
    if parts.query or parts.fragment:
        raise AnchoreError("usage", "url: nothing may follow the path")
    path = parts.path.rstrip("/")
    base = path if path.endswith("/v1") else f"{path}/v1"
    return parts.hostname, port or (443 if parts.scheme == "https" else 80), base, parts.scheme == "https"


def _context(ca_file: str | None, verify: bool) -> ssl.SSLContext:
    if not verify:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise AnchoreError("usage", f"ca_path: {ca_file} cannot be read as certificates") from exc
