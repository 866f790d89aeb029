# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where facts about servers come from: the monitoring port of each, or the system account, which reaches all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.connection import conversation, run
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

ENDPOINTS = ("varz", "jsz", "connz", "healthz")
_QUERIES: Mapping[str, Mapping[str, int]] = {
    "jsz": {"accounts": True, "streams": True, "consumers": True, "config": True},
    # A server tells of its first thousand clients otherwise.
    "connz": {"auth": True, "limit": 65536},
}
# The system account calls this one otherwise.
_NAMES = {"consumers": "consumer"}


@dataclass
class Answers:
    """answers: {server name: {endpoint: what it says}}. errors: {endpoint: why it is missing}. requests: how many."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    requests: int = 0


def from_monitors(urls: Sequence[str], timeout: float, ca_file: str | None) -> Answers:
    """What the monitoring ports tell. Raises NatsError where one cannot be asked at all."""
    found = Answers()
    for url in urls:
        said = {"varz": _get(url, "varz", timeout, ca_file)}
        name = str(said["varz"].get("server_name") or url)
        for endpoint in ENDPOINTS[1:]:
            try:
                said[endpoint] = _get(url, endpoint, timeout, ca_file)
            except NatsError as exc:
                found.errors[endpoint] = str(exc)
        found.requests += len(ENDPOINTS)
        found.answers[name] = said
    return found


def _get(url: str, endpoint: str, timeout: float, ca_file: str | None) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise NatsError(f"monitor_urls: {url!r} is not an address such as http://127.0.0.1:8222")
    query = "&".join(f"{name}={int(value)}" for name, value in _QUERIES.get(endpoint, {}).items())
    address = f"{url.rstrip('/')}/{endpoint}{'?' if query else ''}{query}"
    try:
        # A proxy of the environment is not asked for the way to a server's own port.
        answer = open_url(address, timeout=timeout, use_proxy=False, ca_path=ca_file)
        found = json.loads(answer.read())
    except (OSError, ValueError) as exc:
        body = getattr(exc, "read", None)
        if endpoint == "healthz" and body is not None:
            return {"status": "unavailable", "error": _first_line(body())}
        raise NatsError(f"{address} cannot be read: {' '.join(str(exc).split())}") from exc
    if not isinstance(found, dict):
        raise NatsError(f"{address} does not answer as a NATS server does")
    return found


def _first_line(body: bytes) -> str:
    return body.decode(errors="replace").strip()[:200]


def from_system_account(params: Mapping[str, Any]) -> Answers:
    """What every server of the cluster tells to a user of the system account. Raises NatsError."""
    return run(_asked(params))


async def _asked(params: Mapping[str, Any]) -> Answers:
    found = Answers()
    async with conversation(params) as talk:
        for endpoint in ENDPOINTS:
            try:
                said = await talk.ask_all(f"$SYS.REQ.SERVER.PING.{endpoint.upper()}", _body(endpoint))
            except (NatsError, asyncio.TimeoutError) as exc:
                if endpoint == "varz":
                    raise NatsError(f"{exc}: the user must be one of the system account") from exc
                found.errors[endpoint] = str(exc)
                continue
            _take(found, endpoint, said)
        found.requests = talk.requests
    return found


def _body(endpoint: str) -> dict[str, Any] | None:
    query = _QUERIES.get(endpoint)
    return {_NAMES.get(name, name): value for name, value in query.items()} if query else None


def _take(found: Answers, endpoint: str, said: Sequence[Mapping[str, Any]]) -> None:
    for answer in said:
        name = str((answer.get("server") or {}).get("name") or "")
        if answer.get("error"):
            found.errors[endpoint] = str(answer["error"].get("description") or answer["error"])
        elif name:
            found.answers.setdefault(name, {})[endpoint] = answer.get("data") or {}
