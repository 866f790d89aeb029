# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of decisions: a JSON object a line on the standard output, without any secret."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from typing import Any, TextIO

from bulkhead_admission.admitting import Decision
from bulkhead_admission.review import Question
from bulkhead_admission.verdict import Verdict, clean


def record(question: Question, decision: Decision, seconds: float) -> dict[str, Any]:
    """What is written of a decision."""
    found: dict[str, Any] = {
        "time": datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "uid": question.uid,
        "kind": question.kind,
        "namespace": question.namespace,
        "name": question.name,
        "operation": question.operation,
        "user": question.user,
        "dry_run": question.dry_run,
        "allowed": decision.answer.allowed,
        "why": decision.why,
        "policy": decision.policy_id,
        "seconds": round(seconds, 4),
        "images": [_image(each) for each in decision.verdicts],
    }
    if decision.why.startswith("break_glass"):
        found["break_glass"] = clean(question.break_glass or "", 500)
        found["images"] = [{"image": clean(image)} for image in question.all_images]
    return found


def _image(verdict: Verdict) -> dict[str, str]:
    evaluation = verdict.evaluation
    found = {
        "image": clean(verdict.image),
        "digest": verdict.digest,
        "action": evaluation.action if evaluation else "",
        "failure": verdict.failure,
        "source": verdict.source,
    }
    if verdict.failure or verdict.refused:
        found["reason"] = clean(verdict.reasons(), 600)
    return found


class DecisionLog:
    """Writes whole lines at once. A log that cannot be written stops nobody's review."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(self, entry: dict[str, Any]) -> None:
        """One line."""
        try:
            self._stream.write(json.dumps(entry) + "\n")
            self._stream.flush()
        except OSError as error:
            print(f"bulkhead_admission: the log of decisions: {error}", file=sys.stderr)
