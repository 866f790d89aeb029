# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the task says of a report: one sentence, a small summary for AWX, and what a diff shows."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, Finding
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import subject_text

# A diff is read on a terminal; the whole story is in the files.
MOST_DIFF_LINES = 200


def stats(report: Report) -> dict[str, Any]:
    """Numbers only, small enough for a job's artifacts."""
    summary, changes = report["summary"], report["drift"] or {}
    return {
        "failing": summary["status"]["fail"],
        "severity": dict(summary["severity"]),
        **{name: summary["status"][name] for name in ("waived", "error", "manual")},
        **{name: changes.get(name) for name in ("new", "regressed", "resolved", "unchecked")},
        "targets": summary["targets"],
        "not_audited": summary["not_audited"],
        "score": summary["score"],
        "gate_failed": report["gate"]["failed"],
    }


def sentence(report: Report) -> str:
    """The result in a sentence or two."""
    summary, changes = report["summary"], report["drift"]
    hosts = f"{summary['targets']} host{'' if summary['targets'] == 1 else 's'}"
    worst = ", ".join(f"{summary['severity'][name]} {name}" for name in SEVERITIES if summary["severity"][name])
    text = f"{summary['status']['fail']} failing{f' ({worst})' if worst else ''} on {hosts}"
    if summary["not_audited"]:
        text += f", of which {summary['not_audited']} not audited"
    if changes:
        text += f"; {changes['new']} new, {changes['regressed']} regressed, {changes['resolved']} resolved"
    text += "."
    return f"Gate closed: {'; '.join(report['gate']['reasons'])}. {text}" if report["gate"]["failed"] else text


def diff(report: Report) -> str:
    """Lines of what appeared (+) and went (-) since the previous report."""
    appeared = [f for f in report["findings"] if f["drift"] in ("new", "regressed")]
    lines = [f"- {_line(finding)}" for finding in report["resolved"]]
    lines += [f"+ {_line(finding)}" for finding in appeared]
    if len(lines) > MOST_DIFF_LINES:
        lines = [*lines[:MOST_DIFF_LINES], f"… and {len(lines) - MOST_DIFF_LINES} lines more, in the report"]
    return "".join(f"{line}\n" for line in lines)


def _line(finding: Finding) -> str:
    subject = subject_text(finding["subject"])
    return f"{finding['severity']} {finding['control']} {finding['target']} {subject} ({finding['drift']})"
