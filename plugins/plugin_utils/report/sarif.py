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
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.wording import (
    references_text,
    subject_text,
    verdict_text,
)

_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
# The scale that code scanning sorts by; the middle of each band of CVSS 3.1.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0", "info": "0.0"}
_BASELINE = {"new": "new", "regressed": "new", "persisting": "unchanged", "resolved": "absent"}
_encode = json.JSONEncoder(ensure_ascii=False).encode


def render(report: Report) -> str:
    """The report as SARIF text, one result a line."""
    shown = [finding for finding in report["findings"] if finding["status"] in ("fail", "waived", "manual")]
    shown += report["resolved"] + report["unchecked"]
    rules: dict[str, int] = {}
    described = [_rule(finding) for finding in shown if _first(finding, rules)]
    compared = report["drift"] is not None
    results = (_encode(_result(finding, rules, compared)) for finding in shown)
    run = _run(report, described)
    opening = _encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [{**run, "results": []}]})
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
            "locations": [_location(finding)],
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


def _result(finding: Finding, rules: dict[str, int], compared: bool) -> dict[str, Any]:
    manual = finding["status"] == "manual"
    result: dict[str, Any] = {
        "ruleId": finding["control"],
        "ruleIndex": rules[finding["control"]],
        # The standard wants level none for every kind but fail.
        "kind": "review" if manual else "fail",
        "level": "none" if manual else _LEVELS[finding["severity"]],
        "message": {"text": f"{finding['target']}, {subject_text(finding['subject'])}: {verdict_text(finding)}"},
        "locations": [_location(finding)],
        "partialFingerprints": {"bulkhead/v1": finding["fingerprint"]},
        "suppressions": _suppressions(finding),
        "properties": {"severity": finding["severity"], "target": finding["target"], "drift": finding["drift"]},
    }
    if compared:
        # Either every result of a run has a baselineState or none has one.
        result["baselineState"] = _BASELINE.get(finding["drift"], "unchanged")
    return result


def _location(finding: Finding) -> dict[str, Any]:
    subject = finding["subject"]
    parts = [finding["target"], subject["kind"], subject.get("namespace"), subject["name"], subject.get("container")]
    path = "/".join(_quoted(part) for part in parts if part)
    return {
        # Code scanning shows nothing without a file, and what is audited here is none.
        "physicalLocation": {"artifactLocation": {"uri": path}, "region": {"startLine": 1}},
        "logicalLocations": [{"name": subject["name"] or subject["kind"], "fullyQualifiedName": path}],
    }


@lru_cache(maxsize=4096)
def _quoted(part: str) -> str:
    return quote(part, safe="")


def _suppressions(finding: Finding) -> list[dict[str, str]]:
    waiver = finding["waiver"]
    if not waiver:
        return []
    text = f"{waiver['reason']} ({waiver['owner']}, until {waiver['expires']})"
    return [{"kind": "external", "status": "accepted", "justification": text}]
