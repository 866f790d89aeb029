# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events into a stream: many at a time, never too many, and each once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.conversation import Conversation
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.finding_events import Event


@dataclass
class Published:
    """How many are new in a stream, how many were there already, and in which streams they are."""

    stored: int = 0
    duplicates: int = 0
    streams: set[str] = field(default_factory=set)


async def publish_all(talk: Conversation, events: Sequence[Event], in_flight: int) -> Published:
    """Publish them, so many at a time. NatsError at the first that is refused, with how many are stored by then.

    What is stored then is not stored again when all is tried a second time.
    """
    done, waiting = Published(), iter(events)
    workers = [asyncio.ensure_future(_publish(talk, waiting, done)) for _worker in range(min(in_flight, len(events)))]
    try:
        await asyncio.gather(*workers)
    except NatsError as exc:
        raise NatsError(f"{exc}; {done.stored + done.duplicates} of {len(events)} findings are published") from exc
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return done


async def _publish(talk: Conversation, waiting: Iterator[Event], done: Published) -> None:
    for event in waiting:
        answer = await talk.store(event.subject, event.body, event.identity)
        done.streams.add(str(answer.get("stream")))
        if answer.get("duplicate"):
            done.duplicates += 1
        else:
            done.stored += 1
