# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes in: results of audit modules, bare findings and stored reports, made into one form, an `Audit` each."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    SEVERITIES,
    STATUSES,
    Finding,
    fingerprint,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import WAIVER_TARGET
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError

REPORT_KIND = "bulkhead.audit_report"
REPORT_SCHEMA = "1.0"
REACHED_CONTROL = "audit.host.reached"

_PLAIN = frozenset((str, int, float, bool, type(None)))
_TEXTS = ("control", "target", "status", "severity")
_DEFAULTS: dict[str, Any] = {
    "title": "",
    "remediation": "",
    "references": [],
    "expected": None,
    "actual": None,
    "evidence": None,
    "reason": None,
}


@dataclass
class Audit:
    """What is known of one target: its findings, and by which controls it was judged.

    controls: None where the findings are said to be complete. reason: why the target was not audited, if it was not.
    passes: verdicts that were a pass and are not among the findings.
    """

    target: str
    findings: list[Finding] = field(default_factory=list)
    controls: frozenset[str] | None = frozenset()
    collected_at: str | None = None
    versions: dict[str, Any] = field(default_factory=dict)
    passes: int = 0
    reason: str | None = None


def plain(value: Any) -> Any:
    """The same data as plain JSON types, without the tags, lazy templates and unsafe text of ansible-core."""
    return value if _is_plain(value) else json.loads(json.dumps(value, default=str))


def _is_plain(value: Any) -> bool:
    kind = value.__class__
    if kind is dict:
        return all(key.__class__ is str and _is_plain(item) for key, item in value.items())
    if kind is list:
        return all(map(_is_plain, value))
    return kind in _PLAIN


def from_findings(rows: Any, where: str, target: str = "", complete: bool = False) -> list[Audit]:
    """Audits from bare findings, one a target. Raises ReportError for what is no finding."""
    if not isinstance(rows, list):
        raise ReportError(f"{where}: findings must be a list, not {type(rows).__name__}")
    audits: dict[str, Audit] = {}
    for number, row in enumerate(rows, 1):
        finding = normalised(row, f"{where}, finding {number}", target)
        audits.setdefault(finding["target"], Audit(finding["target"])).findings.append(finding)
    for audit in audits.values():
        audit.controls = None if complete else frozenset(finding["control"] for finding in audit.findings)
    return list(audits.values())


def from_result(result: Any, where: str, target: str) -> list[Audit]:
    """Audits from what an audit module returned (or a loop over it) for a target. Raises ReportError for anything else.

    A result that failed, was skipped or holds no findings is an Audit with a reason: the target was not audited.
    """
    if isinstance(result, Mapping) and isinstance(result.get("results"), list):
        return [audit for item in result["results"] for audit in from_result(item, where, target)]
    if not isinstance(result, Mapping):
        raise ReportError(f"{where}: the result of an audit is a dictionary, not {type(result).__name__}")
    name = str(result.get("target") or target)
    if "findings" not in result or result.get("failed") or result.get("unreachable"):
        return [Audit(name, reason=_why_not(result))]
    if not name:
        raise ReportError(f"{where}: the result has no target; give results as a dictionary from host to result")
    audits = from_findings(result["findings"], where, name) or [Audit(name)]
    for audit in audits:
        _complete(audit, result)
    return audits


def _complete(audit: Audit, result: Mapping[str, Any]) -> None:
    if isinstance(result.get("controls"), list):
        audit.controls = frozenset(str(control) for control in result["controls"]) | (audit.controls or frozenset())
    audit.collected_at = _moment(result.get("collected_at"))
    audit.versions = dict(result.get("versions") or {})
    counted = ((result.get("summary") or {}).get("status") or {}).get("pass", 0)
    audit.passes = max(0, int(counted) - sum(finding["status"] == "pass" for finding in audit.findings))


def _moment(value: Any) -> str | None:
    """A time in UTC to the second, in one form; None for what is no time."""
    try:
        moment = datetime.datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
    return zoned.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _why_not(result: Mapping[str, Any]) -> str:
    if result.get("skipped"):
        return f"The audit was skipped: {result.get('skip_reason') or 'its condition was false'}."
    return str(result.get("msg") or "There is no result of an audit.")


def from_document(document: Any, where: str, complete: bool = False) -> list[Audit]:
    """Audits from a parsed JSON file: a report of ours, a module's result or results, or a list of findings."""
    if isinstance(document, Mapping) and document.get("kind") == REPORT_KIND:
        check_schema(document, where)
        try:
            return _from_report(document, where)
        except (KeyError, TypeError) as exc:
            raise ReportError(f"{where}: the report is damaged: {exc}") from exc
    if isinstance(document, Mapping) and isinstance(document.get("results"), list):
        return from_result(document, where, "")
    if isinstance(document, Mapping) and "findings" in document:
        if document.get("target"):
            return from_result(document, where, str(document["target"]))
        return from_findings(document["findings"], where, complete=complete)
    return from_findings(document, where, complete=complete)


def check_schema(document: Mapping[str, Any], where: str) -> None:
    """Raise ReportError where a report's major schema version is not ours."""
    version = str(document.get("schema_version"))
    if version.split(".", maxsplit=1)[0] != REPORT_SCHEMA.split(".", maxsplit=1)[0]:
        raise ReportError(
            f"{where}: its schema_version is {version}, and this version of audit_report reads {REPORT_SCHEMA}; "
            "write the report anew, or move the file away"
        )


def _from_report(report: Mapping[str, Any], where: str) -> list[Audit]:
    audits: dict[str, Audit] = {}
    for row in report["targets"]:
        audit = Audit(row["name"], collected_at=row["collected_at"], versions=row["versions"], reason=row["reason"])
        audit.controls = None if row["controls"] is None else frozenset(report["control_sets"][row["controls"]])
        audit.passes = row["passes_left_out"]
        audits[audit.target] = audit
    for number, row in enumerate(report["findings"], 1):
        if row["target"] != WAIVER_TARGET and row["control"] != REACHED_CONTROL:
            finding = normalised(row, f"{where}, finding {number}")
            audits.setdefault(finding["target"], Audit(finding["target"])).findings.append(finding)
    return list(audits.values())


def normalised(row: Any, where: str, target: str = "") -> Finding:
    """A finding with every field, undecided as to waiver and drift. Raises ReportError for what is none."""
    if not isinstance(row, Mapping):
        raise ReportError(f"{where}: a finding is a dictionary, not {type(row).__name__}")
    finding: Finding = {name: row.get(name) for name in _TEXTS}
    finding["target"] = finding["target"] or target
    finding.update({name: row.get(name, default) for name, default in _DEFAULTS.items()})
    _check(finding, where)
    finding["subject"] = _subject(row.get("subject"), where)
    # Waivers are judged anew in every report: what was accepted yesterday may have expired.
    if finding["status"] == "waived":
        finding["status"] = "fail"
    known = row.get("fingerprint") or fingerprint(finding["control"], finding["target"], finding["subject"])
    if not isinstance(known, str):
        raise ReportError(f"{where}: fingerprint must be text")
    finding["fingerprint"] = known
    finding["waiver"] = finding["drift"] = None
    return finding


def _check(finding: Finding, where: str) -> None:
    for name in _TEXTS:
        if not isinstance(finding[name], str) or not finding[name]:
            raise ReportError(f"{where}: {name} is missing or no text")
    if finding["status"] not in STATUSES:
        raise ReportError(f"{where}: status {finding['status']!r} is none of {', '.join(STATUSES)}")
    if finding["severity"] not in SEVERITIES:
        raise ReportError(f"{where}: severity {finding['severity']!r} is none of {', '.join(SEVERITIES)}")
    if not isinstance(finding["references"], list) or not all(map(_is_reference, finding["references"])):
        raise ReportError(f"{where}: references must be a list of dictionaries with benchmark, version and id")
    if finding["expected"] is not None and not isinstance(finding["expected"], dict):
        raise ReportError(f"{where}: expected must be a dictionary from an operator to what it compares with")
    if finding["reason"] is not None and not isinstance(finding["reason"], str):
        raise ReportError(f"{where}: reason must be text")
    finding["title"] = str(finding["title"] or finding["control"])
    finding["remediation"] = str(finding["remediation"] or "")


def _is_reference(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    benchmark, version, number = row.get("benchmark"), row.get("version"), row.get("id")
    return isinstance(benchmark, str) and isinstance(version, str) and isinstance(number, str)


def _subject(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not value.get("kind"):
        raise ReportError(f"{where}: subject must be a dictionary with kind and name")
    subject = {"kind": str(value["kind"]), "name": str(value.get("name") or "")}
    for part in ("namespace", "container", "file", "line"):
        if value.get(part):
            subject[part] = str(value[part])
    return subject


def merged(audits: Iterable[Audit]) -> list[Audit]:
    """One Audit a target, sorted. A target that was audited anywhere was audited; of twin findings the worst stays."""
    by_target: dict[str, Audit] = {}
    for audit in audits:
        known = by_target.get(audit.target)
        if known is None or (known.reason and not audit.reason):
            by_target[audit.target] = audit
        elif not audit.reason:
            by_target[audit.target] = _joined(known, audit)
    for audit in by_target.values():
        audit.findings = _worst(audit.findings)
    return [by_target[name] for name in sorted(by_target)]


_WORST_FIRST = ("fail", "error", "manual", "pass", "not_applicable", "waived")


def _worst(findings: Iterable[Finding]) -> list[Finding]:
    by_fingerprint: dict[str, Finding] = {}
    for finding in findings:
        known = by_fingerprint.get(finding["fingerprint"])
        if known is None or _WORST_FIRST.index(finding["status"]) < _WORST_FIRST.index(known["status"]):
            by_fingerprint[finding["fingerprint"]] = finding
    return list(by_fingerprint.values())


def _joined(one: Audit, other: Audit) -> Audit:
    either_complete = one.controls is None or other.controls is None
    return Audit(
        target=one.target,
        findings=one.findings + other.findings,
        controls=None if either_complete else (one.controls or frozenset()) | (other.controls or frozenset()),
        collected_at=max(filter(None, (one.collected_at, other.collected_at)), default=None),
        versions={**one.versions, **other.versions},
        passes=one.passes + other.passes,
    )


def not_audited(audit: Audit) -> Finding:
    """The finding that stands for a target nobody could look at: an error, never silence."""
    subject = {"kind": "host", "name": audit.target}
    return {
        **_DEFAULTS,
        "control": REACHED_CONTROL,
        "title": "The host was not audited",
        "severity": "high",
        "remediation": "Make the host reachable and the audit task succeed on it, then audit again.",
        "status": "error",
        "target": audit.target,
        "subject": subject,
        "reason": audit.reason,
        "fingerprint": fingerprint(REACHED_CONTROL, audit.target, subject),
        "waiver": None,
        "drift": None,
    }
