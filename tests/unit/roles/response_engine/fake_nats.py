# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A connection to NATS that remembers what is sent, and hands on what the test says that the server sends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

STORED = 1764200000000000000
Take = Callable[[Msg], Awaitable[None]]


@dataclass(frozen=True)
class Sent:
    """One message that the runner has published."""

    subject: str
    data: bytes
    reply: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class FakeClient:
    """What the runner uses of a client of NATS."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.subscriptions: dict[str, Take] = {}

    def new_inbox(self) -> str:
        """Another one each time."""
        return f"_INBOX.{len(self.subscriptions)}"

    async def subscribe(self, subject: str, cb: Take) -> None:
        """`cb` takes what comes."""
        self.subscriptions[subject] = cb

    async def publish(self, subject: str, data: bytes, reply: str = "", headers: Any = None) -> None:
        """Remember it."""
        self.sent.append(Sent(subject, data, reply, headers or {}))

    def subjects(self, beginning: str) -> list[str]:
        """The subjects of what was sent that begin so."""
        return [sent.subject for sent in self.sent if sent.subject.startswith(beginning)]


class FakeLink:
    """A link that is up."""

    is_up = True

    def __init__(self) -> None:
        self.connection = FakeClient()
        self._users: list[Callable[[Any], Awaitable[None]]] = []

    def use(self, attach: Callable[[Any], Awaitable[None]]) -> None:
        """See Link."""
        self._users.append(attach)

    async def connect(self) -> None:
        """Attach all who use it."""
        for attach in self._users:
            await attach(self.connection)

    async def client(self) -> FakeClient:
        """The connection."""
        return self.connection


def delivered(data: bytes, sequence: int = 1, attempt: int = 1, stored: int = STORED) -> Msg:
    """A message of the stream FALCO as a consumer delivers it."""
    reply = f"$JS.ACK.FALCO.response_engine.{attempt}.{sequence}.{sequence}.{stored}.0"
    client: Any = Client()
    return Msg(client, subject="falco.notice.shell", reply=reply, data=data)


def told(subject: str, status: str, description: str = "") -> Msg:
    """What the server says of a request for messages."""
    client: Any = Client()
    return Msg(client, subject=subject, headers={"Status": status, "Description": description})


async def settle() -> None:
    """Let everything run that is ready to."""
    for _each in range(50):
        await asyncio.sleep(0)
