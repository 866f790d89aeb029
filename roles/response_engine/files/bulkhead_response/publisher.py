# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publishes to JetStream, many at a time, and knows of each message whether it was stored.

A message that nobody acknowledges is sent again with the same Nats-Msg-Id, over a new connection if need be, so that it
is stored once.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
from collections.abc import Mapping
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from bulkhead_response.errors import Unreachable
from bulkhead_response.link import Link

log = logging.getLogger(__name__)

_PATIENCE = 5.0
"""Seconds without an answer after which a message is sent again."""

MSG_ID, EXPECTED_LAST = "Nats-Msg-Id", "Nats-Expected-Last-Subject-Sequence"
_WRONG_LAST_SEQUENCE = (10071, 10164)


class WrongLastSequence(Exception):
    """Another message is on the subject already: somebody was there before."""


class Publisher:
    """Sends over the link's connection and gets all acknowledgements on one subscription."""

    def __init__(self, link: Link, patience: float = _PATIENCE) -> None:
        self._link = link
        self._patience = patience
        self._numbers = itertools.count()
        self._prefix = ""
        self._waiting: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        link.use(self._attach)

    async def persist(
        self,
        subject: str,
        data: bytes,
        identity: str = "",
        *,
        expected: int | None = None,
        seconds: float | None = None,
    ) -> int:
        """Send until it is stored; its sequence in the stream.

        identity: by it the server drops what it has already. expected: the sequence of the last message of the subject,
        0 for none; WrongLastSequence where it is another. Unreachable where the server refuses to store it, or, with
        `seconds`, does not answer for as long.
        """
        headers = {MSG_ID: identity} if identity else {}
        if expected is not None:
            headers[EXPECTED_LAST] = str(expected)
        try:
            answer = await asyncio.wait_for(self._until_answered(subject, data, headers), seconds)
        except asyncio.TimeoutError as error:
            raise Unreachable(f"NATS did not acknowledge a message on {subject} within {seconds:g} s") from error
        return _sequence(answer, subject)

    async def _until_answered(self, subject: str, data: bytes, headers: dict[str, str]) -> Mapping[str, Any]:
        while True:
            client = await self._link.client()
            try:
                return await self._once(client, subject, data, headers)
            except nats.errors.MaxPayloadError as error:
                raise Unreachable(f"NATS takes no message of {len(data)} bytes: raise its max_payload") from error
            except (nats.errors.Error, asyncio.TimeoutError, OSError) as error:
                # It may be stored or not. With the same identity it is stored once.
                log.warning("no acknowledgement of %s (%s); sending it again", subject, type(error).__name__)
                await asyncio.sleep(0)

    async def _once(self, client: Client, subject: str, data: bytes, headers: dict[str, str]) -> Mapping[str, Any]:
        token = str(next(self._numbers))
        answer = asyncio.get_running_loop().create_future()
        self._waiting[token] = answer
        timer = asyncio.get_running_loop().call_later(self._patience, _give_up, answer)
        try:
            await client.publish(subject, data, f"{self._prefix}{token}", headers=headers or None)
            found: Mapping[str, Any] = await answer
            return found
        finally:
            timer.cancel()
            self._waiting.pop(token, None)

    async def _attach(self, client: Client) -> None:
        """What waits for an answer over the former connection will get none."""
        for answer in self._waiting.values():
            _give_up(answer)
        self._prefix = f"{client.new_inbox()}."
        await client.subscribe(f"{self._prefix}*", cb=self._answered)

    async def _answered(self, message: Msg) -> None:
        answer = self._waiting.get(message.subject.rpartition(".")[2])
        if answer is not None and not answer.done():
            answer.set_result(_parsed(message))


def _parsed(message: Msg) -> Mapping[str, Any]:
    if not message.data:
        return {"error": {"description": "no stream takes this subject"}}
    found: Mapping[str, Any] = json.loads(message.data)
    return found


def _give_up(answer: asyncio.Future[Mapping[str, Any]]) -> None:
    if not answer.done():
        answer.set_exception(asyncio.TimeoutError())


def _sequence(answer: Mapping[str, Any], subject: str) -> int:
    error = answer.get("error")
    if not error:
        return int(answer["seq"])
    if error.get("err_code") in _WRONG_LAST_SEQUENCE:
        raise WrongLastSequence(error.get("description"))
    raise Unreachable(f"NATS does not store what is published on {subject}: {error.get('description', error)}")
