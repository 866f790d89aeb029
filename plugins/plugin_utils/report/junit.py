# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML, for CI: a suite a target, a case a finding. What is waived, manual or not applicable is skipped."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    references_text,
    subject_text,
    value_text,
    verdict_text,
)

# What XML 1.0 cannot hold at all, not even escaped: https://www.w3.org/TR/xml/#charsets
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DELICATE = re.compile("[^ !#-%'-;=?-~\xa0-\ud7ff]")
_BREAKS = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_SKIPPED = ("waived", "manual", "not_applicable")


def render(report: Report) -> str:
    """The report as JUnit XML text."""
    suites: dict[str, list[Finding]] = {row["name"]: [] for row in report["targets"]}
    for finding in report["findings"]:
        suites.setdefault(finding["target"], []).append(finding)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        _open("testsuites", _counts(report["title"], report["findings"])),
    ]
    for target, findings in suites.items():
        attributes = {**_counts(target, findings), "timestamp": report["generated_at"].rstrip("Z"), "hostname": target}
        lines.append(_open("testsuite", attributes))
        lines.extend(_case(finding) for finding in findings)
        lines.append("</testsuite>")
    return "\n".join([*lines, "</testsuites>", ""])


def _counts(name: str, findings: Iterable[Finding]) -> dict[str, str]:
    counts = Counter(finding["status"] for finding in findings)
    return {
        "name": name,
        "tests": str(sum(counts.values())),
        "failures": str(counts["fail"]),
        "errors": str(counts["error"]),
        "skipped": str(sum(counts[status] for status in _SKIPPED)),
        "time": "0",
    }


def _case(finding: Finding) -> str:
    name = _attribute(f"{finding['title']} [{subject_text(finding['subject'])}]")
    opening = f'<testcase classname="{_attribute(finding["control"])}" name="{name}" time="0">'
    if finding["status"] == "pass":
        return f"{opening}</testcase>"
    return f"{opening}{_outcome(finding)}</testcase>"


def _outcome(finding: Finding) -> str:
    if finding["status"] == "fail":
        message = _attribute(verdict_text(finding))
        return f'<failure type="{finding["severity"]}" message="{message}">{_text(_details(finding))}</failure>'
    if finding["status"] == "error":
        return f'<error type="error" message="{_attribute(verdict_text(finding))}"></error>'
    return f'<skipped message="{_attribute(_why_skipped(finding))}"></skipped>'


def _why_skipped(finding: Finding) -> str:
    waiver = finding["waiver"]
    if waiver:
        return f"Waived by {waiver['owner']} until {waiver['expires']}: {waiver['reason']}"
    return f"{finding['status'].replace('_', ' ')}: {verdict_text(finding)}"


def _details(finding: Finding) -> str:
    evidence, references = finding["evidence"], references_text(finding)
    lines = [f"Severity: {finding['severity']}\nTarget: {finding['target']}"]
    if finding["remediation"]:
        lines.append(f"Remediation: {finding['remediation']}")
    if evidence is not None and evidence != "":
        lines.append(f"Evidence: {value_text(evidence)}")
    if references:
        lines.append(f"References: {references}")
    if finding["drift"]:
        lines.append(f"Drift: {finding['drift']}")
    if finding["first_seen"]:
        lines.append(f"First seen: {finding['first_seen']}")
    return "\n".join(lines)


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub("\ufffd", text)) if _DELICATE.search(text) else text


def _attribute(text: str) -> str:
    # Most texts hold nothing that needs care, and one search tells.
    return escape(_FORBIDDEN.sub("\ufffd", text), _BREAKS) if _DELICATE.search(text) else text


def _open(tag: str, attributes: Mapping[str, str]) -> str:
    written = "".join(f' {name}="{_attribute(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>"
