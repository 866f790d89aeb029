# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown, for a merge request, a wiki or a job summary: counts, changes, waivers, and what fails by control."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, Finding
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import (
    Report,
    by_target,
    score,
)
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    references_text,
    subject_text,
    verdict_text,
)

# A job summary is cut off at 1 MiB, and nobody reads more of a list than this.
MOST_SUBJECTS = 10
MOST_HOSTS = 100
MOST_CHANGES = 100


def render(report: Report) -> str:
    """The report as GitHub-flavoured Markdown."""
    blocks = [f"# {_safe(report['title'])}", f"{report['generated_at']}"]
    blocks += [_gate(report), *_summary(report), *_changes(report), *_failing(report["findings"])]
    blocks += [*_errors(report["findings"]), *_waivers(report)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _safe(text: str) -> str:
    """Text of an audited system as plain words: no markup, no HTML, no line that begins something."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$&@])", r"\\\1", " ".join(text.split()))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _gate(report: Report) -> str:
    gate = report["gate"]
    if gate["failed"]:
        return f"**Gate closed:** {_safe('; '.join(gate['reasons']))}."
    return "**Gate open.**" if gate["fail_on"] or gate["fail_on_new"] or gate["fail_on_error"] else ""


def _summary(report: Report) -> list[str]:
    counts = by_target(report)
    missed = {row["name"] for row in report["targets"] if not row["audited"]}
    names = sorted(counts, key=lambda name: [-counts[name]["severity"][severity] for severity in SEVERITIES])
    rows = []
    for name in names[:MOST_HOSTS]:
        status = counts[name]["status"]
        share = "not audited" if name in missed else _percent(score(status))
        numbers = [counts[name]["severity"][severity] for severity in SEVERITIES]
        numbers += [status[part] for part in ("waived", "error", "manual")]
        rows.append([_safe(name), *map(str, numbers), share])
    more = [f"… and {len(names) - MOST_HOSTS} more."] if len(names) > MOST_HOSTS else []
    heads = ["Host", *(name.title() for name in SEVERITIES), "Waived", "Error", "Manual", "Passed"]
    return ["## Summary", _table(heads, rows), *more]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0f} %"


def _changes(report: Report) -> list[str]:
    drift = report["drift"]
    if drift is None:
        return ["## Changes", "There is no earlier report to compare with."]
    told = ", ".join(f"{drift[name]} {name}" for name in ("new", "regressed", "resolved", "persisting"))
    unchecked = f", {drift['unchecked']} not checked again" if drift["unchecked"] else ""
    changed = [f for f in report["findings"] if f["drift"] in ("new", "regressed")] + report["resolved"]
    rows = [[str(f["drift"]), f["severity"], *_place(f), _safe(f["title"])] for f in changed[:MOST_CHANGES]]
    blocks = ["## Changes", f"Since {drift['since']}: {told}{unchecked}."]
    if rows:
        blocks.append(_table(["Change", "Severity", "Host", "Subject", "Control"], rows))
    if len(changed) > MOST_CHANGES:
        blocks.append(f"… and {len(changed) - MOST_CHANGES} more.")
    return blocks


def _place(finding: Finding) -> list[str]:
    return [_safe(finding["target"]), _safe(subject_text(finding["subject"]))]


def _failing(findings: Iterable[Finding]) -> list[str]:
    by_control: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        if finding["status"] == "fail":
            by_control.setdefault((finding["severity"], finding["control"]), []).append(finding)
    if not by_control:
        return ["## Failing", "Nothing fails."]
    return ["## Failing", *(_control(failing) for failing in by_control.values())]


def _control(failing: Sequence[Finding]) -> str:
    one = failing[0]
    lines = [f"### {one['severity']}: {_safe(one['title'])}", "", f"`{one['control'].replace('`', '')}`"]
    references = references_text(one)
    lines[-1] += f" ({_safe(references)})" if references else ""
    lines += ["", _safe(one["remediation"]), ""] if one["remediation"] else [""]
    for finding in failing[:MOST_SUBJECTS]:
        target, subject = _place(finding)
        lines.append(f"- {target}, {subject}: {_safe(verdict_text(finding))}")
    if len(failing) > MOST_SUBJECTS:
        lines.append(f"- … and {len(failing) - MOST_SUBJECTS} more")
    return "\n".join(lines)


def _errors(findings: Iterable[Finding]) -> list[str]:
    errors = [finding for finding in findings if finding["status"] == "error"]
    if not errors:
        return []
    rows = [[*_place(f), _safe(f["title"]), _safe(verdict_text(f))] for f in errors[:MOST_CHANGES]]
    more = [f"… and {len(errors) - MOST_CHANGES} more."] if len(errors) > MOST_CHANGES else []
    return ["## Not evaluated", _table(["Host", "Subject", "Control", "Reason"], rows), *more]


def _waivers(report: Report) -> list[str]:
    if not report["waivers"]:
        return []
    rows = [
        [w["state"], _safe(w["id"]), _safe(w["owner"]), w["expires"], str(w["findings"]), _safe(w["reason"])]
        for w in report["waivers"]
    ]
    return ["## Waivers", _table(["State", "Waiver", "Owner", "Expires", "Findings", "Reason"], rows)]
