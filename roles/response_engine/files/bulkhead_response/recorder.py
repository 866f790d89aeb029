# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records decisions and dead letters in the stream, and decisions in the log. An alert is let go only after that."""

from __future__ import annotations

import datetime
import json

from bulkhead_response import decision as status
from bulkhead_response.alert import Alert
from bulkhead_response.config import RecordConfig
from bulkhead_response.decision import Decision
from bulkhead_response.decision_log import DecisionLog
from bulkhead_response.metrics import Metrics
from bulkhead_response.publisher import Publisher

_EXCERPT = 32_768
"""How many bytes of a message a dead letter holds; it has to fit whatever may be published."""

_DEAD = {status.FAILED: "action_failed", status.RATE_LIMITED: "rate_limited"}


class Recorder:
    """Publishes with an identity, so that what is recorded again after a lost acknowledgement is there once."""

    def __init__(
        self, config: RecordConfig, publisher: Publisher | None, log: DecisionLog, metrics: Metrics, runner: str
    ) -> None:
        """Without a publisher, the log is the only record."""
        self._config = config
        self._publisher = publisher
        self._log = log
        self._metrics = metrics
        self._runner = runner

    async def record(self, decision: Decision, attempt: int, data: bytes, subject: str) -> None:
        """Record a decision; with a dead letter where the alert was neither acted upon nor rightly left alone.

        data, subject: the message that the alert came in. Unreachable where it cannot be stored.
        """
        self._metrics.count("decisions", status=decision.status)
        if decision.status == status.NO_MATCH and not self._config.no_match:
            return
        if decision.status in _DEAD:
            await self.bury(_DEAD[decision.status], decision.reason, decision.id, data, subject)
        record = decision.record(self._runner, attempt, datetime.datetime.now(datetime.timezone.utc))
        if self._publisher is not None:
            where = decision.subject(self._config.subject_prefix)
            await self._publisher.persist(where, record, f"{decision.id}.{decision.status}")
        self._log.write(record)

    async def dead(self, reason: str, message: str, alert: Alert, attempt: int, data: bytes, subject: str) -> None:
        """Put a message aside for good, and record that."""
        await self.bury(reason, message, alert.id, data, subject)
        await self.record(Decision(alert, "", status.DEAD_LETTER, f"{reason}: {message}"), attempt, data, subject)

    async def bury(self, reason: str, message: str, identity: str, data: bytes, subject: str) -> None:
        """Publish a dead letter on PREFIX.dead.REASON."""
        self._metrics.count("dead_letters", reason=reason)
        if self._publisher is None:
            return
        letter = {
            "reason": reason,
            "message": message,
            "id": identity,
            "subject": subject,
            "bytes": len(data),
            "data": data[:_EXCERPT].decode(errors="replace"),
        }
        where = f"{self._config.subject_prefix}.dead.{reason}"
        await self._publisher.persist(where, json.dumps(letter).encode(), f"{identity}.dead")
