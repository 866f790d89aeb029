# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SARIF 2.1.0 (OASIS), for code scanning: what fails, what is waived, and what has gone since the previous report.

Passes and controls that do not apply are left out: a reader of SARIF takes each result for a problem. What could not
be evaluated is a notification of the tool. A finding that nobody checked again stays a result, or its alert would be
closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.json_text import encode, quoted, small
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    references_text,
    subject_text,
    verdict_text,
)

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# The scale that code scanning sorts by; the middle of each band of CVSS 3.1.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}
_BASELINE = {"new": "new", "regressed": "new", "persisting": "unchanged", "resolved": "absent"}


def render(report: Report) -> str:
    """The report as SARIF text, one result a line."""
    shown = [finding for finding in report["findings"] if finding["status"] in ("fail", "waived", "manual")]
    shown += report["resolved"] + report["unchecked"]
    rules: dict[str, int] = {}
    described = [_rule(finding) for finding in shown if _first(finding, rules)]
    compared = report["drift"] is not None
    results = (_result(finding, rules, compared) for finding in shown)
    run = _run(report, described)
    opening = encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [{**run, "results": []}]})
    # Results are appended as text: encoding each by itself keeps a line a result without a slow indent.
    return opening[: -len("]}]}")] + "\n" + ",\n".join(results) + "\n]}]}\n"


_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def _first(finding: Finding, rules: dict[str, int]) -> bool:
    known = finding["control"] in rules
    rules.setdefault(finding["control"], len(rules))
    return not known


def _run(report: Report, rules: list[dict[str, Any]]) -> dict[str, Any]:
    generator = report["generator"]
    return {
        "tool": {
            "driver": {
                "name": generator["name"],
                "version": generator["version"],
                "informationUri": "https://github.com/bulkhead-security/container_security",
                "rules": rules,
            }
        },
        "automationDetails": {"id": quote(report["title"], safe="") + "/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": report["generated_at"],
                "toolExecutionNotifications": _notifications(report["findings"]),
            }
        ],
    }


def _notifications(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "level": "error",
            "descriptor": {"id": finding["control"]},
            "message": {"text": f"{finding['title']}: {verdict_text(finding)}"},
            "locations": [json.loads(_location(finding))],
        }
        for finding in findings
        if finding["status"] == "error"
    ]


def _rule(finding: Finding) -> dict[str, Any]:
    references = references_text(finding)
    text = finding["remediation"] or finding["title"]
    return {
        "id": finding["control"],
        "shortDescription": {"text": finding["title"]},
        "help": {"text": f"{text}\n{references}".strip()},
        "defaultConfiguration": {"level": _LEVELS[finding["severity"]]},
        "properties": {
            "security-severity": _SCORES[finding["severity"]],
            "tags": ["security", *sorted({row["benchmark"] for row in finding["references"]})],
        },
    }


def _result(finding: Finding, rules: dict[str, int], compared: bool) -> str:
    """A result as JSON text: there are many thousand, and most of each is the same."""
    manual = finding["status"] == "manual"
    control, target, severity = finding["control"], finding["target"], finding["severity"]
    told = f"{target}, {subject_text(finding['subject'])}: {verdict_text(finding)}"
    # The standard wants level none for every kind but fail.
    level = "none" if manual else _LEVELS[severity]
    # Either every result of a run has a baselineState or none has one.
    baseline = f', "baselineState": "{_BASELINE.get(finding["drift"], "unchanged")}"' if compared else ""
    return (
        f'{{"ruleId": {quoted(control)}, "ruleIndex": {rules[control]}, "kind": "{"review" if manual else "fail"}", '
        f'"level": "{level}", "message": {{"text": {quoted(told)}}}, "locations": [{_location(finding)}], '
        f'"partialFingerprints": {{"bulkhead/v1": {quoted(finding["fingerprint"])}}}, '
        f'"suppressions": {_suppressions(finding)}, '
        f'"properties": {{"severity": "{severity}", "target": {quoted(target)}, "drift": {small(finding["drift"])}}}'
        f"{baseline}}}"
    )


def _location(finding: Finding) -> str:
    """Where a finding is, as JSON text."""
    subject = finding["subject"]
    if subject.get("file"):
        return _in_file(subject["file"], subject.get("line") or "", subject["kind"], subject["name"])
    inner = (subject.get("namespace"), subject["name"], subject.get("container"))
    return _place(finding["target"], subject["kind"], *inner)


def _in_file(file: str, line: str, kind: str, name: str) -> str:
    """A line of a file in the repository, which a code host shows in the change that brings it."""
    start = int(line) if line.isdecimal() and int(line) else 1
    place = {"artifactLocation": {"uri": quote(file, safe="/")}, "region": {"startLine": start}}
    return encode({"physicalLocation": place, "logicalLocations": [{"name": name, "kind": kind}]})


# A host's container has a score of findings, and all of them are in the same place.
@lru_cache(maxsize=4096)
def _place(target: str, kind: str, namespace: str | None, name: str, container: str | None) -> str:
    path = "/".join(_quoted(part) for part in (target, kind, namespace, name, container) if part)
    # Code scanning shows nothing without a file, and what is audited here is none.
    file = {"artifactLocation": {"uri": path}, "region": {"startLine": 1}}
    return encode({"physicalLocation": file, "logicalLocations": [{"name": name or kind, "fullyQualifiedName": path}]})


@lru_cache(maxsize=4096)
def _quoted(part: str) -> str:
    return quote(part, safe="")


def _suppressions(finding: Finding) -> str:
    waiver = finding["waiver"]
    if not waiver:
        return "[]"
    text = f"{waiver['reason']} ({waiver['owner']}, until {waiver['expires']})"
    return encode([{"kind": "external", "status": "accepted", "justification": text}])
