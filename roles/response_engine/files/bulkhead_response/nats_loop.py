# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of each message that the streams deliver: read, decided, recorded, and only then acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import nats.errors

from bulkhead_response import decision as status
from bulkhead_response import falco_json
from bulkhead_response.alert import Alert
from bulkhead_response.config import Config, SourceConfig
from bulkhead_response.decision import Decision, nobody
from bulkhead_response.engine import Engine, Verdict
from bulkhead_response.errors import Poison, Unreachable
from bulkhead_response.execution import TryLater
from bulkhead_response.link import Link
from bulkhead_response.metrics import Metrics
from bulkhead_response.pull import Delivery, Puller
from bulkhead_response.recorder import Recorder
from bulkhead_response.server_clock import ServerClock

log = logging.getLogger(__name__)

_REMEMBERED = 20_000
_HEARTBEAT = 2.0
"""Seconds between the signs that a message is still being worked on. The consumer's ack_wait must be longer."""
_LONGEST_DELAY = 30.0
_ACK, _IN_PROGRESS = b"+ACK", b"+WPI"

Reader = Callable[[bytes, str], Sequence[Alert]]
Key = tuple[str, int, int]


def reader_of(message_format: str, limit: int, known: Mapping[str, Any]) -> Reader:
    """What turns messages of a format, and their places in a stream, into alerts. Each may raise Poison."""
    if message_format == "falco":
        return lambda data, place: [falco_json.alert_of(falco_json.parse_json(data, limit), place)]
    from bulkhead_response.audit_rules import alerts_of, known_from

    familiar = known_from(known)
    return lambda data, _place: alerts_of(falco_json.parse_json(data, limit), familiar)


class NatsLoop:
    """Deals with what the consumers deliver, up to the limit of what may be in flight."""

    def __init__(
        self, config: Config, engine: Engine, link: Link, recorder: Recorder, metrics: Metrics, clock: ServerClock
    ) -> None:
        """clock: is told what the messages say of the server's time. ConfigError for sources that cannot be read."""
        self._config = config
        self._engine = engine
        self._link = link
        self._recorder = recorder
        self._metrics = metrics
        self._clock = clock
        self._in_flight: dict[Key, Delivery] = {}
        self._finished: OrderedDict[Key, None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()
        self.pullers = [self._puller(source) for source in config.sources]

    async def run(self) -> None:
        """Take and decide, until this is cancelled."""
        await asyncio.gather(*(puller.run() for puller in self.pullers), self._show_signs_of_life())

    async def finish(self, seconds: float) -> None:
        """Wait for what is in flight, but no longer than this; what is left will be delivered again."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    @property
    def in_flight(self) -> int:
        """How many messages are being worked on."""
        return len(self._in_flight)

    # -- one message --------------------------------------------------------------------------------------------

    def _puller(self, source: SourceConfig) -> Puller:
        limits = self._config.limits
        read = reader_of(source.format, limits.max_alert_bytes, self._config.known)
        puller = Puller(self._link, source, limits.in_flight, lambda delivery: self._take(delivery, read, puller))
        return puller

    def _take(self, delivery: Delivery, read: Reader, puller: Puller) -> None:
        """Begin with a message, unless it is here already: after a partition it is delivered a second time."""
        self._clock.heard(delivery.stored)
        key = delivery.place
        known = key in self._in_flight
        if known or key in self._finished:
            if known:
                self._in_flight[key] = delivery
            else:
                self._spawn(self._answer(delivery, _ACK))
            puller.done()
            return
        self._metrics.count("alerts", stream=delivery.stream)
        self._in_flight[key] = delivery
        self._spawn(self._deal_with(key, read, puller))

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deal_with(self, key: Key, read: Reader, puller: Puller) -> None:
        begun = time.monotonic()
        delivery = self._in_flight[key]
        try:
            waiting = await self._decide(delivery, read, begun)
        except Unreachable as error:
            waiting = TryLater(str(error), error.retry_after)
        except Exception as error:
            log.exception("message %d of %s could not be dealt with", delivery.sequence, delivery.stream)
            waiting = await self._after_fault(delivery, f"a fault of the runner: {type(error).__name__}")
        finally:
            # Acknowledged is what was delivered last.
            delivery = self._in_flight.pop(key)
            puller.done()
        if waiting is None:
            self._remember(key)
            await self._answer(delivery, _ACK)
        else:
            await self._put_back(delivery, waiting)

    async def _decide(self, delivery: Delivery, read: Reader, begun: float) -> TryLater | None:
        """Why the message has to be delivered again; None when all is recorded."""
        data, subject = delivery.message.data, delivery.message.subject
        try:
            alerts = read(data, str(delivery.place))
        except Poison as poison:
            await self._bury(poison.reason, str(poison), delivery)
            return None
        waiting = None
        for alert in alerts:
            verdict = await self._verdict(alert, delivery)
            made = [self._recorder.record(decision, delivery.attempt, data, subject) for decision in verdict.decisions]
            # Of a flood most alerts are de-duplicated, with one record and nothing else to write: that needs no task.
            await (asyncio.gather(*verdict.writes, *made) if verdict.writes or len(made) != 1 else made[0])
            if any(decision.steps for decision in verdict.decisions):
                self._metrics.observe(time.monotonic() - begun)
            waiting = waiting or verdict.waiting
        return waiting

    async def _after_fault(self, delivery: Delivery, fault: str) -> TryLater | None:
        """What no try has mended must not be tried for ever."""
        if delivery.attempt < self._config.limits.max_deliver:
            return TryLater(fault)
        try:
            await self._bury("runner_fault", fault, delivery)
        except Unreachable as error:
            return TryLater(str(error), error.retry_after)
        return None

    async def _bury(self, reason: str, message: str, delivery: Delivery) -> None:
        """Put aside what no alert could be made of."""
        data, subject = delivery.message.data, delivery.message.subject
        unknown = nobody(hashlib.sha256(data).hexdigest())
        await self._recorder.dead(reason, message, unknown, delivery.attempt, data, subject)

    async def _verdict(self, alert: Alert, delivery: Delivery) -> Verdict:
        if not self._engine.concerns(alert):
            return Verdict([Decision(alert, "", status.NO_MATCH, "no response rule matches")])
        most = self._config.limits.max_deliver
        if delivery.attempt > most:
            message = f"delivered {delivery.attempt} times and never dealt with to its end; {most} are allowed"
            data, subject = delivery.message.data, delivery.message.subject
            await self._recorder.dead("max_deliver", message, alert, delivery.attempt, data, subject)
            return Verdict([])
        return await self._engine.decide(alert, delivery.attempt)

    async def _put_back(self, delivery: Delivery, waiting: TryLater) -> None:
        delay = waiting.after if waiting.after is not None else min(2.0 ** (delivery.attempt - 1), _LONGEST_DELAY)
        self._metrics.count("retries")
        log.warning("alert %d of %s: %s; again in %g s", delivery.sequence, delivery.stream, waiting, delay)
        await self._answer(delivery, b'-NAK {"delay": %d}' % int(delay * 1e9))

    async def _answer(self, delivery: Delivery, what: bytes) -> None:
        """Tell the consumer. An answer that is lost is no harm: the message comes again, and is known."""
        with contextlib.suppress(nats.errors.Error, OSError):
            if self._link.is_up:
                await (await self._link.client()).publish(delivery.message.reply, what)

    def _remember(self, key: Key) -> None:
        self._finished[key] = None
        if len(self._finished) > _REMEMBERED:
            self._finished.popitem(last=False)

    async def _show_signs_of_life(self) -> None:
        """Nothing is delivered again as long as it is being worked on."""
        while True:
            before = dict(self._in_flight)
            await asyncio.sleep(_HEARTBEAT)
            for key in before.keys() & self._in_flight.keys():
                await self._answer(self._in_flight[key], _IN_PROGRESS)
