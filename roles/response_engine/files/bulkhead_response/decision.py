# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of a decision: what was made of one alert, by which rule, and why. Its fields are a contract."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkhead_response import names
from bulkhead_response.alert import Alert, Target

SCHEMA_VERSION = "1.0"
ACTED, DRY_RUN, NO_MATCH, DEDUPLICATED, RATE_LIMITED = "acted", "dry_run", "no_match", "deduplicated", "rate_limited"
PROTECTED, REFUSED, FAILED, DEAD_LETTER = "protected", "refused", "failed", "dead_letter"
_ALERT = ("id", "rule", "priority", "source", "hostname", "time")
_TARGET = ("namespace", "pod", "pod_uid", "container_id", "image", "node")
STATUSES = (ACTED, DRY_RUN, NO_MATCH, DEDUPLICATED, RATE_LIMITED, PROTECTED, REFUSED, FAILED, DEAD_LETTER)


@dataclass(frozen=True)
class StepRecord:
    """What came of a step; `seconds` that it took, 0 where it was not run now."""

    step: str
    status: str
    message: str
    seconds: float


@dataclass(frozen=True)
class Decision:
    """What one rule made of an alert; without a rule, what the runner did."""

    alert: Alert
    rule: str
    status: str
    reason: str
    steps: Sequence[StepRecord] = ()

    @property
    def id(self) -> str:
        """The same for the same alert and rule, however often it is decided: duplicates can be told by it."""
        return f"{self.alert.id}.{names.slug(self.rule)}" if self.rule else self.alert.id

    def subject(self, prefix: str) -> str:
        """PREFIX.decision.STATUS.SLUG, the slug being that of the alert's rule."""
        return f"{prefix}.decision.{self.status}.{names.slug(self.alert.rule)}"

    def record(self, runner: str, attempt: int, now: datetime.datetime) -> bytes:
        """As it is published and logged: JSON without line ends."""
        return json.dumps(self._fields(runner, attempt, now), separators=(",", ":")).encode()

    def _fields(self, runner: str, attempt: int, now: datetime.datetime) -> Mapping[str, Any]:
        alert = self.alert
        return {
            "schema_version": SCHEMA_VERSION,
            "id": self.id,
            "time": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "alert": {key: getattr(alert, key) for key in _ALERT},
            "target": {key: getattr(alert.target, key) for key in _TARGET},
            "response_rule": self.rule or None,
            "status": self.status,
            "reason": self.reason,
            "steps": [vars(step) for step in self.steps],
            "runner": runner,
            "attempt": attempt,
        }


def nobody(identity: str) -> Alert:
    """What stands in the record of a message that is no alert."""
    return Alert(id=identity, rule="", priority="", source="", target=Target())
