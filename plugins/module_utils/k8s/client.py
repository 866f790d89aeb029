# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small client of the Kubernetes API: JSON in, JSON out, over the connection pool of the `kubernetes` library.

The library knows kubeconfigs, proxies and TLS. Its typed API is left alone: importing one V1Api costs 650 ms, and
turning objects into classes costs more than judging them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import urlencode

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import (
    ApiStatus,
    ConnectionOptionsError,
    K8sError,
    Unreachable,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.wire import (
    Query,
    decoded,
    flat,
    pause,
    seconds,
    unreachable,
)

try:
    import urllib3
    from urllib3 import exceptions as trouble
    from urllib3._collections import HTTPHeaderDict
except ImportError:  # the module says so, with the way to install the library
    HAS_URLLIB3 = False
else:
    HAS_URLLIB3 = True

JSON = "application/json"
APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
# What a server sends instead of whole objects: their metadata, or a table of printed columns with the metadata.
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"

_RETRIES = 4
_CONNECT_TIMEOUT = 10.0
# POSTs that ask a question and store nothing.
_QUESTIONS = (
    *("subjectaccessreviews", "selfsubjectaccessreviews", "localsubjectaccessreviews"),
    *("selfsubjectrulesreviews", "selfsubjectreviews", "tokenreviews"),
)


class Configuration(Protocol):
    """The part of `kubernetes.client.Configuration` that is read here."""

    host: str
    ssl_ca_cert: str | None
    cert_file: str | None
    verify_ssl: bool

    def auth_settings(self) -> Any:
        """{"BearerToken": {"value": "Bearer …"}}, renewed by the library where it has expired."""


@dataclass(frozen=True)
class Version:
    """The version of a server: numbers, and its own text such as v1.20.2."""

    major: int
    minor: int
    git: str

    @property
    def text(self) -> str:
        """Major and minor, as in 1.20."""
        return f"{self.major}.{self.minor}"

    def at_least(self, major: int, minor: int) -> bool:
        """Whether the server is of this version or a later one."""
        return (self.major, self.minor) >= (major, minor)


@dataclass(frozen=True)
class Answer:
    """One answer of the server: HTTP status, headers by lower-case name, and the JSON body."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Cluster:
    """One API server. Any number of threads may use it; `requests` and `writes` count what was sent."""

    def __init__(
        self,
        configuration: Configuration,
        pool: Any,
        *,
        timeout: float = 30.0,
        headers: Iterable[tuple[str, str]] = (),
    ) -> None:
        """pool: the urllib3 pool manager made for the configuration. timeout: seconds for each answer.

        headers: sent with each request; a name may stand there several times, as Impersonate-Group does.
        """
        self.address = configuration.host.rstrip("/")
        self.requests = 0
        self.writes = 0
        self._configuration = configuration
        self._pool = pool
        self._timeout = timeout
        self._extra = tuple(headers)
        self._lock = threading.Lock()
        self._authorization = self._credentials()

    @cached_property
    def version(self) -> Version:
        """The server's version, asked for once."""
        body = self.get("/version")
        if not isinstance(body, Mapping) or "gitVersion" not in body:
            raise K8sError(f"{self.address} is no Kubernetes API server: its /version says nothing of a version")
        return Version(_number(body.get("major")), _number(body.get("minor")), str(body["gitVersion"]))

    @property
    def verifies(self) -> bool:
        """Whether the certificate of the server is checked."""
        return self._configuration.verify_ssl

    @property
    def ca_file(self) -> str | None:
        """The PEM file of the authority by which the server is known; None for those that the system trusts."""
        return self._configuration.ssl_ca_cert

    @property
    def client_certificate_file(self) -> str | None:
        """The PEM file of the certificate that this client logs in with, None where it has another credential."""
        return self._configuration.cert_file

    @property
    def bearer_token(self) -> str:
        """The token that this client logs in with, empty where it has another credential. It is a secret."""
        return self._authorization.removeprefix("Bearer ")

    def identity(self) -> str:
        """What tells this cluster from every other one: the uid of its namespace kube-system."""
        return str(self.get("/api/v1/namespaces/kube-system", accept=f"{METADATA},{JSON}")["metadata"]["uid"])

    def get(self, path: str, *, query: Query | None = None, accept: str | None = None) -> Any:
        """The JSON body of a GET. Raises ApiStatus or Unreachable."""
        return self.send("GET", path, query=query, accept=accept).body

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Query | None = None,
        content_type: str = JSON,
        accept: str | None = None,
        timeout: float | None = None,
    ) -> Any:
        """The JSON body of the answer. Raises ApiStatus or Unreachable."""
        return self.send(
            method, path, body, query=query, content_type=content_type, accept=accept, timeout=timeout
        ).body

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Query | None = None,
        content_type: str = JSON,
        accept: str | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Ask, and ask again where that is safe: a GET after any passing trouble, all else when told to come later.

        body: JSON-able, or bytes that are sent as they are. Raises ApiStatus or Unreachable.
        """
        target = path + ("?" + urlencode(flat(query)) if query else "")
        payload = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Accept": accept or JSON, "User-Agent": "bulkhead.container_security"}
        if payload is not None:
            headers["Content-Type"] = content_type
        self._count(method, path, query)
        limit = timeout or self._timeout
        return self._persist(method, lambda: self._once(method, target, payload, headers, limit), limit)

    def pages(
        self, path: str, *, query: Query | None = None, accept: str | None = None, limit: int = 500
    ) -> Iterator[dict[str, Any]]:
        """The List objects of a paged list, `limit` items each; let each go before the next one.

        When the snapshot behind the pages has expired (410), the server's own continuation is followed: the rest
        of the list is then of a later moment. Raises ApiStatus or Unreachable.
        """
        token: str | None = None
        while True:
            page = self._page(path, {**(query or {}), "limit": limit, "continue": token}, accept)
            yield page
            token = (page.get("metadata") or {}).get("continue") or None
            if token is None:
                return

    def close(self) -> None:
        """End the kept-alive connections."""
        self._pool.clear()

    def _page(self, path: str, query: dict[str, object], accept: str | None) -> dict[str, Any]:
        try:
            page = self.get(path, query=query, accept=accept)
        except ApiStatus as exc:
            later = (exc.body.get("metadata") or {}).get("continue")
            if exc.status != 410 or not later:
                raise
            page = self.get(path, query={**query, "continue": later}, accept=accept)
        if not isinstance(page, dict):
            raise K8sError(f"{self.address}{path}: the answer is no list")
        return page

    def _persist(self, method: str, once: Callable[[], Answer], limit: float) -> Answer:
        """Ask until there is an answer that asking again would not change, or until the time is up."""
        deadline = time.monotonic() + limit
        for attempt in range(_RETRIES + 1):
            try:
                return once()
            except (ApiStatus, Unreachable) as exc:
                if isinstance(exc, ApiStatus) and exc.status == 401 and self._renewed():
                    continue
                wait = pause(method, exc, attempt)
                if wait is None or attempt == _RETRIES or time.monotonic() + wait > deadline:
                    raise
            time.sleep(wait)
        raise AssertionError("the last attempt either answers or raises")

    def _once(
        self, method: str, target: str, payload: bytes | None, headers: Mapping[str, str], limit: float
    ) -> Answer:
        timeout = urllib3.Timeout(connect=min(limit, _CONNECT_TIMEOUT), read=limit)
        sent = HTTPHeaderDict(headers)
        for name, value in self._extra:
            sent.add(name, value)
        if self._authorization:
            sent["Authorization"] = self._authorization
        try:
            response = self._pool.request(
                method,
                self.address + target,
                body=payload,
                headers=sent,
                timeout=timeout,
                retries=False,
                redirect=False,
            )
        except (trouble.HTTPError, OSError) as exc:
            raise unreachable(self.address, exc, limit) from exc
        except ValueError as exc:  # its message quotes the header, which may be the token
            raise ConnectionOptionsError(
                f"{self.address}: a token or a name to impersonate holds a character that no header can"
            ) from exc
        return self._answer(method, target, response)

    def _answer(self, method: str, target: str, response: Any) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        body = decoded(response.data, headers.get("content-type", ""))
        if 200 <= response.status < 300:
            return Answer(response.status, headers, body)
        what = f"{method} {self.address}{target.split('?', maxsplit=1)[0]}"
        raise ApiStatus(response.status, body, what, seconds(headers.get("retry-after")))

    def _count(self, method: str, path: str, query: Query | None) -> None:
        asks = method == "GET" or path.rsplit("/", maxsplit=1)[-1] in _QUESTIONS or bool((query or {}).get("dryRun"))
        with self._lock:
            self.requests += 1
            self.writes += not asks

    def _credentials(self) -> str:
        """The header Authorization. A file of a token often ends in a new line, which is none of the token."""
        return str((self._configuration.auth_settings().get("BearerToken") or {}).get("value") or "").strip()

    def _renewed(self) -> bool:
        """Whether the library has another token by now, as from an exec plugin."""
        with self._lock:
            before, self._authorization = self._authorization, self._credentials()
            return before != self._authorization


def _number(text: object) -> int:
    """The number in front of what a vendor adds, as in 20+."""
    digits = "".join(character for character in str(text or "") if character.isdigit())
    return int(digits) if digits else 0
