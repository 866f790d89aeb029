# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which fields streams and consumers have: as an option, as the API has them, and whether they can change in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.quantities import (
    parse_duration,
    parse_size,
    show_duration,
    show_size,
)

Shown = Callable[[Any], Any]


@dataclass(frozen=True)
class Field:
    """One field. `api` is its name in the API; `fixed` fields never change in place, `one_way` ones from false to true.

    `no_zero` fields: a server takes 0 for nothing declared, and has its default in the place of it.
    `kind` is number, text, switch, duration (ns in the API), durations, size (bytes) or names (order does not matter).
    """

    name: str
    kind: str
    api: str = ""
    choices: tuple[str, ...] = ()
    fixed: bool = False
    one_way: bool = False
    no_zero: bool = False

    @property
    def key(self) -> str:
        """Its name in the API."""
        return self.api or self.name


STREAM_FIELDS = (
    Field("description", "text"),
    Field("subjects", "names"),
    Field("retention", "text", choices=("limits", "interest", "workqueue"), fixed=True),
    Field("storage", "text", choices=("file", "memory"), fixed=True),
    Field("compression", "text", choices=("none", "s2")),
    Field("max_bytes", "size", no_zero=True),
    Field("max_age", "duration"),
    Field("max_msgs", "number", no_zero=True),
    Field("max_msgs_per_subject", "number", no_zero=True),
    Field("max_msg_size", "size", no_zero=True),
    Field("max_consumers", "number", fixed=True, no_zero=True),
    Field("duplicate_window", "duration", no_zero=True),
    Field("replicas", "number", api="num_replicas", no_zero=True),
    Field("discard", "text", choices=("old", "new")),
    Field("deny_delete", "switch", one_way=True),
    Field("deny_purge", "switch", one_way=True),
    Field("allow_direct", "switch"),
    Field("allow_rollup", "switch", api="allow_rollup_hdrs"),
)

CONSUMER_FIELDS = (
    Field("description", "text"),
    Field("deliver_policy", "text", choices=("all", "last", "new", "last_per_subject"), fixed=True),
    Field("ack_policy", "text", choices=("explicit", "all", "none"), fixed=True),
    Field("ack_wait", "duration", no_zero=True),
    Field("max_deliver", "number", no_zero=True),
    Field("max_ack_pending", "number", no_zero=True),
    Field("max_waiting", "number", fixed=True, no_zero=True),
    Field("filter_subjects", "names"),
    Field("backoff", "durations"),
    Field("inactive_threshold", "duration"),
    Field("replicas", "number", api="num_replicas"),
)

_SHOWN: Mapping[str, Shown] = {
    "duration": show_duration,
    "durations": lambda values: [show_duration(value) for value in values],
    "size": show_size,
}
_UNSET: Mapping[str, Any] = {"number": 0, "size": 0, "duration": 0, "text": "", "switch": False}


def declared(given: Mapping[str, Any], fields: tuple[Field, ...], where: str) -> dict[str, Any]:
    """The fields that an option declares, as the API has them. Those that are not given are not there.

    Raises NatsError, which names the field.
    """
    wanted: dict[str, Any] = {}
    for field in fields:
        if given.get(field.name) is None:
            continue
        wanted[field.key] = _parsed(field, given[field.name], f"{where}: {field.name}")
        if field.no_zero and wanted[field.key] == 0:
            raise NatsError(
                f"{where}: {field.name}: a server takes 0 for its default: leave it out, or write -1 for no limit"
            )
    backoff = wanted.get("backoff")
    if backoff and wanted.get("ack_wait", backoff[0]) != backoff[0]:
        raise NatsError(f"{where}: ack_wait: a server takes the first of backoff for it: leave it out")
    return wanted


def _parsed(field: Field, value: Any, where: str) -> Any:
    if field.kind == "duration":
        return parse_duration(value, where)
    if field.kind == "durations":
        return [parse_duration(each, where) for each in value]
    if field.kind == "size":
        return parse_size(value, where)
    if field.kind == "number" and value < -1:
        raise NatsError(f"{where}: {value} is neither a count nor -1, which is no limit")
    return value


def found_value(field: Field, config: Mapping[str, Any]) -> Any:
    """What a server has for a field. It leaves out what has no value, and one filter stands under another name."""
    if field.key == "filter_subjects":
        single = config.get("filter_subject")
        return list(config.get("filter_subjects") or ([single] if single else []))
    value = config.get(field.key)
    if value is not None:
        return value
    return [] if field.kind in ("names", "durations") else _UNSET[field.kind]


def differs(field: Field, before: Any, after: Any) -> bool:
    """Whether two values of a field mean something else."""
    if field.kind == "names":
        return sorted(before) != sorted(after)
    return bool(before != after)


def shown(field: Field, value: Any) -> Any:
    """A value as a person would write it."""
    return _SHOWN[field.kind](value) if field.kind in _SHOWN else value


def obstacle(field: Field, before: Any, after: Any) -> str | None:
    """Why a server does not change the field in place, as the end of a sentence; None where it does."""
    if field.fixed:
        return f"{field.name} cannot change from {shown(field, before)} to {shown(field, after)} in place"
    if field.one_way and before and not after:
        return f"{field.name} cannot be taken back"
    return None
