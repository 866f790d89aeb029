# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of kubescape (`--format json`, version 2). The objects in them, which may be Secrets, are not read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign, severity
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import (
    EACH_ITEM,
    EACH_MEMBER,
    Path,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id

# Factors of 1 to 10, in the bands that kubescape itself names.
_BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (1.0, "low"))
Controls = dict[str, tuple[str, str]]


def read(report: Report) -> Iterator[Finding]:
    """A finding for each control and resource, and for each control that applied to none."""
    report.made_by("kubescape", _version(report), report.head.get("generationTime"))
    report.about(report.head.get("clusterName") or _context(report))
    known: Controls = {}
    for path, row in report.objects(("summaryDetails", "controls", EACH_MEMBER)):
        known[str(path[-1])] = (foreign.text(row.get("name")), _severity(row.get("scoreFactor")))
        report.controls.add(control_id("kubescape", path[-1]))
        yield from _inapplicable(report, str(path[-1]), row, known)
    for path, row in report.objects(("results", EACH_ITEM)):
        resource = report.required(row.get("resourceID"), path, "resourceID")
        for number, control in enumerate(foreign.rows(row.get("controls"))):
            yield _judged(report, resource, foreign.mapping(control), (*path, "controls", number), known)


def _version(report: Report) -> str:
    metadata = foreign.mapping(foreign.mapping(report.head.get("metadata")).get("scanMetadata"))
    return foreign.name(metadata.get("kubescapeVersion"))


def _context(report: Report) -> str:
    context = foreign.mapping(foreign.mapping(report.head.get("metadata")).get("contextMetadata"))
    return foreign.name(foreign.mapping(context.get("clusterContextMetadata")).get("contextName"))


def _severity(factor: Any) -> str:
    score = foreign.number(factor) or 0.0
    return next((name for least, name in _BANDS if score >= least), severity.UNRATED)


def _inapplicable(report: Report, control: str, row: Mapping[str, Any], known: Controls) -> Iterator[Finding]:
    told = foreign.mapping(row.get("statusInfo"))
    if told.get("subStatus") == "irrelevant":
        yield _finding(report, control, {"kind": "cluster", "name": report.target}, told, known)


def _judged(report: Report, resource: str, control: Mapping[str, Any], path: Path, known: Controls) -> Finding:
    identifier = report.required(control.get("controlID"), path, "controlID")
    known.setdefault(identifier, (foreign.text(control.get("name")), severity.severity(control.get("severity"))))
    status = _status(control)
    paths = [
        foreign.name(row.get("failedPath")) or foreign.name(foreign.mapping(row.get("fixPath")).get("path"))
        for rule in map(foreign.mapping, foreign.rows(control.get("rules")))
        for row in map(foreign.mapping, foreign.rows(rule.get("paths")))
    ]
    report.required(status.get("status"), path, "status")
    return _finding(report, identifier, _subject(resource), status, known, [each for each in paths if each][:20])


def _status(control: Mapping[str, Any]) -> Mapping[str, Any]:
    """{status, subStatus, info}; older versions tell it of the rules only, of which the worst one counts."""
    told = control.get("status")
    if isinstance(told, dict):
        return told
    rules = {foreign.name(foreign.mapping(rule).get("status")) for rule in foreign.rows(control.get("rules"))}
    return {"status": told or next((status for status in ("failed", "skipped", "passed") if status in rules), "")}


def _finding(
    report: Report,
    control: str,
    subject: Mapping[str, str],
    told: Mapping[str, Any],
    known: Controls,
    paths: list[str] | None = None,
) -> Finding:
    title, rated = known[control]
    status, reason = _verdict(told)
    return report.finding(
        control_id("kubescape", control),
        subject,
        title=title,
        status=status,
        severity=rated,
        remediation=f"See https://hub.armosec.io/docs/{control.lower()}",
        actual=", ".join(paths or ()) or None,
        reason=reason,
    )


def _verdict(told: Mapping[str, Any]) -> tuple[str, str]:
    """The status, and the reason of one that is neither a pass nor a failure."""
    status, detail = foreign.name(told.get("status")), foreign.name(told.get("subStatus"))
    why = foreign.text(told.get("info")) or detail
    if status == "failed":
        return "fail", ""
    if status == "passed" and detail in ("irrelevant", "w/exceptions"):
        return "not_applicable", why
    if status == "passed":
        return "pass", ""
    if status == "skipped":
        return "manual", why or "kubescape did not judge it"
    return "error", f"kubescape says {status or 'nothing'}, which is no verdict"


def _subject(resource: str) -> dict[str, str]:
    """Of an id such as `apps/v1/shop/Deployment/web`; the group of core is empty, as is what is in no namespace."""
    parts = resource.partition("api=")[2].split("/") if resource.startswith("path=") else resource.split("/")
    if len(parts) < 5:
        return {"kind": "resource", "name": resource}
    return {"kind": parts[3], "namespace": parts[2], "name": "/".join(parts[4:])}
