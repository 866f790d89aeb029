# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a question to its answer: what is decided at once, the verdicts, the record."""

from __future__ import annotations

import re
import time

from bulkhead_admission.admitting import Decision, at_once, decided, exempt_images, policy_of
from bulkhead_admission.config import Config
from bulkhead_admission.decision_log import DecisionLog, record
from bulkhead_admission.judge import Judge
from bulkhead_admission.metrics import Metrics
from bulkhead_admission.review import Answer, Question

_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?)(ms|s|m)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def seconds_left(config: Config, asked: str = "") -> float:
    """Seconds to answer a review in. asked: the API server's `timeout`, such as 10s, "" where it does not tell.

    The margin is what the answer needs to come back in; of a very short time, half is kept for that.
    """
    found = _DURATION.fullmatch(asked)
    if found is None:
        return config.seconds
    timeout = float(found[1]) * _UNITS[found[2]]
    return min(config.seconds, timeout - min(config.margin, timeout / 2))


class Reviewer:
    """Answers reviews, and records each."""

    def __init__(self, config: Config, judge: Judge, metrics: Metrics, log: DecisionLog) -> None:
        self.config, self._judge, self._metrics, self._log = config, judge, metrics, log

    async def answer(self, endpoint: str, question: Question, seconds: float, path_name: str = "") -> Answer:
        """The answer, within so many seconds. path_name: the policy that the path of the request names."""
        began = time.monotonic()
        decision = at_once(question, self.config)
        if decision is None:
            decision = await self._by_images(question, began + seconds, path_name)
        taken = time.monotonic() - began
        self._tell(endpoint, question, decision, taken)
        return decision.answer

    async def _by_images(self, question: Question, deadline: float, path_name: str) -> Decision:
        judged = exempt_images(question, self.config.exemptions)
        if not judged.images:
            return Decision(Answer(True, annotations={"decision": "exempt_images"}), "exempt_images")
        policy_id = policy_of(question, self.config, path_name)
        verdicts = await self._judge.verdicts_of(judged.images, policy_id, deadline)
        return decided(verdicts, policy_id, self.config.failure)

    def _tell(self, endpoint: str, question: Question, decision: Decision, taken: float) -> None:
        allowed = "true" if decision.answer.allowed else "false"
        self._metrics.count("reviews", endpoint=endpoint, allowed=allowed, why=decision.why)
        self._metrics.observe("review_seconds", taken)
        if decision.why == "break_glass" and not question.dry_run:
            self._metrics.count("break_glass")
        self._log.write(record(question, decision, taken))
