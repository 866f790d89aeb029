# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of a timeline, read line by line however long they are. What cannot be read as an event is counted."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Union

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import (
    api_audit,
    docker_events,
    evidence_sets,
    falco_alerts,
    moment,
    responses,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.event import Event

# An audit event at the level RequestResponse holds two objects at most, of 1.5 MiB each, and JSON in JSON doubles it.
LONGEST_LINE = 8 * 2**20
EVIDENCE, DOCKER = "evidence", "docker_events"
Reader = Callable[[Mapping[str, Any], str], Event]
READERS: dict[str, Reader] = {
    "falco": falco_alerts.event_of,
    "k8s_audit": api_audit.event_of,
    DOCKER: docker_events.event_of,
    "responses": responses.event_of,
}
TYPES = (*READERS, EVIDENCE)
Line = tuple[int, Union[bytes, None]]


@dataclass
class Source:
    """Files, folders of evidence, or an engine. `ahead` is by how many nanoseconds its clock is.

    `read`, `malformed` and `complaint` tell what came of it: events, lines that are none, and the first such line.
    """

    type: str
    name: str
    paths: list[str] = field(default_factory=list)
    docker_host: str = ""
    ahead: int = 0
    read: int = 0
    malformed: int = 0
    complaint: str = ""

    def events(self, since: int, until: int, timeout: float = 30.0) -> Iterator[Event]:
        """All there are; `since` and `until` are told to an engine, which keeps the last ones only.

        Raises ForensicsError where a file cannot be read, DockerError where the engine does not answer.
        """
        self.read, self.malformed, self.complaint = 0, 0, ""
        origin = self._sets() if self.type == EVIDENCE else self._records(since, until, timeout)
        for event in origin:
            event.time -= self.ahead
            self.read += 1
            yield event

    def as_dict(self) -> dict[str, Any]:
        """What a report says of it."""
        shown = {"name": self.name, "type": self.type, "events": self.read, "malformed": self.malformed}
        return {**shown, "first_malformed": self.complaint, "clock_ahead": self.ahead / moment.SECOND}

    def _records(self, since: int, until: int, timeout: float) -> Iterator[Event]:
        reader = READERS[self.type]
        for origin, number, line in self._lines(since, until, timeout):
            try:
                event = reader(_object(line), self.name)
            except (ValueError, RecursionError) as exc:
                self._count(f"{origin}, line {number}: {_reason(exc)}")
                continue
            event.origin = f"{origin}:{number}"
            yield event

    def _lines(self, since: int, until: int, timeout: float) -> Iterator[tuple[str, int, bytes | None]]:
        for path in self.paths:
            yield from ((path, number, line) for number, line in file_lines(path))
        if self.docker_host:
            engine = Engine(self.docker_host, timeout=timeout)
            pieces = engine.stream("/events", since=_seconds(since), until=_seconds(until))
            yield from ((self.docker_host, number, line) for number, line in piece_lines(pieces))

    def _sets(self) -> Iterator[Event]:
        for path in self.paths:
            try:
                sets = evidence_sets.sets_at(path)
            except OSError as exc:
                raise ForensicsError(f"{path} cannot be read: {exc.strerror or exc}") from exc
            for found in sets:
                try:
                    for event in evidence_sets.events_of(found, self.name):
                        event.origin = found
                        yield event
                except (ForensicsError, ValueError, OSError, TypeError, AttributeError, KeyError) as exc:
                    self._count(f"{found}: {exc}")

    def _count(self, complaint: str) -> None:
        self.malformed += 1
        self.complaint = self.complaint or complaint[:300]


def file_lines(path: str) -> Iterator[Line]:
    """(number, line) of a file; None for a line that is too long. One that ends in .gz is unpacked."""
    try:
        opener: Any = gzip.open if path.endswith(".gz") else open
        with opener(path, "rb") as file:
            yield from _numbered(file)
    except (OSError, EOFError) as exc:
        raise ForensicsError(f"{path} cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc


def piece_lines(pieces: Iterable[bytes]) -> Iterator[Line]:
    """(number, line) of an answer that comes in pieces."""
    rest, number = b"", 0
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            number += 1
            if line.strip():
                yield number, line
    if rest.strip():
        yield number + 1, rest


def _numbered(file: IO[bytes]) -> Iterator[Line]:
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        elif line.strip():
            yield number, line


def _object(line: bytes | None) -> Mapping[str, Any]:
    if line is None:
        raise ValueError(f"it is longer than {LONGEST_LINE // 2**20} MiB")
    try:
        found = json.loads(line)
    except ValueError as exc:
        # The message of the library may quote the line, which may hold a secret.
        raise ValueError("it is no JSON") from exc
    if not isinstance(found, dict):
        raise ValueError("it is no JSON object")
    return found


def _reason(exc: ValueError | RecursionError) -> str:
    return "it is nested too deeply" if isinstance(exc, RecursionError) else str(exc)


def _seconds(nanoseconds: int) -> str:
    return f"{nanoseconds // moment.SECOND}.{nanoseconds % moment.SECOND:09d}"
