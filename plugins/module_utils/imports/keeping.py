# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings are kept, in memory or in a file; what is left out is counted."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    SEVERITIES,
    STATUSES,
    Finding,
)

Write = Callable[[Finding], None]
_RANK = {severity: -number for number, severity in enumerate(SEVERITIES)}
BELOW, UNFIXABLE, TWINS, OVER = "below_severity", "not_fixable", "repeated", "over_limit"


class Wanted:
    """What the user wants: the least severity, whether only what has a fix, whether passes, too."""

    def __init__(self, minimum_severity: str, only_fixable: bool, include_passes: bool) -> None:
        self._least, self._only_fixable, self._passes = _RANK[minimum_severity], only_fixable, include_passes

    def why_not(self, finding: Finding) -> str:
        """Why a finding that is no pass is left out; "" where it is wanted."""
        if finding["status"] == "error":
            return ""
        if _RANK[finding["severity"]] < self._least:
            return BELOW
        without = finding["control"].endswith(".vulnerability") and "not_equals" in (finding["expected"] or ())
        return UNFIXABLE if without and self._only_fixable else ""

    def shows(self, finding: Finding) -> bool:
        """Whether it is shown, and not only counted."""
        return finding["status"] != "pass" or self._passes


class Keeper:
    """The findings of one report. In memory at most `limit` are kept, the worst; `write` takes all instead."""

    def __init__(self, wanted: Wanted, limit: int, write: Write | None = None) -> None:
        self._wanted, self._limit, self._write = wanted, limit, write
        self._kept: list[tuple[int, int, Finding]] = []
        self._seen: set[bytes] = set()
        self.left_out: Counter[str] = Counter()
        self.status, self.severity = dict.fromkeys(STATUSES, 0), dict.fromkeys(SEVERITIES, 0)
        self.over: set[tuple[str, str]] = set()

    def take(self, finding: Finding) -> None:
        """Keep it, count it or leave it out."""
        why_not = self._wanted.why_not(finding) if finding["status"] != "pass" else ""
        if not why_not and self._is_twin(finding):
            why_not = TWINS
        if why_not:
            self.left_out[why_not] += 1
            return
        self.status[finding["status"]] += 1
        if finding["status"] == "fail":
            self.severity[finding["severity"]] += 1
        if self._wanted.shows(finding):
            self._keep(finding)

    def findings(self) -> list[Finding]:
        """What is kept in memory, in the order of the report."""
        return [finding for _rank, _order, finding in sorted(self._kept, key=lambda row: -row[1])]

    def summary(self) -> dict[str, Any]:
        """Counts of what was wanted, kept or not, as other audits tell them."""
        return {"status": self.status, "severity": self.severity, "controls": 0}

    def _keep(self, finding: Finding) -> None:
        if self._write is not None:
            self._write(finding)
            return
        # What did not fail ranks below whatever did; an error says that something is not known, and stays.
        rank = {"fail": 10, "error": 20}.get(finding["status"], 0) + _RANK[finding["severity"]]
        row = (rank, -sum(self.status.values()), finding)
        dropped = heapq.heappushpop(self._kept, row) if len(self._kept) >= self._limit else None
        if dropped is None:
            heapq.heappush(self._kept, row)
            return
        self.left_out[OVER] += 1
        self.over.add((dropped[2]["control"], dropped[2]["subject"]["kind"]))

    def _is_twin(self, finding: Finding) -> bool:
        # Half a million findings may be remembered here, so in few bytes; the initials tell statuses and severities.
        verdict = finding["status"][0] + finding["severity"][0]
        key = bytes.fromhex(finding["fingerprint"][:24]) + verdict.encode()
        known = key in self._seen
        self._seen.add(key)
        return known
