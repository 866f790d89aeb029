# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus text, for the textfile collector: counts and times, never the text of a finding."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import DRIFTS
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import WAIVER_TARGET
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report, by_target

Sample = tuple[Mapping[str, str], object]
_WAIVER_STATES = ("active", "expiring", "expired", "unused", "unchecked")


def render(report: Report) -> str:
    """The report as text exposition format 0.0.4; every metric is a gauge."""
    findings = list(_findings(report))
    audited = [({"target": row["name"]}, int(row["audited"])) for row in report["targets"]]
    blocks = [
        _metric("bulkhead_findings", "Findings by target, severity and status.", findings),
        _metric("bulkhead_passes", "Verdicts that were a pass, by target.", _passes(report)),
        _metric(
            "bulkhead_findings_drift", "Findings by what became of them since the previous report.", _drift(report)
        ),
        _metric("bulkhead_waivers", "Waivers by state.", _waivers(report)),
        _metric("bulkhead_target_audited", "Whether the target was audited (1) or not (0).", audited),
        _metric("bulkhead_target_collected_timestamp_seconds", "When the target was looked at.", _collected(report)),
        _metric(
            "bulkhead_gate_closed", "Whether the gate is closed (1) or open (0).", [({}, int(report["gate"]["failed"]))]
        ),
        _metric(
            "bulkhead_report_timestamp_seconds", "When the report was made.", [({}, _seconds(report["generated_at"]))]
        ),
    ]
    return "".join(blocks)


def _findings(report: Report) -> Iterable[Sample]:
    counts = Counter((f["target"], f["severity"], f["status"]) for f in report["findings"] if f["status"] != "pass")
    # Each host has a zero for what fails: an alert on `> 0` would otherwise not resolve but go stale.
    for row in report["targets"]:
        for severity in ("critical", "high", "medium", "low", "info"):
            counts[row["name"], severity, "fail"] += 0
    for target, severity, status in sorted(counts):
        if target != WAIVER_TARGET:
            labels = {"target": target, "severity": severity, "status": status}
            yield labels, counts[target, severity, status]


def _passes(report: Report) -> Iterable[Sample]:
    counts = by_target(report)
    return [({"target": row["name"]}, counts[row["name"]]["status"]["pass"]) for row in report["targets"]]


def _drift(report: Report) -> Iterable[Sample]:
    drift = report["drift"]
    return [({"drift": name}, drift[name]) for name in (*DRIFTS, "unchecked")] if drift else []


def _waivers(report: Report) -> Iterable[Sample]:
    states = [waiver["state"] for waiver in report["waivers"]]
    return [({"state": state}, states.count(state)) for state in _WAIVER_STATES]


def _collected(report: Report) -> Iterable[Sample]:
    rows = [row for row in report["targets"] if row["collected_at"]]
    return [
        ({"target": row["name"]}, seconds) for row in rows if (seconds := _seconds(row["collected_at"])) is not None
    ]


def _seconds(moment: str) -> int | None:
    try:
        return int(datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp())
    except ValueError:
        return None


def _metric(name: str, text: str, samples: Iterable[Sample]) -> str:
    lines = [f"{name}{_labels(labels)} {value}\n" for labels, value in samples]
    return "".join([f"# HELP {name} {text}\n# TYPE {name} gauge\n", *lines]) if lines else ""


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
