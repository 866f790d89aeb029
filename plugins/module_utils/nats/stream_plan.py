# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to streams and consumers so that they are as declared. Pure: nothing is asked or sent here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_fields import (
    CONSUMER_FIELDS,
    STREAM_FIELDS,
    Field,
    declared,
    differs,
    found_value,
    obstacle,
    shown,
)

# A name becomes a part of subjects and of folders.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


@dataclass
class Step:
    """What happens to one stream or consumer.

    action: created, changed, recreated, deleted, unchanged. config: what is sent, as the API has it.
    fields: {path, before, after}, as a person would write them. lost: messages that go with it.
    """

    stream: str
    consumer: str
    action: str
    config: dict[str, Any] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)
    lost: int = 0
    done: bool = False

    @property
    def title(self) -> str:
        """For sentences."""
        return f"consumer {self.consumer} of stream {self.stream}" if self.consumer else f"stream {self.stream}"

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return self.action != "unchanged"


Found = Mapping[str, Any]
"""{stream: {config, messages, consumers: {name: config}}} of the streams that there are."""


def check_names(streams: Iterable[Mapping[str, Any]]) -> None:
    """Raise NatsError for names that cannot be, or that stand twice."""
    _check("streams", [stream["name"] for stream in streams])
    for stream in streams:
        _check(f"stream {stream['name']}", [each["name"] for each in stream.get("consumers") or ()])


def _check(where: str, names: Sequence[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise NatsError(f"{where}: {name!r} cannot be a name: use letters, digits, _ and - (at most 255)")
        if names.count(name) > 1:
            raise NatsError(f"{where}: {name!r} is declared twice")


def plan(streams: Sequence[Mapping[str, Any]], found: Found, *, recreate: bool) -> list[Step]:
    """The steps in their order. Raises NatsError, before anything is done, for what a server would not do."""
    steps: list[Step] = []
    for stream in streams:
        steps += _stream_steps(stream, found.get(stream["name"]), recreate)
    return steps


def _stream_steps(stream: Mapping[str, Any], present: Mapping[str, Any] | None, recreate: bool) -> list[Step]:
    name = stream["name"]
    if stream.get("state") == "absent":
        return [_gone(name, "", present)]
    wanted = declared(stream, STREAM_FIELDS, f"stream {name}")
    if present is None and not wanted.get("subjects"):
        raise NatsError(f"stream {name}: a new stream needs subjects, such as falco.>")
    step = _step(name, "", STREAM_FIELDS, wanted, present, recreate)
    # The consumers of a stream go with it.
    consumers = {} if present is None or step.action == "recreated" else present["consumers"]
    return [step, *(_consumer_step(name, each, consumers, recreate) for each in stream.get("consumers") or ())]


def _consumer_step(stream: str, given: Mapping[str, Any], consumers: Mapping[str, Any], recreate: bool) -> Step:
    name = given["name"]
    config = consumers.get(name)
    present = None if config is None else {"config": config, "messages": 0}
    if given.get("state") == "absent":
        return _gone(stream, name, present)
    wanted = declared(given, CONSUMER_FIELDS, f"consumer {name} of stream {stream}")
    return _step(stream, name, CONSUMER_FIELDS, wanted, present, recreate)


def _gone(stream: str, consumer: str, present: Mapping[str, Any] | None) -> Step:
    if present is None:
        return Step(stream, consumer, "unchanged")
    return Step(stream, consumer, "deleted", lost=present["messages"])


def _step(
    stream: str,
    consumer: str,
    fields: Sequence[Field],
    wanted: Mapping[str, Any],
    present: Mapping[str, Any] | None,
    recreate: bool,
) -> Step:
    if present is None:
        made = [_change(each, None, wanted[each.key]) for each in fields if each.key in wanted]
        return Step(stream, consumer, "created", _sent({}, wanted), made)
    config = present["config"]
    changed = [
        (each, found_value(each, config), wanted[each.key])
        for each in fields
        if each.key in wanted and differs(each, found_value(each, config), wanted[each.key])
    ]
    step = Step(stream, consumer, "changed" if changed else "unchanged", _sent(config, wanted))
    step.fields = [_change(*change) for change in changed]
    obstacles = list(filter(None, (obstacle(*change) for change in changed)))
    if obstacles and not recreate:
        raise NatsError(
            f"{step.title}: {'; '.join(obstacles)}, and nothing was done: with recreate it is deleted and made anew, "
            f"which loses {_what_is_lost(step, present)}"
        )
    if obstacles:
        step.action, step.lost = "recreated", present["messages"]
    return step


def _what_is_lost(step: Step, present: Mapping[str, Any]) -> str:
    return "what it knows of messages that were delivered" if step.consumer else f"its {present['messages']} messages"


def _change(each: Field, before: Any, after: Any) -> dict[str, Any]:
    return {
        "path": each.name,
        "before": None if before is None else shown(each, before),
        "after": shown(each, after),
    }


def _sent(config: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The whole configuration: what is not declared stays as it is, also where this module does not know the field."""
    merged = {**config, **wanted}
    filters = merged.get("filter_subjects")
    if "filter_subjects" in wanted:
        merged.pop("filter_subject", None)
        # Servers before 2.10 know one filter only, under this name.
        if filters is not None and len(filters) <= 1:
            merged.pop("filter_subjects")
            merged.update({"filter_subject": filters[0]} if filters else {})
    return merged
