# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events from all sources as one timeline: sorted, told once, and no more of them than a reader can take in.

Where there are more, the latest stay: memory is bounded by their number, not by the length of the logs.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import (
    SEVERITIES,
    Event,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.links import Key, Links
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.selection import (
    Selection,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.source import Source

SCHEMA_VERSION = "1.0"


@dataclass
class Gathering:
    """The latest `limit` events, each once; `repeated` counts those told again, `left_out` the earlier ones."""

    limit: int
    repeated: int = 0
    left_out: int = 0
    _kept: dict[str, Event] = field(default_factory=dict)
    _order: list[tuple[int, str]] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take an event in; of one that is there the better telling stays, at the earlier time."""
        before = self._kept.get(event.key)
        if before is not None:
            self.repeated += 1
            if event.rank > before.rank:
                event.time = before.time
                self._kept[event.key] = event
            return
        if len(self._order) >= self.limit:
            self.left_out += 1
            if (event.time, event.key) <= self._order[0]:
                return
            _time, key = heapq.heappop(self._order)
            del self._kept[key]
        heapq.heappush(self._order, (event.time, event.key))
        self._kept[event.key] = event

    def events(self) -> list[Event]:
        """In the order of their times; what happened at the same moment, by source and place in it."""
        return sorted(self._kept.values(), key=lambda event: (event.time, event.source, event.origin, event.key))


def timeline(sources: Sequence[Source], selection: Selection, limit: int, timeout: float) -> dict[str, Any]:
    """The timeline as a plain document. Raises ForensicsError, DockerError."""
    links = Links()
    if selection.narrow:
        for source in sources:
            for event in source.events(selection.since, selection.until, timeout):
                links.learn(event)
    gathering = Gathering(limit)
    for source in sources:
        for event in source.events(selection.since, selection.until, timeout):
            if selection.takes(event, links):
                gathering.add(event)
    events = gathering.events()
    if not selection.narrow:
        for event in events:
            links.learn(event)
    return _document(sources, events, links, gathering)


def _document(sources: Iterable[Source], events: Sequence[Event], links: Links, gathering: Gathering) -> dict[str, Any]:
    numbers: dict[Key, int] = {}
    rows, subjects = [], []
    for event in events:
        row = event.as_dict()
        found = next((each for each in map(links.subject, event.parties()) if each is not None), None)
        if found is not None:
            key, subject = found
            if key not in numbers:
                numbers[key] = len(numbers)
                subjects.append({"id": f"S{len(numbers)}", **subject.as_dict(), "first": row["time"], "events": 0})
            mine = subjects[numbers[key]]
            mine["events"] += 1
            mine["last"] = row["time"]
            row["subject"] = mine["id"]
        rows.append(row)
    severities = Counter(event.severity for event in events)
    return {
        "schema_version": SCHEMA_VERSION,
        "first": moment.text(events[0].time) if events else None,
        "last": moment.text(events[-1].time) if events else None,
        "severities": {name: severities.get(name, 0) for name in SEVERITIES},
        "repeated": gathering.repeated,
        "left_out": gathering.left_out,
        "sources": [source.as_dict() for source in sources],
        "subjects": subjects,
        "events": rows,
    }
