# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An engine with steps and a journal of the test, and alerts for it."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bulkhead_response import response_rule
from bulkhead_response.actions import ACTIONS
from bulkhead_response.alert import Alert, Target
from bulkhead_response.config import read
from bulkhead_response.engine import Engine, Tools, Verdict
from bulkhead_response.journal import Entry, Place
from bulkhead_response.outcome import DONE, WOULD_DO, Outcome
from bulkhead_response.step import Context

Act = Callable[[Alert, Context], Outcome]


def shell(number: int = 1, **target: str) -> Alert:
    """An alert about a pod of the namespace shop."""
    about = Target(namespace="shop", pod=f"web-{number}", pod_uid=f"uid-{number}", image="registry.example.com/web:1")
    return Alert(id=f"alert-{number:04d}", rule="Terminal shell", priority="notice", target=replace(about, **target))


@dataclass
class MemoryJournal:
    """A journal as the stream keeps it: the first to begin wins, the last word of each step counts."""

    runner: str = "me"
    entries: dict[str, Entry] = field(default_factory=dict)
    windows: dict[str, tuple[str, float]] = field(default_factory=dict)
    fails: Exception | None = None

    async def begin(self, place: Place) -> Entry | None:
        """See Journal."""
        if self.fails:
            raise self.fails
        if place.token in self.entries:
            return self.entries[place.token]
        self.entries[place.token] = Entry(None, self.runner, 1)
        return None

    async def begin_again(self, place: Place, after: Entry) -> bool:
        """See Journal."""
        if self.entries[place.token].sequence != after.sequence:
            return False
        self.entries[place.token] = Entry(None, self.runner, after.sequence + 1)
        return True

    async def end(self, place: Place, outcome: Outcome) -> None:
        """See Journal."""
        self.entries[place.token] = Entry(outcome, self.runner, self.entries[place.token].sequence + 1)

    async def read(self, place: Place) -> Entry | None:
        """See Journal."""
        return self.entries.get(place.token)

    async def open_window(self, key: str, alert_id: str) -> None:
        """See Journal."""
        self.windows[key] = (alert_id, 0.0)

    async def window(self, key: str, seconds: float) -> tuple[str, float] | None:
        """See Journal."""
        found = self.windows.get(key)
        return found if found and found[1] < seconds else None


class Play:
    """Runs alerts through an engine. `ran` are the steps that were run, as (step, alert, dry run)."""

    def __init__(self, config: Mapping[str, Any], journal: MemoryJournal | None = None) -> None:
        self.ran: list[tuple[str, str, bool]] = []
        self.keys: list[str] = []
        self.now = 1000.0
        self.acts: dict[str, Act] = {}
        self.journal = journal or MemoryJournal()
        self.config = read({"allowed_namespaces": ["shop"], **config})
        self.engine = self.new_engine("me")

    def new_engine(self, runner: str) -> Engine:
        """As after a restart: what was in memory is gone, what is in the journal stays."""
        self.journal.runner = runner
        http: Any = None
        actions = ChainMap({name: self._step(name) for name in ("act", "second")}, ACTIONS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(response_rule, "ACTIONS", actions)
            told = {name: self._step(name) for name in ("tell", "k8s_event")}
            patch.setattr(response_rule, "NOTIFICATIONS", told)
            self.engine = Engine(self.config, self.journal, Tools(http), runner, clock=lambda: self.now)
        return self.engine

    def decide(self, alert: Alert, attempt: int = 1) -> Verdict:
        """What the engine makes of it."""
        return asyncio.run(self._decided(alert, attempt))

    async def _decided(self, alert: Alert, attempt: int) -> Verdict:
        verdict = await self.engine.decide(alert, attempt)
        await asyncio.gather(*verdict.writes)
        return verdict

    def status(self, alert: Alert, attempt: int = 1) -> list[str]:
        """The statuses of its decisions; `waiting` at the end where there is more to come."""
        verdict = self.decide(alert, attempt)
        return [decision.status for decision in verdict.decisions] + (["waiting"] if verdict.waiting else [])

    def _step(self, name: str) -> type[Any]:
        play = self

        class Step:
            def __init__(self, params: Mapping[str, Any]) -> None:
                self.params = params

            async def run(self, alert: Alert, context: Context) -> Outcome:
                play.ran.append((name, alert.id, context.dry_run))
                play.keys.append(context.key)
                act = play.acts.get(name)
                return act(alert, context) if act else Outcome(WOULD_DO if context.dry_run else DONE, name)

        return Step


def rule(**more: Any) -> dict[str, Any]:
    """A rule that acts and tells."""
    return {"name": "shells", "steps": [{"action": "act"}, {"notify": "tell"}], **more}
