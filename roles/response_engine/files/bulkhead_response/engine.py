# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One alert in, decisions out: which rules are meant, whether they may act, and what came of their steps.

It knows nothing of how alerts come and where decisions go: the runner and the Kubeless function both ask it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkhead_response import decision as status
from bulkhead_response.alert import Alert
from bulkhead_response.config import Config
from bulkhead_response.decision import Decision
from bulkhead_response.errors import Unreachable
from bulkhead_response.execution import Circumstances, Execution, TryLater
from bulkhead_response.journal import Journal, Place
from bulkhead_response.metrics import Metrics
from bulkhead_response.outcome import FAILED, REFUSED, Outcome
from bulkhead_response.pod_facts import PodSight
from bulkhead_response.protection import Protection
from bulkhead_response.response_rule import ResponseRule, make_rules
from bulkhead_response.step import Context
from bulkhead_response.windows import Allowance, Clock, Windows

if TYPE_CHECKING:
    import aiohttp

    from bulkhead_response.docker_api import DockerApi
    from bulkhead_response.kubernetes_api import KubernetesApi


@dataclass(frozen=True)
class Tools:
    """What steps work with."""

    http: aiohttp.ClientSession
    kubernetes: KubernetesApi | None = None
    docker: DockerApi | None = None


@dataclass(frozen=True)
class Verdict:
    """The decisions that are made; `waiting`, where a rule could not be followed to its end yet.

    writes: what the journal is being told. The alert must not be let go before they have ended; Unreachable where one
    could not be made.
    """

    decisions: Sequence[Decision]
    waiting: TryLater | None = None
    writes: Sequence[asyncio.Future[None]] = ()


class Engine:
    """Holds the rules, the windows and the allowances."""

    def __init__(
        self,
        config: Config,
        journal: Journal,
        tools: Tools,
        runner: str,
        metrics: Metrics | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        """runner: who writes the journal, another one for each process. ConfigError for rules that cannot be used."""
        self._rules = make_rules(config, clock)
        self._limits = config.limits
        self._protection = Protection(config)
        self._journal = journal
        self._tools = tools
        self._runner = runner
        self._metrics = metrics or Metrics()
        self._windows = Windows(clock)
        self._allowance = Allowance(config.limits.actions_per_minute, clock)
        self._clock, self._started = clock, clock()
        self._busy: dict[str, asyncio.Future[None]] = {}

    def concerns(self, alert: Alert) -> bool:
        """Whether any rule may be meant; most alerts are nobody's, and are let go at once."""
        return any(rule.matches(alert) for rule in self._rules)

    async def decide(self, alert: Alert, attempt: int = 1) -> Verdict:
        """Act upon an alert. attempt: of the limits' max_deliver deliveries, from 1."""
        while alert.id in self._busy:
            await asyncio.wait([self._busy[alert.id]])
        self._busy[alert.id] = asyncio.get_running_loop().create_future()
        try:
            return await self._decide(alert, attempt)
        finally:
            self._busy.pop(alert.id).set_result(None)

    async def _decide(self, alert: Alert, attempt: int) -> Verdict:
        decisions: list[Decision] = []
        writes: list[asyncio.Future[None]] = []
        waiting: TryLater | None = None
        unseen: Decision | None = None
        sight = PodSight(self._tools.kubernetes, alert.target)
        for rule in self._rules:
            try:
                if not rule.matches(alert):
                    continue
                reason = self._not_looked_up(rule, alert)
                if reason is not None:
                    unseen = unseen or Decision(alert, rule.name, status.PROTECTED, reason)
                    continue
                if not await self._labels_match(rule, sight):
                    continue
                decisions.append(await self._respond(rule, alert, sight, attempt, writes))
            except (TryLater, Unreachable) as error:
                later = error if isinstance(error, TryLater) else TryLater(str(error), error.retry_after)
                if attempt >= self._limits.max_deliver:
                    self._windows.release(rule.window(alert), alert.id)
                    decisions.append(Decision(alert, rule.name, status.FAILED, str(later)))
                else:
                    waiting = waiting or later
            if not rule.go_on:
                break
        if not decisions and waiting is None:
            decisions.append(unseen or Decision(alert, "", status.NO_MATCH, "no response rule matches"))
        return Verdict(decisions, waiting, writes)

    def _not_looked_up(self, rule: ResponseRule, alert: Alert) -> str | None:
        """Why no label is asked for: the engine may not look, and whoever sends alerts must not make it try."""
        return self._protection.against(alert.target, rule.actions) if rule.asks_for_labels else None

    async def _labels_match(self, rule: ResponseRule, sight: PodSight) -> bool:
        return not rule.asks_for_labels or rule.labels_match((await sight.facts()).labels)

    async def _respond(
        self, rule: ResponseRule, alert: Alert, sight: PodSight, attempt: int, writes: list[asyncio.Future[None]]
    ) -> Decision:
        holder = await self._claim(rule, alert)
        if holder != alert.id:
            return Decision(alert, rule.name, status.DEDUPLICATED, f"the same as alert {holder}")
        blocked = await self._blocked(rule, alert, sight)
        if blocked is None and not await self._may_act(rule, alert, attempt):
            self._windows.release(rule.window(alert), alert.id)
            return Decision(alert, rule.name, status.RATE_LIMITED, "more actions in a minute than are allowed")
        about = Circumstances(self._runner, attempt, attempt >= self._limits.max_deliver, rule.dry_run, blocked)
        execution = Execution(rule, alert, self._journal, about, self._context_of(rule), endings=writes)
        await execution.run()
        for record in execution.records:
            self._metrics.count("steps", step=record.step, status=record.status)
        if execution.waiting is not None:
            raise execution.waiting
        return self._concluded(rule, alert, execution)

    async def _claim(self, rule: ResponseRule, alert: Alert) -> str:
        """Whose the window is. For as long as a window may be open since before our start, the journal is asked too."""
        seconds, key = rule.window_seconds, rule.window(alert)
        if not seconds:
            return alert.id
        known = self._windows.owner(key)
        holder = self._windows.claim(key, alert.id, seconds)
        if known is None and not rule.dry_run and self._clock() - self._started < seconds:
            before = await self._journal.window(key, seconds)
            if before is not None and before[0] != alert.id:
                holder = before[0]
                self._windows.renew(key, holder, seconds - before[1])
        return holder

    async def _blocked(self, rule: ResponseRule, alert: Alert, sight: PodSight) -> str | None:
        """Why the rule's actions may not be taken."""
        if not rule.touches:
            return None
        reason = self._protection.against(alert.target, rule.actions)
        if reason is None and self._protection.asks_for_images:
            reason = self._protection.against_images(await sight.images())
        return reason

    async def _may_act(self, rule: ResponseRule, alert: Alert, attempt: int) -> bool:
        """Whether the limits leave room; what was begun before is ended without asking."""
        if not rule.actions or rule.dry_run:
            return True
        first = Place(alert.id, rule.slug, 0, rule.steps[0].name)
        if attempt > 1 and await self._journal.read(first) is not None:
            return True
        if not (self._allowance.has() and rule.allowance.has()):
            return False
        self._allowance.take()
        rule.allowance.take()
        return True

    def _concluded(self, rule: ResponseRule, alert: Alert, execution: Execution) -> Decision:
        conclusion, reason = _conclusion(rule, execution)
        if rule.window_seconds:
            if conclusion == status.FAILED:
                self._windows.release(rule.window(alert), alert.id)
            else:
                self._windows.renew(rule.window(alert), alert.id, rule.window_seconds)
                if not rule.dry_run:
                    opened = self._journal.open_window(rule.window(alert), alert.id)
                    execution.endings.append(asyncio.ensure_future(opened))
        return Decision(alert, rule.name, conclusion, reason, execution.records)

    def _context_of(self, rule: ResponseRule) -> Callable[[str, bool, dict[str, Outcome]], Context]:
        def context(key: str, dry_run: bool, so_far: dict[str, Outcome]) -> Context:
            tools = self._tools
            return Context(rule.name, key, dry_run, tools.http, tools.kubernetes, tools.docker, so_far)

        return context


def _conclusion(rule: ResponseRule, execution: Execution) -> tuple[str, str]:
    """(status, reason) of a decision whose steps were run."""
    failed = [record for record in execution.records if record.status == FAILED]
    if failed:
        return status.FAILED, f"{failed[0].step}: {failed[0].message}"
    if execution.about.blocked is not None:
        return status.PROTECTED, execution.about.blocked
    if rule.dry_run:
        return status.DRY_RUN, "nothing was changed"
    refused = [record for record in execution.records if record.status == REFUSED]
    if refused:
        return status.REFUSED, f"{refused[0].step}: {refused[0].message}"
    return status.ACTED, "done"
