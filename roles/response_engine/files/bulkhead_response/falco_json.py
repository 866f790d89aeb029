# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's JSON, as Falco or falcosidekick sends it, as an Alert. Anything else is Poison, with its reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bulkhead_response import names
from bulkhead_response.alert import PRIORITIES, Alert, Target
from bulkhead_response.errors import Poison

NOT_JSON, TOO_LARGE, WRONG_TYPE, BAD_NAMES = "not_json", "too_large", "wrong_type", "bad_names"
TOO_DEEP = "too_deep"

_ALIASES = {"info": "informational", "err": "error", "warn": "warning", "crit": "critical"}
_NOTHING = frozenset({"", "<NA>", "null", "host"})
_NAMED = 512
"""How long the name of a rule or a tag may be."""
_DEEPEST = 200
"""How many levels of objects and lists a message may have: far more than any has, and far less than break a parser."""


def parse_json(data: bytes, limit: int, *, batch: bool = False) -> dict[str, Any]:
    """The object in `data`. Poison where it is larger than `limit` bytes, no JSON, no object, or nested too deep.

    batch: how deep it is nested, is asked of each of its parts.
    """
    if len(data) > limit:
        raise Poison(TOO_LARGE, f"the message has {len(data)} bytes, and {limit} are allowed")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Poison(NOT_JSON, f"the message is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise Poison(WRONG_TYPE, f"the message is a JSON {type(found).__name__}, not an object")
    if not batch:
        refuse_deep(found, data)
    return found


def refuse_deep(found: Any, data: bytes) -> None:
    """Poison where `found`, which is what `data` says, is nested deeper than is good for whoever works with it."""
    if data.count(b"{") + data.count(b"[") > _DEEPEST and _is_deep(found):
        raise Poison(TOO_DEEP, f"the message has more than {_DEEPEST} levels of objects and lists")


def _is_deep(found: Any) -> bool:
    level = [found]
    for _each in range(_DEEPEST):
        level = [item for holder in level for item in _held(holder) if isinstance(item, (dict, list))]
    return bool(level)


def _held(holder: Any) -> Iterable[Any]:
    return holder.values() if isinstance(holder, dict) else holder


def alert_of(event: Mapping[str, Any], place: str = "") -> Alert:
    """The alert that Falco reports. Poison for wrong types, and for names that could not be in a cluster.

    place: where the message was found. It tells alerts apart that give neither a uuid nor a time.
    """
    fields = event.get("output_fields")
    fields = {} if fields is None else fields
    if not isinstance(fields, dict):
        raise Poison(WRONG_TYPE, "output_fields is not an object")
    hostname = _name(event, "hostname", names.is_host)
    return Alert(
        id=_id(event, place),
        rule=_plain(_required(event, "rule"), "rule"),
        priority=_priority(_required(event, "priority")),
        source=_plain(_text(event, "source"), "source") or "syscall",
        tags=_tags(event.get("tags")),
        time=_text(event, "time"),
        hostname=hostname,
        output=_text(event, "output"),
        fields=fields,
        target=_target(fields, hostname),
    )


def subject_of(prefix: str, alert: Alert) -> str:
    """The subject on which the alert is published: PREFIX.PRIORITY.SLUG."""
    return f"{prefix}.{alert.priority}.{names.slug(alert.rule)}"


def _id(event: Mapping[str, Any], place: str) -> str:
    given = event.get("uuid")
    if isinstance(given, str) and names.is_alert_id(given):
        return given
    canonical = json.dumps(event, sort_keys=True, separators=(",", ":"))
    if not event.get("time"):
        canonical += place
    return hashlib.sha256(canonical.encode()).hexdigest()


def _target(fields: Mapping[str, Any], hostname: str) -> Target:
    repository = _name(fields, "container.image.repository", names.is_image)
    tag = _name(fields, "container.image.tag", names.is_image)
    node = _name(fields, "k8s.node.name", names.is_object)
    return Target(
        namespace=_name(fields, "k8s.ns.name", names.is_namespace),
        pod=_name(fields, "k8s.pod.name", names.is_object),
        pod_uid=_name(fields, "k8s.pod.uid", names.is_uid),
        container_id=_container_id(fields),
        container=_name(fields, "container.name", names.is_host),
        image=f"{repository}:{tag}" if repository and tag else repository,
        node=node or (hostname if names.is_object(hostname) else ""),
    )


def _container_id(fields: Mapping[str, Any]) -> str:
    """Empty for what proves nothing, such as the name that LXC has in its place."""
    text = _text(fields, "container.id")
    return text if names.is_container_id(text) else ""


def _name(found: Mapping[str, Any], key: str, valid: Callable[[str], bool]) -> str:
    """A name that may be absent. Poison where it is no name: it would stand in a URL."""
    text = _text(found, key)
    if text in _NOTHING:
        return ""
    if not valid(text):
        raise Poison(BAD_NAMES, f"{key} is {text[:80]!r}, which no such object can be called")
    return text


def _text(found: Mapping[str, Any], key: str) -> str:
    value = found.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Poison(WRONG_TYPE, f"{key} is a JSON {type(value).__name__}, not a string")
    return value


def _required(event: Mapping[str, Any], key: str) -> str:
    text = _text(event, key)
    if not text:
        raise Poison(WRONG_TYPE, f"{key} is missing: this is no alert of Falco's")
    return text


def _plain(text: str, key: str) -> str:
    if len(text) > _NAMED or names.has_control(text):
        raise Poison(BAD_NAMES, f"{key} is {text[:80]!r}: too long, or with control characters")
    return text


def _priority(text: str) -> str:
    priority = _ALIASES.get(text.lower(), text.lower())
    if priority not in PRIORITIES:
        raise Poison(WRONG_TYPE, f"priority is {text[:80]!r}, which is none of Falco's")
    return priority


def _tags(value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise Poison(WRONG_TYPE, "tags is not a list of strings")
    return frozenset(_plain(tag, "tags") for tag in value)
