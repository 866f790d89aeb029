# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waivers: failing findings that somebody has accepted, for a reason and until a day.

A waiver as its owner writes it: {id, control, target?, subject?: {kind?, namespace?, name?, container?}, owner, reason,
expires, everything?}. Patterns are shell globs (one, or a list of them) and compare case-sensitively. `expires` is the
last day, in UTC, on which it holds.
"""

from __future__ import annotations

import datetime
import fnmatch
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding, fingerprint

SUBJECT_PARTS = ("kind", "namespace", "name", "container")
_REQUIRED = ("id", "control", "owner", "reason", "expires")
_FIELDS = frozenset((*_REQUIRED, "target", "subject", "everything"))

# Findings about the waivers themselves belong to no host.
WAIVER_TARGET = "controller"
EXPIRED_CONTROL = "audit.waiver.expired"
UNUSED_CONTROL = "audit.waiver.unused"


class WaiverError(Exception):
    """A waiver that cannot be accepted; the message says where it stands, what is wrong and what to write instead."""


@dataclass(frozen=True)
class Waiver:
    """One accepted risk. Patterns are tuples of globs, `subject` by part; `source` is where it was read, file:line."""

    id: str
    control: tuple[str, ...]
    target: tuple[str, ...]
    subject: Mapping[str, tuple[str, ...]]
    owner: str
    reason: str
    expires: datetime.date
    source: str

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is over."""
        return self.expires < today

    def expiring(self, today: datetime.date, notice_days: int) -> bool:
        """Whether it still holds, but for no more than so many days."""
        return 0 <= (self.expires - today).days <= notice_days

    def note(self) -> dict[str, str]:
        """What a waived finding carries: {id, owner, reason, expires}."""
        return {"id": self.id, "owner": self.owner, "reason": self.reason, "expires": self.expires.isoformat()}


@dataclass
class Use:
    """What became of one waiver: how many failing findings it matched."""

    waiver: Waiver
    findings: int = 0


@dataclass
class Scope:
    """What a run looked at: targets audited, each with the controls (None: any) that judged it, and those missed."""

    audited: Mapping[str, frozenset[str] | None]
    missed: Iterable[str] = field(default_factory=tuple)


def waiver_from(row: Mapping[str, Any], source: str) -> Waiver:
    """A row of a waivers file as a Waiver. Raises WaiverError for anything missing, unknown or too wide."""
    _check_fields(row, source)
    waiver = Waiver(
        id=row["id"],
        control=_globs(row["control"], "control", source),
        target=_globs(row.get("target", "*"), "target", source),
        subject=_subject(row.get("subject", {}), source),
        owner=row["owner"],
        reason=row["reason"],
        expires=_day(row["expires"], source),
        source=source,
    )
    if not row.get("everything") and _matches_everything(waiver):
        raise WaiverError(
            f"{source}: waiver {waiver.id!r} would waive every finding; name a control, a target or a subject, "
            "or set everything: true to mean it"
        )
    return waiver


def check_unique(waivers: Iterable[Waiver]) -> None:
    """Raise WaiverError where two waivers share an id, for a finding names its waiver by it."""
    seen: dict[str, str] = {}
    for waiver in waivers:
        if waiver.id in seen:
            raise WaiverError(f"{waiver.source}: waiver id {waiver.id!r} stands already at {seen[waiver.id]}")
        seen[waiver.id] = waiver.source


def _check_fields(row: Mapping[str, Any], source: str) -> None:
    unknown = sorted(str(key) for key in set(row) - _FIELDS)
    if unknown:
        raise WaiverError(f"{source}: {unknown[0]!r} is no field of a waiver; these are: {', '.join(sorted(_FIELDS))}")
    for name in _REQUIRED:
        if row.get(name) in (None, "", []):
            raise WaiverError(f"{source}: the waiver has no {name}; {', '.join(_REQUIRED)} are required")
    for name in ("id", "owner", "reason"):
        if not isinstance(row[name], str) or not row[name].strip():
            raise WaiverError(f"{source}: {name} must be text, not {row[name]!r}")
    if not isinstance(row.get("everything", False), bool):
        raise WaiverError(f"{source}: everything takes true or false, not {row['everything']!r}")


def _globs(value: Any, name: str, source: str) -> tuple[str, ...]:
    patterns = value if isinstance(value, (list, tuple)) else [value]
    for pattern in patterns:
        if not isinstance(pattern, str) or not pattern:
            raise WaiverError(f'{source}: {name} takes a pattern such as "web*", or a list of them, not {pattern!r}')
    if not patterns:
        raise WaiverError(f"{source}: {name} is an empty list and would match nothing")
    return tuple(patterns)


def _subject(value: Any, source: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, Mapping):
        raise WaiverError(f'{source}: subject takes patterns by part, such as {{name: "web*"}}, not {value!r}')
    unknown = sorted(str(key) for key in set(value) - set(SUBJECT_PARTS))
    if unknown:
        raise WaiverError(f"{source}: subject has no {unknown[0]!r}; its parts are {', '.join(SUBJECT_PARTS)}")
    return {part: _globs(value[part], f"subject.{part}", source) for part in SUBJECT_PARTS if part in value}


def _day(value: Any, source: str) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.datetime.strptime(str(value), "%Y-%m-%d").date()  # a day has no time zone
    except ValueError as exc:
        raise WaiverError(f"{source}: expires takes a day such as 2030-01-31, not {value!r}") from exc


def _catch_all(patterns: Sequence[str]) -> bool:
    return any(set(pattern) <= {"*", "?"} and "*" in pattern for pattern in patterns)


def _matches_everything(waiver: Waiver) -> bool:
    # A kind alone narrows nothing: all containers on all hosts is still everything that matters.
    named = [patterns for part, patterns in waiver.subject.items() if part != "kind"]
    return all(_catch_all(patterns) for patterns in (waiver.control, waiver.target, *named))


class _Matcher:
    """The patterns of one waiver, compiled, with the answers remembered: names repeat over thousands of findings."""

    def __init__(self, waiver: Waiver) -> None:
        self._target = _regex(waiver.target)
        self._subject = [(part, _regex(patterns)) for part, patterns in waiver.subject.items()]
        self._targets: dict[str, bool] = {}

    def matches(self, finding: Finding) -> bool:
        target = finding["target"]
        if target not in self._targets:
            self._targets[target] = bool(self._target.match(target))
        if not self._targets[target]:
            return False
        subject = finding["subject"]
        return all(pattern.match(subject.get(part) or "") for part, pattern in self._subject)


def _regex(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))


def apply_waivers(
    findings: Iterable[Finding], waivers: Sequence[Waiver], today: datetime.date
) -> tuple[list[Finding], list[Use]]:
    """The findings, failing ones `waived` where a waiver that still holds matches, and what became of each waiver.

    Only `fail` can be waived: an error or a manual check has not been seen to fail. Where several match, the first one
    that holds is named, and all of them count as used.
    """
    uses = [Use(waiver) for waiver in waivers]
    matchers = [(use, _regex(use.waiver.control), _Matcher(use.waiver)) for use in uses]
    by_control: dict[str, list[tuple[Use, _Matcher]]] = {}
    judged = []
    for finding in findings:
        if finding["status"] == "fail":
            control = finding["control"]
            if control not in by_control:
                by_control[control] = [(use, match) for use, pattern, match in matchers if pattern.match(control)]
            finding = _judge(finding, by_control[control], today)
        judged.append(finding)
    return judged, uses


def _judge(finding: Finding, candidates: Iterable[tuple[Use, _Matcher]], today: datetime.date) -> Finding:
    matching = [use for use, matcher in candidates if matcher.matches(finding)]
    for use in matching:
        use.findings += 1
    holding = next((use.waiver for use in matching if not use.waiver.expired(today)), None)
    return {**finding, "status": "waived", "waiver": holding.note()} if holding else finding


def state(use: Use, scope: Scope, today: datetime.date, notice_days: int) -> str:
    """One of expired, unused, unchecked, expiring, active.

    A waiver that matched nothing is `unused` only when what it names was looked at: a host that was down is no proof.
    """
    if use.waiver.expired(today):
        return "expired"
    if not use.findings:
        return "unused" if _looked_at(use.waiver, scope) else "unchecked"
    return "expiring" if use.waiver.expiring(today, notice_days) else "active"


def _looked_at(waiver: Waiver, scope: Scope) -> bool:
    target, control = _regex(waiver.target), _regex(waiver.control)
    if any(target.match(name) for name in scope.missed):
        return False
    judged = [controls for name, controls in scope.audited.items() if target.match(name)]
    # A pattern that names no audited host is unused as well, unless hosts of it were left out of this run.
    return all(controls is None or any(control.match(name) for name in controls) for controls in judged)


def waiver_findings(uses: Iterable[Use], states: Iterable[str]) -> list[Finding]:
    """A finding for each waiver that is expired (low, for what it covered fails again by itself) or unused (info)."""
    findings = []
    for use, current in zip(uses, states):
        if current == "expired":
            findings.append(_expired(use))
        elif current == "unused":
            findings.append(_unused(use))
    return findings


def _expired(use: Use) -> Finding:
    title, remediation = (
        "A waiver has expired",
        "Remedy what it covered, or let its owner extend it; delete it otherwise.",
    )
    expected = {"at_least": "today"}
    actual = use.waiver.expires.isoformat()
    return _finding(use, EXPIRED_CONTROL, title, "low", remediation, expected, actual)


def _unused(use: Use) -> Finding:
    title, remediation = "A waiver matches no finding", "Delete it, or correct its patterns."
    return _finding(use, UNUSED_CONTROL, title, "info", remediation, {"at_least": 1}, 0)


def _finding(
    use: Use, control: str, title: str, severity: str, remediation: str, expected: dict[str, Any], actual: Any
) -> Finding:
    subject = {"kind": "waiver", "name": use.waiver.id}
    return {
        "control": control,
        "title": title,
        "severity": severity,
        "remediation": remediation,
        "references": [],
        "status": "fail",
        "target": WAIVER_TARGET,
        "subject": subject,
        "expected": expected,
        "actual": actual,
        "evidence": {"owner": use.waiver.owner, "source": use.waiver.source, "findings": use.findings},
        "reason": None,
        "fingerprint": fingerprint(control, WAIVER_TARGET, subject),
        "waiver": None,
        "drift": None,
    }
