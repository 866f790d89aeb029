# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal in a stream: what is known of a step, also while the stream takes nothing."""

from __future__ import annotations

import asyncio
import base64
import json
from fnmatch import fnmatch
from types import SimpleNamespace
from typing import Any

import pytest

from bulkhead_response.errors import Unreachable
from bulkhead_response.journal import Place, StreamJournal
from bulkhead_response.outcome import DONE, Outcome
from bulkhead_response.publisher import WrongLastSequence
from bulkhead_response.server_clock import ServerClock

PLACE = Place("alert-0001", "shells", 0, "run_command")
RAN = Outcome(DONE, "it ran")


class _Stream:
    """Holds the last message of each subject. `full`: it stores no more."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, bytes, str]] = {}
        self.full = False
        self.asked: list[str] = []

    def only(self) -> str:
        """The one subject that has a message."""
        subjects = list(self.last)
        assert len(subjects) == 1
        return subjects[0]

    async def persist(self, subject: str, data: bytes, *, expected: int | None = None) -> int:
        if self.full:
            raise Unreachable("maximum bytes exceeded")
        sequence = self.last[subject][0] if subject in self.last else 0
        if expected is not None and expected != sequence:
            raise WrongLastSequence("wrong last sequence")
        self.last[subject] = (sequence + 1, data, "2026-01-01T00:10:00.123456789Z")
        return sequence + 1

    async def client(self) -> _Stream:
        return self

    async def request(self, _subject: str, question: bytes, **_more: Any) -> Any:
        subject = json.loads(question)["last_by_subj"]
        self.asked.append(subject)
        subject = next((name for name in self.last if fnmatch(name, subject)), "")
        if not subject:
            return SimpleNamespace(data=b'{"error": {"err_code": 10037}}')
        sequence, data, time = self.last[subject]
        message = {"seq": sequence, "data": base64.b64encode(data).decode(), "time": time}
        return SimpleNamespace(data=json.dumps({"message": message}).encode())


def _journal(stream: Any, clock: ServerClock | None = None) -> StreamJournal:
    return StreamJournal(stream, stream, "response", "RESPONSE", "me", clock)


def test_what_a_step_did_is_known_before_it_could_be_written() -> None:
    async def play() -> None:
        stream = _Stream()
        journal = _journal(stream)
        assert await journal.begin(PLACE) is None
        stream.full = True
        with pytest.raises(Unreachable):
            await journal.end(PLACE, RAN)
        with pytest.raises(Unreachable):
            await journal.begin(PLACE)
        stream.full = False
        entry = await journal.begin(PLACE)
        assert entry is not None
        assert entry.outcome == RAN
        another = await _journal(stream).read(PLACE)
        assert another is not None
        assert another.outcome == RAN

    asyncio.run(play())


@pytest.mark.parametrize("behind", [0, 3600])
def test_how_long_a_window_is_open_is_asked_of_the_servers_clock(behind: float) -> None:
    """The window was opened at ten past; a message that comes now was stored 40 seconds later."""
    stored = 1767226240
    clock = ServerClock(wall=lambda: float(stored - behind), steady=lambda: 5.0)
    clock.heard(stored * 1_000_000_000)

    async def play() -> tuple[str, float] | None:
        journal = _journal(_Stream(), clock)
        await journal.open_window("k", "alert-0001")
        return await journal.window("k", 60)

    assert asyncio.run(play()) == ("alert-0001", 40.0)


def test_where_nothing_was_answered_lately_no_window_is_looked_at() -> None:
    async def play() -> None:
        stream = _Stream()
        journal = _journal(stream)
        for _each in range(3):
            assert await journal.window("k", 60) is None
        assert stream.asked == ["response.window.*"]
        another = _journal(stream)
        await journal.open_window("k", "alert-0001")
        assert await another.window("k", 60) is None  # ten past, years ago
        assert await another.window("k", 1e12) is not None
        assert stream.asked[1:] == ["response.window.*", stream.only()]

    asyncio.run(play())
