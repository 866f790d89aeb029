# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was begun and what came of it: written to the stream around each step, read when an alert comes again."""

from __future__ import annotations

import asyncio
import base64
import calendar
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import nats.errors

from bulkhead_response.errors import Unreachable
from bulkhead_response.link import Link
from bulkhead_response.outcome import Outcome
from bulkhead_response.publisher import Publisher, WrongLastSequence
from bulkhead_response.server_clock import ServerClock

BEGUN, ENDED = "begun", "ended"
_READ_SECONDS = 5.0
_NOT_FOUND = 10037
_Last = tuple[Mapping[str, Any], int, float]


@dataclass(frozen=True)
class Place:
    """Where the journal speaks of one step: the alert's id, the slug and the number of the step in its rule."""

    alert_id: str
    rule_slug: str
    index: int
    step: str

    @property
    def token(self) -> str:
        """The end of the subject."""
        return f"{self.alert_id}.{self.rule_slug}-{self.index}"


@dataclass(frozen=True)
class Entry:
    """What the journal says of a step. `outcome` is None where it was begun and nothing more is known."""

    outcome: Outcome | None
    runner: str
    sequence: int


class Journal(Protocol):
    """What the engine needs of a journal."""

    async def begin(self, place: Place) -> Entry | None:
        """Write that a step begins; None when it may be run. Else what is known of it, and nothing is written."""

    async def begin_again(self, place: Place, after: Entry) -> bool:
        """Write that a step that was begun before is run once more. Not when somebody else has done so meanwhile."""

    async def end(self, place: Place, outcome: Outcome) -> None:
        """Write what came of it."""

    async def read(self, place: Place) -> Entry | None:
        """What is known of a step."""

    async def open_window(self, key: str, alert_id: str) -> None:
        """Write that an alert was answered, so that the window outlives the runner."""

    async def window(self, key: str, seconds: float) -> tuple[str, float] | None:
        """The alert that was answered last for this key, and how many seconds ago; None if not within so many."""


class StreamJournal:
    """The journal in a stream. The server lets one only be the first to begin a step."""

    def __init__(
        self, link: Link, publisher: Publisher, prefix: str, stream: str, runner: str, clock: ServerClock | None = None
    ) -> None:
        """clock: the server's, by which its windows are judged."""
        self._link = link
        self._publisher = publisher
        self._prefix = prefix
        self._stream = stream
        self._runner = runner
        self._clock = clock or ServerClock()
        self._unwritten: dict[str, Outcome] = {}
        self._newest: asyncio.Future[_Last | None] | None = None

    async def begin(self, place: Place) -> Entry | None:
        """See Journal."""
        if place.token in self._unwritten:
            await self.end(place, self._unwritten[place.token])
        try:
            await self._write(place, {"state": BEGUN}, expected=0)
        except WrongLastSequence:
            return await self.read(place)
        return None

    async def begin_again(self, place: Place, after: Entry) -> bool:
        """See Journal."""
        try:
            await self._write(place, {"state": BEGUN}, expected=after.sequence)
        except WrongLastSequence:
            return False
        return True

    async def end(self, place: Place, outcome: Outcome) -> None:
        """See Journal. What cannot be written is kept, so that the step is not run again before it is."""
        self._unwritten[place.token] = outcome
        await self._write(place, {"state": ENDED, "outcome": vars(outcome)})
        self._unwritten.pop(place.token, None)

    async def read(self, place: Place) -> Entry | None:
        """See Journal."""
        found = await self._last(self._subject(place))
        if found is None:
            return None
        content, sequence, _stored = found
        outcome = content.get("outcome") if content.get("step") == place.step else None
        return Entry(Outcome(**outcome) if outcome else None, str(content.get("runner", "")), sequence)

    async def open_window(self, key: str, alert_id: str) -> None:
        """See Journal."""
        await self._publisher.persist(self._window(key), json.dumps({"alert": alert_id}).encode())

    async def window(self, key: str, seconds: float) -> tuple[str, float] | None:
        """See Journal."""
        if self._newest is None:
            # Most often nothing was answered just before the start, and then no window has to be looked at.
            self._newest = asyncio.ensure_future(self._last(f"{self._prefix}.window.*"))
        try:
            newest = await asyncio.shield(self._newest)
        except Unreachable:
            self._newest = None
            raise
        if newest is None or self._age(newest[2]) >= seconds:
            return None
        found = await self._last(self._window(key))
        age = self._age(found[2]) if found else seconds
        return (str(found[0].get("alert", "")), age) if found and age < seconds else None

    def _age(self, stored: float) -> float:
        return max(0.0, self._clock.now() - stored)

    async def _write(self, place: Place, content: Mapping[str, Any], expected: int | None = None) -> int:
        entry = {**content, "step": place.step, "runner": self._runner}
        return await self._publisher.persist(self._subject(place), json.dumps(entry).encode(), expected=expected)

    def _subject(self, place: Place) -> str:
        return f"{self._prefix}.journal.{place.token}"

    def _window(self, key: str) -> str:
        return f"{self._prefix}.window.{hashlib.sha256(key.encode()).hexdigest()[:32]}"

    async def _last(self, subject: str) -> _Last | None:
        """(content, sequence, seconds since the epoch when it was stored) of the last message of a subject."""
        client = await self._link.client()
        request = json.dumps({"last_by_subj": subject}).encode()
        try:
            answer = await client.request(f"$JS.API.STREAM.MSG.GET.{self._stream}", request, timeout=_READ_SECONDS)
        except (nats.errors.Error, asyncio.TimeoutError) as error:
            raise Unreachable(
                f"the journal in {self._stream} cannot be read: {str(error) or type(error).__name__}"
            ) from error
        found = json.loads(answer.data)
        if "error" in found:
            if found["error"].get("err_code") == _NOT_FOUND:
                return None
            raise Unreachable(f"the journal in {self._stream} cannot be read: {found['error'].get('description')}")
        message = found["message"]
        content = json.loads(base64.b64decode(message.get("data", "")) or b"{}")
        return content, int(message["seq"]), _epoch(str(message["time"]))


def _epoch(text: str) -> float:
    """Of an RFC 3339 time in UTC, without its fraction of a second."""
    return calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))


class NoJournal:
    """For a function without a stream: each call stands alone, and only its steps' own care avoids doubles."""

    async def begin(self, place: Place) -> Entry | None:
        """Every step may be run."""
        return None

    async def begin_again(self, place: Place, after: Entry) -> bool:
        """Every step may be run."""
        return True

    async def end(self, place: Place, outcome: Outcome) -> None:
        """Nothing is kept."""

    async def read(self, place: Place) -> Entry | None:
        """Nothing is known."""
        return None

    async def open_window(self, key: str, alert_id: str) -> None:
        """Nothing is kept."""

    async def window(self, key: str, seconds: float) -> tuple[str, float] | None:
        """Nothing is known."""
        return None
