# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The messages that a request to the ingest holds: one alert of Falco's, or the events of an audit webhook."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from bulkhead_response import falco_json, names
from bulkhead_response.errors import Poison
from bulkhead_response.falco_json import TOO_DEEP, TOO_LARGE, WRONG_TYPE

FALCO, AUDIT = "falco", "k8saudit"
"""What the subjects begin with."""


@dataclass(frozen=True)
class Sound:
    """To be published; the server drops what comes again with the same identity."""

    subject: str
    data: bytes
    identity: str


@dataclass(frozen=True)
class Poisoned:
    """A part of a request that is no message, with the reason."""

    data: bytes
    poison: Poison


Message = Union[Sound, Poisoned]


def splitter(message_format: str, limit: int) -> Callable[[bytes], Iterator[Message]]:
    """What takes requests of a format apart. Raises Poison where the whole request is of no use."""
    return (lambda body: _falco(body, limit)) if message_format == "falco" else (lambda body: _audit(body, limit))


def _falco(body: bytes, limit: int) -> Iterator[Message]:
    alert = falco_json.alert_of(falco_json.parse_json(body, limit))
    yield Sound(falco_json.subject_of(FALCO, alert), body, alert.id)


def _audit(body: bytes, limit: int) -> Iterator[Message]:
    items = falco_json.parse_json(body, len(body), batch=True).get("items")
    if not isinstance(items, list):
        raise Poison(WRONG_TYPE, "the request is no EventList: items is not a list")
    for item in items:
        yield _event(item, limit)


def _event(item: Any, limit: int) -> Message:
    try:
        data = json.dumps(item, separators=(",", ":")).encode()
        falco_json.refuse_deep(item, data)
    except (Poison, RecursionError):
        return _deep_event(item)
    if not isinstance(item, dict):
        return Poisoned(data, Poison(WRONG_TYPE, "an item of the EventList is no object"))
    if len(data) > limit:
        return Poisoned(data, Poison(TOO_LARGE, f"an event has {len(data)} bytes, and {limit} are allowed"))
    return Sound(_audit_subject(item), data, hashlib.sha256(data).hexdigest())


def _deep_event(item: Any) -> Message:
    """What is flat of it says whose request it was. It is no reason to refuse the others of its batch."""
    flat = {name: value for name, value in item.items() if isinstance(value, str)} if isinstance(item, dict) else {}
    return Poisoned(json.dumps(flat).encode(), Poison(TOO_DEEP, "an event is nested too deep to be worked with"))


def _audit_subject(event: Mapping[str, Any]) -> str:
    """k8saudit.VERB.RESOURCE; `none` for a request that is about no resource, such as /healthz."""
    reference = event.get("objectRef")
    resource = reference.get("resource") if isinstance(reference, dict) else None
    return f"{AUDIT}.{names.slug(str(event.get('verb') or 'none'))}.{names.slug(str(resource or 'none'))}"
