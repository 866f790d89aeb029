# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drift: what became of each finding since the previous report.

A finding is open while it fails, waived or not. Over two runs an open finding is `new`, `persisting` or `regressed` (it
was resolved before), and one that was open and is not any more is `resolved`, but only when this run looked: a host
that was down, a control that was left out or that ended in an error leaves the finding *unchecked*, and as far as
anyone knows still open.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding

DRIFTS = ("new", "regressed", "persisting", "resolved")
OPEN = frozenset(("fail", "waived"))
# These verdicts say that nobody knows, so what failed before may fail still.
_UNDECIDED = frozenset(("error", "manual"))

# By target, the controls that it was judged by, or families of them such as `hadolint.*`, for what names only what it
# found has looked at more; None stands for any control. A target that is absent was not audited.
Coverage = Mapping[str, "frozenset[str] | None"]
History = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Previous:
    """What a comparison needs of the previous report. Times are ISO 8601 in UTC.

    history: by fingerprint of what was once resolved, {control, target, first_seen, last_seen, resolved_at}.
    """

    generated_at: str
    findings: list[Finding]
    unchecked: list[Finding] = field(default_factory=list)
    history: History = field(default_factory=dict)

    def open(self) -> dict[str, Finding]:
        """What was open then, by fingerprint, whether seen in that run or carried along by it."""
        every = (*self.unchecked, *self.findings)
        return {finding["fingerprint"]: finding for finding in every if finding["status"] in OPEN}


@dataclass(frozen=True)
class Drift:
    """The findings with `drift` and `first_seen` set; what was resolved; what is unchecked; the history to keep."""

    findings: list[Finding]
    resolved: list[Finding]
    unchecked: list[Finding]
    history: History

    def counts(self) -> dict[str, int]:
        """{new, regressed, persisting, resolved, unchecked: n}."""
        counts = dict.fromkeys((*DRIFTS, "unchecked"), 0)
        for finding in self.findings:
            if finding["drift"]:
                counts[finding["drift"]] += 1
        counts["resolved"], counts["unchecked"] = len(self.resolved), len(self.unchecked)
        return counts


def compare(
    findings: Iterable[Finding], previous: Previous | None, coverage: Coverage, now: str, keep_days: int = 365
) -> Drift:
    """Compare this run with the previous one; without one, nothing has a drift and everything is first seen now.

    What was resolved, or left unchecked, more than keep_days ago is forgotten.
    """
    current = list(findings)
    if previous is None:
        return Drift([_seen(finding, None, now) for finding in current], [], [], {})
    known = previous.open()
    dated = [_dated(finding, known, previous.history, now) for finding in current]
    gone = _gone(current, known)
    looked = _Looked(current, coverage)
    resolved = [_resolved(finding, now) for finding in gone if looked.at(finding)]
    kept = [finding for finding in gone if not looked.at(finding)]
    oldest = _days_before(now, keep_days)
    unchecked = [_unchecked(f, previous) for f in kept if f.get("last_seen", previous.generated_at) >= oldest]
    return Drift(dated, resolved, unchecked, _history(previous, dated, resolved, oldest))


def _dated(finding: Finding, known: Mapping[str, Finding], history: History, now: str) -> Finding:
    identity = finding["fingerprint"]
    if finding["status"] not in OPEN:
        return _seen(finding, None, None)
    if identity in known:
        return _seen(finding, "persisting", known[identity].get("first_seen") or now)
    if identity in history:
        return _seen(finding, "regressed", history[identity]["first_seen"])
    return _seen(finding, "new", now)


def _seen(finding: Finding, drift: str | None, first_seen: str | None) -> Finding:
    is_open = finding["status"] in OPEN
    return {**finding, "drift": drift, "first_seen": first_seen if is_open else None}


def _gone(current: Iterable[Finding], known: Mapping[str, Finding]) -> list[Finding]:
    still = {finding["fingerprint"] for finding in current if finding["status"] in OPEN}
    return [finding for identity, finding in known.items() if identity not in still]


class _Looked:
    """Whether this run could see that a finding is gone."""

    def __init__(self, current: Iterable[Finding], coverage: Coverage) -> None:
        self._coverage = coverage
        undecided = [finding for finding in current if finding["status"] in _UNDECIDED]
        self._fingerprints = {finding["fingerprint"] for finding in undecided}
        # A verdict on no subject in particular stands for all subjects of the control.
        self._whole = {(f["target"], f["control"]) for f in undecided if not f["subject"].get("name")}

    def at(self, finding: Finding) -> bool:
        target, control = finding["target"], finding["control"]
        if target not in self._coverage or finding["fingerprint"] in self._fingerprints:
            return False
        controls = self._coverage[target]
        return (controls is None or covers(controls, control)) and (target, control) not in self._whole


def covers(controls: Collection[str], control: str) -> bool:
    """Whether a control is among these, or of a family that is."""
    if control in controls:
        return True
    return any(name.endswith(".*") and control.startswith(name[:-1]) for name in controls)


def _resolved(finding: Finding, now: str) -> Finding:
    return {**finding, "status": "pass", "waiver": None, "drift": "resolved", "resolved_at": now}


def _unchecked(finding: Finding, previous: Previous) -> Finding:
    return {**finding, "drift": None, "last_seen": finding.get("last_seen", previous.generated_at)}


def _history(previous: Previous, current: Iterable[Finding], resolved: Iterable[Finding], oldest: str) -> History:
    back = {finding["fingerprint"] for finding in current if finding["status"] in OPEN}
    history = {
        identity: entry
        for identity, entry in previous.history.items()
        if identity not in back and entry["resolved_at"] >= oldest
    }
    for finding in resolved:
        history[finding["fingerprint"]] = _entry(finding, previous)
    return history


def _entry(finding: Finding, previous: Previous) -> dict[str, Any]:
    return {
        "control": finding["control"],
        "target": finding["target"],
        "first_seen": finding.get("first_seen") or previous.generated_at,
        "last_seen": finding.get("last_seen") or previous.generated_at,
        "resolved_at": finding["resolved_at"],
    }


def _days_before(now: str, days: int) -> str:
    """A time so many days earlier, as text of the same form, so that texts compare as times do."""
    moment = datetime.datetime.strptime(now, "%Y-%m-%dT%H:%M:%SZ") - datetime.timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
