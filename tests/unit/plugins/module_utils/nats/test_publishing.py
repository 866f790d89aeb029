# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How events are published: so many at a time, and with a count of what is stored when one is refused."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.finding_events import Event
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.publishing import (
    Published,
    publish_all,
)


class FakeTalk:
    """A server that stores what it has not seen, and refuses one subject."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.now = self.most = 0

    async def store(self, subject: str, _body: bytes, identity: str) -> dict[str, Any]:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        if subject == "refused":
            raise NatsError("The stream does not take refused")
        known = identity in self.seen
        self.seen.add(identity)
        return {"stream": "FINDINGS", "seq": 1, **({"duplicate": True} if known else {})}


def _publish(talk: FakeTalk, events: list[Event], in_flight: int = 3) -> Published:
    return asyncio.run(publish_all(cast(Any, talk), events, in_flight))


def _events(count: int) -> list[Event]:
    return [Event(f"findings.high.{number}", b"{}", str(number)) for number in range(count)]


def test_each_once_and_never_too_many_at_a_time() -> None:
    talk = FakeTalk()
    assert _publish(talk, _events(10)) == Published(10, 0, {"FINDINGS"})
    assert (len(talk.seen), talk.most) == (10, 3)
    assert _publish(talk, _events(11)) == Published(1, 10, {"FINDINGS"})


def test_nothing_to_publish() -> None:
    assert _publish(FakeTalk(), []) == Published()


def test_one_that_is_refused_ends_it_with_a_count() -> None:
    events = [*_events(4), Event("refused", b"{}", "x"), *_events(2)]
    with pytest.raises(NatsError, match="does not take refused; 4 of 7 findings are published"):
        _publish(FakeTalk(), events, in_flight=1)
