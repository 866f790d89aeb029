# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of one rule for one alert, in their order: each journalled before and after, none run twice."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bulkhead_response.alert import Alert
from bulkhead_response.config_rules import SKIP, STOP
from bulkhead_response.decision import StepRecord
from bulkhead_response.errors import Unreachable
from bulkhead_response.journal import Entry, Journal, Place
from bulkhead_response.outcome import ALREADY_DONE, DONE, FAILED, REFUSED, WOULD_DO, Outcome
from bulkhead_response.protection import EVENTS
from bulkhead_response.response_rule import ResponseRule, ResponseStep
from bulkhead_response.step import Context

log = logging.getLogger(__name__)

_WORST = (ALREADY_DONE, DONE, WOULD_DO, REFUSED, FAILED)
"""The state of a response is that of its worst action."""


class TryLater(Exception):
    """The alert is to be delivered again; the message says why. `after`: in how many seconds, None for as usual."""

    def __init__(self, message: str, after: float | None = None) -> None:
        """message: a sentence."""
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class Circumstances:
    """What a run of steps depends on. `blocked`: why no action may be taken, None where they may.

    attempt: the number of this delivery of the alert. last: no other will follow, so that a failure is final.
    """

    runner: str
    attempt: int
    last: bool
    dry_run: bool
    blocked: str | None


@dataclass
class Execution:
    """One run. Afterwards `records` say what came of it, and `waiting` why it has to be run once more, if it has.

    `endings` write what came of it into the journal; whoever runs it lets nothing go before they have.
    """

    rule: ResponseRule
    alert: Alert
    journal: Journal
    about: Circumstances
    context: Callable[[str, bool, dict[str, Outcome]], Context]
    records: list[StepRecord] = field(default_factory=list)
    waiting: TryLater | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    state: str = ""
    _stopped_by: str = ""
    _held_up: bool = False
    endings: list[asyncio.Future[None]] = field(default_factory=list)

    async def run(self) -> None:
        """All steps that are to be run now. Unreachable where the journal cannot be written."""
        for index, step in enumerate(self.rule.steps):
            if step.config.is_action:
                await self._action(index, step)
            elif not self._held_up and (not self.state or self.state in step.config.on):
                self._note(step, *await self._notification(index, step))

    async def _notification(self, index: int, step: ResponseStep) -> tuple[Outcome, float]:
        if self.about.blocked is not None and step.name in EVENTS:
            return Outcome(REFUSED, self.about.blocked), 0.0
        return await self._journalled(index, step)

    async def _action(self, index: int, step: ResponseStep) -> None:
        if self.about.blocked is not None:
            outcome, seconds = Outcome(REFUSED, self.about.blocked), 0.0
        elif self._stopped_by:
            outcome, seconds = Outcome(REFUSED, f"not run, because of what came of {self._stopped_by}"), 0.0
        else:
            outcome, seconds = await self._journalled(index, step)
        if self._note(step, outcome, seconds):
            self._held_up = True
        self.state = max(self.state or outcome.status, outcome.status, key=_WORST.index)
        if outcome.status in (FAILED, REFUSED) and step.config.on_failure == STOP:
            self._stopped_by = self._stopped_by or step.name

    def _note(self, step: ResponseStep, outcome: Outcome, seconds: float) -> bool:
        """Keep what came of a step; whether it is to be tried again."""
        name = step.name if step.name not in self.outcomes else f"{step.name} {len(self.records) + 1}"
        self.outcomes[name] = outcome
        self.records.append(StepRecord(step.name, outcome.status, outcome.message, round(seconds, 4)))
        again = outcome.status == FAILED and outcome.retry and not self.about.last
        if again:
            after = outcome.details.get("retry_after")
            self.waiting = self.waiting or TryLater(f"{step.name}: {outcome.message}", after)
        return again

    async def _journalled(self, index: int, step: ResponseStep) -> tuple[Outcome, float]:
        if self.about.dry_run:
            return await self._run(index, step)
        place = Place(self.alert.id, self.rule.slug, index, step.name)
        entry = await self.journal.begin(place)
        if entry is not None:
            known = await self._resume(place, entry, step)
            if known is not None:
                return known, 0.0
        outcome, seconds = await self._run(index, step)
        # The next step's beginning is stored after it: there is one connection, and one stream.
        self.endings.append(asyncio.ensure_future(self.journal.end(place, outcome)))
        await asyncio.sleep(0)
        return outcome, seconds

    async def _resume(self, place: Place, entry: Entry, step: ResponseStep) -> Outcome | None:
        """What came of a step that was begun before; None where it is to be run (again): what failed always is.

        So a dead letter can be published anew when its cause was mended.
        """
        if entry.outcome is not None and entry.outcome.status != FAILED:
            return entry.outcome
        if entry.outcome is None and entry.runner != self.about.runner:
            if self.about.attempt == 1:
                raise TryLater(f"{step.name} was begun by {entry.runner}", step.seconds)
            if step.config.on_doubt == SKIP:
                return Outcome(FAILED, f"whether it was done is not known: {entry.runner} ended before it could say")
        if not await self.journal.begin_again(place, entry):
            raise TryLater(f"{step.name} was begun by another runner", step.seconds)
        return None

    async def _run(self, index: int, step: ResponseStep) -> tuple[Outcome, float]:
        context = self.context(self.rule.key(self.alert, index), self.about.dry_run, dict(self.outcomes))
        begun = time.monotonic()
        outcome = await _outcome(step, self.alert, context)
        return outcome, time.monotonic() - begun


async def _outcome(step: ResponseStep, alert: Alert, context: Context) -> Outcome:
    """What comes of a step, whatever it raises: a step must not end the runner."""
    try:
        return await asyncio.wait_for(step.step.run(alert, context), step.seconds)
    except Unreachable as error:
        return Outcome(FAILED, str(error), retry=True, details={"retry_after": error.retry_after})
    except asyncio.TimeoutError:
        return Outcome(FAILED, f"did not end within {step.seconds:g} s", retry=True)
    except Exception as error:
        log.exception("the step %s failed on alert %s", step.name, alert.id)
        return Outcome(FAILED, f"a fault of the runner: {type(error).__name__}")
