# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes messages from a durable pull consumer, never more at a time than there is room for.

A request waits at the server for messages to come, so that each is delivered at once; a request whose connection or
server went silent is known by its missing heartbeats, and made again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from bulkhead_response.config import SourceConfig
from bulkhead_response.link import Link

log = logging.getLogger(__name__)

_SECOND = 1_000_000_000
_EXPIRES, _HEARTBEAT = 30, 5
_SILENCE = 2.5 * _HEARTBEAT
_PAUSE = 1.0
"""Seconds between requests that the server refuses, as for a consumer that is not there."""

_OVER = frozenset({"404", "408", "409"})
_LIMIT = "Exceeded"
_BEAT = "100"


@dataclass(frozen=True)
class Delivery:
    """A message with its place in the stream. `attempt` counts its deliveries, from 1.

    stored: when the server stored it, in nanoseconds since the epoch by its own clock.
    """

    message: Msg
    stream: str
    sequence: int
    attempt: int
    stored: int

    @property
    def place(self) -> tuple[str, int, int]:
        """Which message it is. A stream that was made anew counts from 1 again, at another time."""
        return self.stream, self.sequence, self.stored


def delivery_of(message: Msg) -> Delivery:
    """By the subject of the acknowledgement; since 2.10 a server may put a domain and an account before the stream."""
    tokens = message.reply.split(".")
    start = 2 if len(tokens) == 9 else 4
    _consumer, attempt, sequence, _delivered, stored = tokens[start + 1 : start + 6]
    return Delivery(message, tokens[start], int(sequence), int(attempt), int(stored))


class Puller:
    """Hands each message of one consumer to `deliver`, which says with `done` when there is room for another."""

    def __init__(self, link: Link, source: SourceConfig, room: int, deliver: Callable[[Delivery], None]) -> None:
        self.source = source
        self._link = link
        self._deliver = deliver
        self._room = room
        self._wanted = 0
        self._changed = asyncio.Event()
        self._heard = 0.0
        self._inbox, self._asked = "", 0
        self.refusal = ""
        link.use(self._attach)

    def done(self) -> None:
        """One of the messages has been dealt with."""
        self._room += 1
        if not self._wanted:
            self._changed.set()

    async def run(self) -> None:
        """Ask for messages as long as there is room, until this is cancelled."""
        while True:
            client = await self._link.client()
            if not self._wanted and self._room > 0:
                await self._ask(client)
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), _HEARTBEAT)
            except asyncio.TimeoutError:
                self._look_for_silence()

    async def _ask(self, client: Client) -> None:
        if self.refusal:
            await asyncio.sleep(_PAUSE)
        # A request that was taken for lost may still have brought more than there was room for.
        self._wanted = max(0, self._room)
        if not self._wanted:
            return
        self._asked += 1
        self._heard = asyncio.get_running_loop().time()
        request = {"batch": self._wanted, "expires": _EXPIRES * _SECOND, "idle_heartbeat": _HEARTBEAT * _SECOND}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self.source.stream}.{self.source.consumer}"
        try:
            await client.publish(subject, json.dumps(request).encode(), f"{self._inbox}.{self._asked}")
        except nats.errors.Error as error:
            log.debug("the request for messages was not sent: %s", error)
            self._wanted = 0

    async def _attach(self, client: Client) -> None:
        self._inbox = client.new_inbox()
        self._wanted = 0
        await client.subscribe(f"{self._inbox}.*", cb=self._take)
        self._changed.set()

    async def _take(self, message: Msg) -> None:
        self._heard = asyncio.get_running_loop().time()
        status = (message.headers or {}).get("Status")
        if not status and message.reply:
            self._wanted = max(0, self._wanted - 1)
            self._room -= 1
            self.refusal = ""
            self._deliver(delivery_of(message))
        elif message.subject.rpartition(".")[2] != str(self._asked):
            return  # the end of a request that was taken for lost is not the end of the one after it
        elif status == _BEAT:
            self.refusal = ""
        else:
            self._end_of_request(status or "", (message.headers or {}).get("Description", ""))
        if not self._wanted:
            self._changed.set()

    def _end_of_request(self, status: str, description: str) -> None:
        self._wanted = 0
        # 409 is many things: a server that leaves, another leader (ask again), or a limit of the consumer (mend that).
        expired = status in _OVER and not description.startswith(_LIMIT)
        refusal = "" if expired else description or "no answer: is the stream there?"
        if refusal and refusal != self.refusal:
            log.error("%s/%s: %s", self.source.stream, self.source.consumer, refusal)
        self.refusal = refusal

    def _look_for_silence(self) -> None:
        if self._wanted and asyncio.get_running_loop().time() - self._heard > _SILENCE:
            self.silent()

    def silent(self) -> None:
        """Take the request for lost, and make another."""
        log.warning("%s/%s is silent; asking again", self.source.stream, self.source.consumer)
        self._wanted = 0
        self._changed.set()
