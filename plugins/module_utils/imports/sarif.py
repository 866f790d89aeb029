# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SARIF 2.1.0 (OASIS), of whatever tool."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import EACH_ITEM, Path
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.severity import of_score, severity

_KINDS = {"pass": "pass", "fail": "fail", "open": "manual", "review": "manual"}
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_RUN = ("runs", EACH_ITEM)
_DRIVER = (*_RUN, "tool", "driver")


class _Run:
    """A run: the slug of its tool, and its rules, by id and by number."""

    def __init__(self) -> None:
        self.tool = "unnamed"
        self.rules: dict[str, Mapping[str, Any]] = {}
        self.order: list[str] = []


def read(report: Report) -> Iterator[Finding]:
    """A finding for each result."""
    report.made_by("sarif")
    runs = _runs(report)
    report.about("")
    for path, row in report.objects((*_RUN, "results", EACH_ITEM)):
        yield _found(report, runs.get(path[:2]) or _Run(), row)


def _runs(report: Report) -> dict[Path, _Run]:
    """What each run says of its tool. It may stand behind the results."""
    runs: dict[Path, _Run] = {}
    facts = [(*_DRIVER, "name"), (*_DRIVER, "semanticVersion"), (*_DRIVER, "version")]
    ends = (*_RUN, "invocations", EACH_ITEM, "endTimeUtc")
    rules = [(*_DRIVER, "rules", EACH_ITEM), (*_RUN, "tool", "extensions", EACH_ITEM, "rules", EACH_ITEM)]
    for path, value in report.walk(*facts, ends, *rules):
        run = runs.setdefault(path[:2], _Run())
        if path[-1] == "name":
            run.tool = _NO_SLUG.sub("_", report.required(value, path[:-1], "name").lower()).strip("_") or "unnamed"
            report.tool = foreign.name(value)
            # Many tools describe only the rules that were broken.
            report.controls.add(f"sarif.{run.tool}.*")
        elif path[-1] in ("semanticVersion", "version"):
            report.version = report.version or foreign.name(value)
        elif path[-1] == "endTimeUtc":
            report.made_by(report.tool, report.version, value)
        else:
            _note_rule(report, run, path, foreign.mapping(value))
    return runs


def _note_rule(report: Report, run: _Run, path: Path, rule: Mapping[str, Any]) -> None:
    identifier = report.required(rule.get("id"), path, "id")
    if "driver" in path:
        run.order.append(identifier)
    properties = foreign.mapping(rule.get("properties"))
    described = foreign.mapping(rule.get("shortDescription")) or foreign.mapping(rule.get("fullDescription"))
    run.rules[identifier] = {
        "title": foreign.text(described.get("text")) or foreign.text(rule.get("name")),
        "help": foreign.text(foreign.mapping(rule.get("help")).get("text")) or foreign.name(rule.get("helpUri")),
        "level": foreign.name(foreign.mapping(rule.get("defaultConfiguration")).get("level")),
        "score": foreign.number(properties.get("security-severity")),
    }


def _found(report: Report, run: _Run, row: Mapping[str, Any]) -> Finding:
    identifier = _rule_id(run, row)
    rule = run.rules.get(identifier) or run.rules.get(identifier.partition("/")[0]) or {}
    message = foreign.text(foreign.mapping(row.get("message")).get("text"))
    status, reason = _verdict(row)
    place = foreign.mapping((foreign.rows(row.get("locations")) or [None])[0])
    return report.finding(
        control_id("sarif", run.tool, identifier),
        {**_subject(report, place), "container": _mark(row, message)},
        title=foreign.text(rule.get("title")) or message,
        status=status,
        severity=_severity(row, rule),
        remediation=foreign.text(rule.get("help")),
        actual=message,
        evidence={"line": _line(place), "level": foreign.name(row.get("level"))},
        reason=reason,
    )


def _rule_id(run: _Run, row: Mapping[str, Any]) -> str:
    reference = foreign.mapping(row.get("rule"))
    told = foreign.name(row.get("ruleId")) or foreign.name(reference.get("id"))
    if told:
        return told
    index = row.get("ruleIndex", reference.get("index"))
    if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(run.order):
        return run.order[index]
    # The standard wants a result to name its rule, and lets it be without one.
    return "unnamed"


def _verdict(row: Mapping[str, Any]) -> tuple[str, str]:
    """The status, and the reason of one that is neither a pass nor a failure."""
    if row.get("baselineState") == "absent":
        return "pass", ""
    for suppression in map(foreign.mapping, foreign.rows(row.get("suppressions"))):
        if suppression.get("status", "accepted") == "accepted":
            return "not_applicable", foreign.text(suppression.get("justification")) or "It is suppressed in the report"
    kind = row.get("kind", "fail")
    status = _KINDS.get(kind, "not_applicable") if isinstance(kind, str) else "fail"
    return status, f"The report says {kind}" if status in ("manual", "not_applicable") else ""


def _severity(row: Mapping[str, Any], rule: Mapping[str, Any]) -> str:
    """Of a score where there is one, else of the level; a result without either has the level of its rule."""
    own = foreign.number(foreign.mapping(row.get("properties")).get("security-severity"))
    score = own if own is not None else rule.get("score")
    if score is not None:
        return of_score(score)
    return severity(row.get("level") or rule.get("level") or "warning")


def _subject(report: Report, place: Mapping[str, Any]) -> dict[str, str]:
    file = foreign.mapping(foreign.mapping(place.get("physicalLocation")).get("artifactLocation"))
    uri = foreign.name(file.get("uri"))
    if uri:
        # A code host shows what is at a place in the repository; elsewhere there is none to show.
        shown = {} if ":/" in uri or uri.startswith("/") else {"file": uri, "line": _line(place)}
        return {"kind": "file", "name": uri, **shown}
    logical = foreign.mapping((foreign.rows(place.get("logicalLocations")) or [None])[0])
    name = foreign.name(logical.get("fullyQualifiedName")) or foreign.name(logical.get("name"))
    return {"kind": "artifact", "name": name or report.artifact or report.target}


def _mark(row: Mapping[str, Any], message: str) -> str:
    """What tells two results of a rule in one file apart: what the tool calls stable, or the message; never a line."""
    for key in ("fingerprints", "partialFingerprints"):
        marks = foreign.mapping(row.get(key))
        if marks:
            return foreign.name(next(iter(marks.values())))[:64]
    return hashlib.sha256(message.encode()).hexdigest()[:12]


def _line(place: Mapping[str, Any]) -> str:
    region = foreign.mapping(foreign.mapping(place.get("physicalLocation")).get("region"))
    return foreign.name(region.get("startLine"))
