# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to a message: which ones are known already, and how each comes to its end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from nats.aio.msg import Msg

from bulkhead_response.alert import Alert
from bulkhead_response.config import read
from bulkhead_response.decision import Decision
from bulkhead_response.engine import Verdict
from bulkhead_response.metrics import Metrics
from bulkhead_response.nats_loop import NatsLoop
from bulkhead_response.server_clock import ServerClock
from tests.unit.roles.response_engine.fake_nats import STORED, FakeLink, delivered, settle

ALERT: dict[str, Any] = {"rule": "Shell", "priority": "Notice", "output_fields": {}, "time": "2026-01-01T00:00:00Z"}


def _data(**more: Any) -> bytes:
    return json.dumps({**ALERT, **more}).encode()


class _Engine:
    """Acts upon everything, at once."""

    def __init__(self) -> None:
        self.decided: list[Alert] = []
        self.fault: Exception | None = None

    def concerns(self, _alert: Alert) -> bool:
        return True

    async def decide(self, alert: Alert, _attempt: int) -> Verdict:
        if self.fault is not None:
            raise self.fault
        self.decided.append(alert)
        return Verdict([Decision(alert, "shells", "acted", "done")])


class _Recorder:
    def __init__(self) -> None:
        self.dead_letters: list[str] = []

    async def record(self, *_record: Any) -> None:
        """Recorded."""

    async def dead(self, reason: str, *_more: Any) -> None:
        self.dead_letters.append(reason)


class _Loop:
    """A loop to which messages are delivered one after another. `answers` are what it said to the consumer."""

    def __init__(self) -> None:
        self.engine, self.recorder, self.link = _Engine(), _Recorder(), FakeLink()
        config = read({"source": [{"stream": "FALCO", "consumer": "response_engine"}], "limits": {"max_deliver": 3}})
        parts: Any = (config, self.engine, self.link, self.recorder, Metrics(), ServerClock())
        self.loop = NatsLoop(*parts)

    def play(self, messages: Sequence[Msg]) -> list[bytes]:
        async def deliver() -> None:
            await self.link.connect()
            [take] = self.link.connection.subscriptions.values()
            for message in messages:
                await take(message)
                await settle()

        asyncio.run(deliver())
        return [sent.data for sent in self.link.connection.sent]


@pytest.fixture
def loop() -> _Loop:
    return _Loop()


def test_a_message_that_comes_again_is_acknowledged_and_no_more(loop: _Loop) -> None:
    assert loop.play([delivered(_data()), delivered(_data(), attempt=2)]) == [b"+ACK", b"+ACK"]
    assert len(loop.engine.decided) == 1


def test_a_stream_that_was_made_anew_brings_new_messages_in_the_old_places(loop: _Loop) -> None:
    loop.play([delivered(_data()), delivered(_data(time="2026-01-02T00:00:00Z"), stored=STORED + 1)])
    assert len(loop.engine.decided) == 2


def test_alerts_that_nothing_tells_apart_but_their_places_are_two(loop: _Loop) -> None:
    timeless = _data(time=None)
    loop.play([delivered(timeless, 1), delivered(timeless, 2), delivered(timeless, 2, attempt=2)])
    assert len({alert.id for alert in loop.engine.decided}) == 2


def test_what_breaks_the_runner_each_time_is_put_aside_in_the_end(loop: _Loop) -> None:
    loop.engine.fault = RecursionError("too deep")
    answers = loop.play([delivered(_data(), attempt=attempt) for attempt in (1, 2, 3)])
    assert [answer[:4] for answer in answers] == [b"-NAK", b"-NAK", b"+ACK"]
    assert loop.recorder.dead_letters == ["runner_fault"]


@pytest.mark.parametrize("depth", [190, 300, 900, 992, 1100, 5000])
def test_however_deep_a_message_is_nested_it_comes_to_an_end(loop: _Loop, depth: int) -> None:
    nested = _data(x=0).replace(b'"x": 0', b'"x": ' + b"[" * depth + b"]" * depth)
    assert loop.play([delivered(nested)]) == [b"+ACK"]
    assert len(loop.engine.decided) + len(loop.recorder.dead_letters) == 1
