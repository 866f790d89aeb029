# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one plain document: audits, waivers, drift and gate brought together. All writers render this."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit import drift, gate, waiver
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    SEVERITIES,
    STATUSES,
    Finding,
    summarize,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report import intake
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.shipped import shipped_text

Report = dict[str, Any]

_WAIVER_CONTROLS = frozenset((waiver.EXPIRED_CONTROL, waiver.UNUSED_CONTROL))
_STATUS_ORDER = {
    name: order for order, name in enumerate(("fail", "error", "waived", "manual", "not_applicable", "pass"))
}
_SEVERITY_ORDER = {name: order for order, name in enumerate(SEVERITIES)}


@dataclass(frozen=True)
class Terms:
    """On what terms a report is made: its title, the waivers, the gate, when it is, and how far back it remembers."""

    title: str
    now: datetime.datetime
    waivers: Sequence[waiver.Waiver] = ()
    gate: gate.Gate = field(default_factory=gate.Gate)
    notice_days: int = 30
    keep_days: int = 365


def assemble(audits: Iterable[intake.Audit], previous: drift.Previous | None, terms: Terms) -> Report:
    """The report, as docs/schemas/report.schema.json describes it; `previous` is None on a first run."""
    targets = intake.merged(audits)
    generated_at = terms.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    judged, waivers = _waived(targets, terms)
    coverage = {audit.target: audit.controls for audit in targets if not audit.reason}
    changes = drift.compare(
        judged, previous, {**coverage, waiver.WAIVER_TARGET: _WAIVER_CONTROLS}, generated_at, terms.keep_days
    )
    findings = sorted(changes.findings, key=_order)
    sets, rows = _targets(targets)
    return {
        "schema_version": intake.REPORT_SCHEMA,
        "kind": intake.REPORT_KIND,
        "title": terms.title,
        "generated_at": generated_at,
        "generator": {"name": "bulkhead.container_security.audit_report", "version": collection_version()},
        "summary": _summary(findings, targets),
        "gate": gate.judge(terms.gate, findings),
        "drift": None if previous is None else {"since": previous.generated_at, **changes.counts()},
        "targets": rows,
        "control_sets": sets,
        "waivers": waivers,
        "findings": findings,
        "resolved": sorted(changes.resolved, key=_order),
        "unchecked": sorted(changes.unchecked, key=_order),
        "history": dict(sorted(changes.history.items())),
    }


def _waived(targets: Sequence[intake.Audit], terms: Terms) -> tuple[list[Finding], list[dict[str, Any]]]:
    today = terms.now.date()
    found = [finding for audit in targets for finding in audit.findings]
    found += [intake.not_audited(audit) for audit in targets if audit.reason]
    judged, uses = waiver.apply_waivers(found, terms.waivers, today)
    scope = waiver.Scope(
        {audit.target: audit.controls for audit in targets if not audit.reason},
        [audit.target for audit in targets if audit.reason],
    )
    states = [waiver.state(use, scope, today, terms.notice_days) for use in uses]
    rows = [_waiver_row(use, state) for use, state in zip(uses, states)]
    return judged + waiver.waiver_findings(uses, states), rows


def _waiver_row(use: waiver.Use, state: str) -> dict[str, Any]:
    accepted = use.waiver
    return {
        **accepted.note(),
        "control": list(accepted.control),
        "target": list(accepted.target),
        "subject": {part: list(patterns) for part, patterns in accepted.subject.items()},
        "source": accepted.source,
        "state": state,
        "findings": use.findings,
    }


def _order(finding: Finding) -> tuple[Any, ...]:
    subject = finding["subject"]
    return (
        _STATUS_ORDER[finding["status"]],
        _SEVERITY_ORDER[finding["severity"]],
        finding["control"],
        finding["target"],
        subject.get("namespace", ""),
        subject["name"],
        subject.get("container", ""),
    )


def _targets(audits: Iterable[intake.Audit]) -> tuple[dict[str, list[str]], list[dict[str, Any]]]:
    """Hundreds of hosts are judged by the same controls: each set of them stands once, under a key of its content."""
    sets: dict[str, list[str]] = {}
    rows = []
    for audit in audits:
        key = None
        if audit.controls is not None:
            controls = sorted(audit.controls)
            key = hashlib.sha256(json.dumps(controls).encode()).hexdigest()[:12]
            sets[key] = controls
        rows.append(
            {
                "name": audit.target,
                "audited": audit.reason is None,
                "reason": audit.reason,
                "collected_at": audit.collected_at,
                "versions": audit.versions,
                "controls": key,
                "passes_left_out": audit.passes,
            }
        )
    return sets, rows


def _summary(findings: Sequence[Finding], audits: Sequence[intake.Audit]) -> dict[str, Any]:
    counts = summarize(findings)
    counts["status"]["pass"] += sum(audit.passes for audit in audits)
    return {
        **counts,
        "targets": len(audits),
        "not_audited": sum(audit.reason is not None for audit in audits),
        "score": _score(findings, audits),
    }


def _score(findings: Iterable[Finding], audits: Iterable[intake.Audit]) -> float | None:
    # A neglected waiver is no property of a host.
    judged = [finding["status"] for finding in findings if finding["target"] != waiver.WAIVER_TARGET]
    passes = judged.count("pass") + sum(audit.passes for audit in audits)
    return score({"pass": passes, "fail": judged.count("fail")})


def score(status: Mapping[str, int]) -> float | None:
    """Passes in percent of passes and failures, one decimal; None where nothing was judged. Nothing else scores."""
    judged = status["pass"] + status["fail"]
    return round(100 * status["pass"] / judged, 1) if judged else None


def by_target(report: Report) -> dict[str, dict[str, dict[str, int]]]:
    """For each target {"status": {…}, "severity": {… of fail}}, passes that were left out included."""
    counts = {row["name"]: _zero() for row in report["targets"]}
    for finding in report["findings"]:
        count = counts.setdefault(finding["target"], _zero())
        count["status"][finding["status"]] += 1
        if finding["status"] == "fail":
            count["severity"][finding["severity"]] += 1
    for row in report["targets"]:
        counts[row["name"]]["status"]["pass"] += row["passes_left_out"]
    return counts


def _zero() -> dict[str, dict[str, int]]:
    return {"status": dict.fromkeys(STATUSES, 0), "severity": dict.fromkeys(SEVERITIES, 0)}


def collection_version() -> str:
    """This collection's version, from MANIFEST.json when it is installed, from galaxy.yml in a checkout."""
    root = Path(__file__).resolve().parents[3]
    for name in ("MANIFEST.json", "galaxy.yml"):
        try:
            text = shipped_text(root / name)
        except OSError:
            continue
        found = re.search(r'^\s*"?version"?:\s*"?([0-9][^"\s,]*)', text, re.MULTILINE)
        return found.group(1) if found else "0"
    return "0"
