# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short table for a terminal: counts by host and severity, what changed, the worst findings, the gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import (
    Report,
    by_target,
    score,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import subject_text

MOST_HOSTS = 20
MOST_FINDINGS = 10
_NAME_WIDTH = 32


def render(report: Report) -> list[str]:
    """Lines of at most about 100 characters, without colour."""
    lines = [f"{report['title']}, {report['generated_at']}", *_hosts(report), "", *_changes(report)]
    return [*lines, *_waivers(report), *_missed(report), *_top(report), *_gate(report["gate"])]


def _hosts(report: Report) -> list[str]:
    heads = ("host", *SEVERITIES, "waived", "error", "manual", "passed")
    counts = by_target(report)
    missed = {row["name"] for row in report["targets"] if not row["audited"]}
    audited = [row["name"] for row in report["targets"]]
    names = sorted(audited, key=lambda name: _worst_first(counts[name], name))
    rows = [(printable(name), *_cells(counts[name], name in missed)) for name in names[:MOST_HOSTS]]
    lines = _aligned([heads, *rows])
    if len(names) > MOST_HOSTS:
        lines.append(f"… and {len(names) - MOST_HOSTS} hosts more")
    return lines


def _worst_first(counts: dict[str, dict[str, int]], name: str) -> tuple[Any, ...]:
    return (*(-counts["severity"][severity] for severity in SEVERITIES), -counts["status"]["error"], name)


def _cells(counts: dict[str, dict[str, int]], missed: bool) -> list[str]:
    if missed:
        return ["-"] * len(SEVERITIES) + ["-", str(counts["status"]["error"]), "-", "not audited"]
    numbers = [counts["severity"][severity] for severity in SEVERITIES]
    numbers += [counts["status"][status] for status in ("waived", "error", "manual")]
    share = score(counts["status"])
    return [*(str(number or ".") for number in numbers), "-" if share is None else f"{share:.0f} %"]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths))
        ).rstrip()
        for row in rows
    ]


def _changes(report: Report) -> list[str]:
    drift = report["drift"]
    if drift is None:
        return ["No earlier report to compare with: changes show from the next run on."]
    line = f"Since {drift['since']}: {drift['new']} new, {drift['regressed']} regressed, {drift['resolved']} resolved"
    line += f", {drift['persisting']} persisting"
    return [line + (f", {drift['unchecked']} not checked again" if drift["unchecked"] else "") + "."]


def _waivers(report: Report) -> list[str]:
    states = [waiver["state"] for waiver in report["waivers"]]
    told = [
        f"{states.count(state)} {state}"
        for state in ("active", "expiring", "expired", "unused", "unchecked")
        if state in states
    ]
    return [f"Waivers: {', '.join(told)}."] if told else []


def _missed(report: Report) -> list[str]:
    missed = [row for row in report["targets"] if not row["audited"]]
    lines = [f"Not audited: {printable(row['name'])}: {printable(row['reason'] or '', 160)}" for row in missed]
    more = [f"… and {len(lines) - MOST_HOSTS} more not audited"] if len(lines) > MOST_HOSTS else []
    return [*lines[:MOST_HOSTS], *more]


def _top(report: Report) -> list[str]:
    failing = [finding for finding in report["findings"] if finding["status"] == "fail"]
    if not failing:
        # Silence about what nobody looked at would read as good news.
        return ["Nothing fails."] if any(row["audited"] for row in report["targets"]) else []
    # New ones first within a severity: they are what a reader has not seen yet.
    rank = {"new": 0, "regressed": 0}
    failing.sort(key=lambda finding: (SEVERITIES.index(finding["severity"]), rank.get(finding["drift"], 1)))
    rows = [
        (f["severity"], printable(f["target"]), printable(subject_text(f["subject"])), f["control"], f["drift"] or "")
        for f in failing[:MOST_FINDINGS]
    ]
    lines = ["", *(line for line in _left_aligned(rows))]
    return lines + ([f"… and {len(failing) - MOST_FINDINGS} more failing"] if len(failing) > MOST_FINDINGS else [])


def _left_aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]


def _gate(gate: dict[str, Any]) -> list[str]:
    return ["", f"Gate closed: {'; '.join(gate['reasons'])}."] if gate["failed"] else []


def printable(text: str, width: int = _NAME_WIDTH) -> str:
    """Text that cannot steer a terminal, shortened to fit a column of that width."""
    safe = "".join(char if char.isprintable() else "?" for char in text)
    return safe if len(safe) <= width else safe[: width - 1] + "…"
