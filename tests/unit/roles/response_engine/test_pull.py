# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a consumer, and where a delivered message is in its stream."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from bulkhead_response.config import SourceConfig
from bulkhead_response.pull import Delivery, Puller, delivery_of
from tests.unit.roles.response_engine.fake_nats import FakeLink, delivered, settle, told


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.FALCO.response_engine.3.42.7.1764200000000000000.0",
        "$JS.ACK.hub.ACCOUNT.FALCO.response_engine.3.42.7.1764200000000000000.0.token",
    ],
)
def test_both_forms_are_read(reply: str) -> None:
    client: Any = Client()
    delivery = delivery_of(Msg(client, subject="falco.notice.x", reply=reply, data=b"{}"))
    assert delivery.place == ("FALCO", 42, 1764200000000000000)
    assert delivery.attempt == 3


class _Pulling:
    """A puller at its work, with room for three."""

    def __init__(self) -> None:
        self.link, self.taken = FakeLink(), 0
        link: Any = self.link
        self.puller = Puller(link, SourceConfig("FALCO", "response_engine", "falco"), 3, self._take)

    def _take(self, _delivery: Delivery) -> None:
        self.taken += 1

    @property
    def asked(self) -> list[tuple[int, str]]:
        """(how many, where to) of each request."""
        return [(json.loads(sent.data)["batch"], sent.reply) for sent in self.link.connection.sent]

    async def told(self, message: Msg) -> None:
        """This comes from the server."""
        [take] = self.link.connection.subscriptions.values()
        await take(message)
        await settle()

    async def silence(self) -> None:
        """Nothing has come for so long that the request is taken for lost."""
        self.puller.silent()
        await settle()


def _pulled(play: Callable[[_Pulling], Awaitable[None]]) -> _Pulling:
    async def run() -> _Pulling:
        pulling = _Pulling()
        await pulling.link.connect()
        task = asyncio.ensure_future(pulling.puller.run())
        await settle()
        await play(pulling)
        task.cancel()
        return pulling

    return asyncio.run(run())


def test_no_more_is_asked_for_than_there_is_room() -> None:
    async def play(pulling: _Pulling) -> None:
        for number in range(3):
            await pulling.told(delivered(b"{}", number))
        pulling.puller.done()
        await settle()

    assert [batch for batch, _reply in _pulled(play).asked] == [3, 1]


def test_a_request_that_was_not_lost_and_fills_all_and_more_lets_nothing_be_asked_for() -> None:
    async def play(pulling: _Pulling) -> None:
        await pulling.told(delivered(b"{}", 0))
        await pulling.silence()
        for number in range(1, 5):
            await pulling.told(delivered(b"{}", number))
        for _each in range(2):
            pulling.puller.done()
            await settle()
        await pulling.silence()

    pulling = _pulled(play)
    assert pulling.taken == 5
    assert [batch for batch, _reply in pulling.asked] == [3, 2]


def test_the_end_of_a_request_that_was_taken_for_lost_is_not_that_of_the_next() -> None:
    async def play(pulling: _Pulling) -> None:
        await pulling.silence()
        [_first, (_batch, second)] = pulling.asked
        await pulling.told(told(pulling.asked[0][1], "408", "Request Timeout"))
        assert len(pulling.asked) == 2
        await pulling.told(told(second, "408", "Request Timeout"))
        assert len(pulling.asked) == 3

    _pulled(play)
