# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire and comes back: query parameters, bodies, troubles in words, and when to ask again."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, Unreachable

try:
    from urllib3 import exceptions as trouble
except ImportError:  # the module says so, with the way to install the library
    HAS_URLLIB3 = False
else:
    HAS_URLLIB3 = True

Query = Mapping[str, object]

_OBJECT_IN_FRONT = re.compile(r"^(<[^>]*>|HTTPS?Connection(Pool)?\([^)]*\)): ")
_PASSING_TROUBLE = (500, 502, 503, 504)


def pause(method: str, refusal: ApiStatus | Unreachable, attempt: int) -> float | None:
    """Seconds until it makes sense to ask again, None where it does not."""
    backoff = 0.1 * 2**attempt * (1 + random.random())  # not all clients at the same moment
    if isinstance(refusal, Unreachable):
        return backoff if method == "GET" or not refusal.sent else None
    if refusal.status == 429:
        return refusal.retry_after if refusal.retry_after is not None else backoff
    if refusal.status in _PASSING_TROUBLE and method == "GET":
        return refusal.retry_after or backoff
    return None


def unreachable(address: str, exc: Exception, limit: float) -> Unreachable:
    """What stood in the way, in words; `limit` are the seconds that were waited."""
    cause = exc.reason if isinstance(exc, trouble.MaxRetryError) and exc.reason else exc
    if isinstance(cause, trouble.SSLError):
        return Unreachable(f"{address}: no TLS connection: {_plain(cause)}", sent=False)
    if isinstance(cause, trouble.ProxyError):
        return Unreachable(f"{address} cannot be reached through the proxy: {_plain(cause.original_error)}", sent=False)
    if isinstance(cause, trouble.LocationValueError):
        return Unreachable(f"{address} is no address of an API server: {_plain(cause)}", sent=False)
    if isinstance(cause, trouble.ReadTimeoutError):
        return Unreachable(f"{address} did not answer in {limit:g} s", sent=True)
    if isinstance(cause, (trouble.NewConnectionError, trouble.ConnectTimeoutError)):
        return Unreachable(f"{address} cannot be reached: {_plain(cause)}", sent=False)
    return Unreachable(f"The connection to {address} broke: {_plain(cause)}", sent=True)


def _plain(exc: BaseException) -> str:
    """The message without the library's own object in front of it."""
    return " ".join(_OBJECT_IN_FRONT.sub("", str(exc)).split())


def decoded(data: bytes, content_type: str) -> Any:
    """The JSON of an answer, or its text where it is none."""
    if not data:
        return None
    if "json" not in content_type and data.lstrip()[:1] not in (b"{", b"["):
        return data.decode(errors="replace")
    try:
        return json.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def seconds(retry_after: str | None) -> float | None:
    """Of a Retry-After header; None where it gives a date, or nothing."""
    try:
        return max(0.0, float(retry_after)) if retry_after is not None else None
    except ValueError:
        return None


def flat(query: Query) -> list[tuple[str, str]]:
    """Query parameters as the API writes them: None left out, lower-case booleans, one pair an item of a list."""
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [
            (name, str(item).lower() if isinstance(item, bool) else str(item)) for item in values if item is not None
        ]
    return pairs
