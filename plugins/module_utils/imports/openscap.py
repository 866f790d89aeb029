# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenSCAP writes: results of XCCDF (`--results`) and OVAL (`oscap oval eval`), and ARF (`--results-arf`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.severity import severity
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.xml_elements import Element, elements

XCCDF_ROOTS, OVAL_ROOT = ("Benchmark", "TestResult", "asset-report-collection"), "oval_results"
# What a reader of XCCDF 1.2 is told, and how it is judged here. What was not selected was not looked at.
_RESULTS = {
    "pass": ("pass", ""),
    "fixed": ("pass", ""),
    "fail": ("fail", ""),
    "error": ("error", "The check ended in an error"),
    "unknown": ("error", "The check could not tell"),
    "notchecked": ("manual", "There is no check that a machine can do"),
    "informational": ("not_applicable", "It informs only"),
    "notapplicable": ("not_applicable", "It does not apply to this system"),
}
_NOT_SELECTED = "notselected"
# By class of a definition, what each of its results means; a definition of compliance wants to be true.
_OVAL = {
    "compliance": {"true": "pass", "false": "fail"},
    "vulnerability": {"true": "fail", "false": "pass"},
    "patch": {"true": "fail", "false": "pass"},
}
_PREFIX = re.compile(r"xccdf_[^_]+_rule_")
_MOST_RULES = 200_000


@dataclass(frozen=True)
class _Rule:
    title: str
    severity: str
    fix: str
    idents: tuple[str, ...]


def read(report: Report) -> Iterator[Finding]:
    """A finding for each rule, or definition, that was looked at."""
    report.made_by("openscap")
    yield from _oval(report) if report.head == OVAL_ROOT else _xccdf(report)


def _xccdf(report: Report) -> Iterator[Finding]:
    rules: dict[str, _Rule] = {}
    test: dict[str, str] = {}
    for element in elements(report.source, ("Rule", "rule-result", "target", "benchmark"), ("TestResult",)):
        if element.name == "Rule":
            _note_rule(report, rules, element)
        elif element.name == "TestResult":
            _begin(report, test, element)
        elif element.name == "benchmark" and test:
            test["benchmark"] = element.attributes.get("id", "") or test.get("benchmark", "")
        elif element.name == "target" and test:
            report.about(element.text())
        elif element.name == "rule-result" and test:
            if not report.target:
                report.about("")
            yield from _judged(report, rules, test, element)
    if not test:
        raise ImportFault(f"{report.path} holds rules, but no TestResult; import what --results or --results-arf wrote")


def _note_rule(report: Report, rules: dict[str, _Rule], element: Element) -> None:
    if len(rules) >= _MOST_RULES:
        raise ImportFault(f"{report.path} holds more than {_MOST_RULES} rules")
    idents = tuple(foreign.name(child.text()) for child in element.children if child.name == "ident")[:10]
    rules[element.attributes.get("id", "")] = _Rule(
        foreign.text(element.text_of("title")),
        element.attributes.get("severity", ""),
        foreign.text(element.text_of("fixtext") or element.text_of("rationale")),
        idents,
    )


def _begin(report: Report, test: dict[str, str], element: Element) -> None:
    given = element.attributes
    system = foreign.name(given.get("test-system"))
    version = system.rpartition(":")[2] if system.startswith("cpe:/a:redhat:openscap:") else ""
    report.made_by("openscap", version, given.get("end-time") or given.get("start-time"))
    test.update(version=foreign.name(given.get("version")), id=given.get("id", ""))


def _judged(report: Report, rules: dict[str, _Rule], test: dict[str, str], element: Element) -> Iterator[Finding]:
    identifier, told = element.attributes.get("idref", ""), element.text_of("result")
    if told == _NOT_SELECTED:
        return
    if not identifier or told not in _RESULTS:
        raise ImportFault(f"{report.path}: the result {told!r} of rule {identifier!r} is none of XCCDF")
    rule = rules.get(identifier) or _Rule("", "", "", ())
    status, reason = _RESULTS[told]
    benchmark = foreign.name(test.get("benchmark"))
    yield report.finding(
        control_id("openscap", _PREFIX.sub("", identifier)),
        {
            "kind": "host",
            "name": report.artifact or report.target,
            "container": foreign.name(element.text_of("instance")),
        },
        title=rule.title,
        status=status,
        severity=severity(element.attributes.get("severity") or rule.severity),
        remediation=rule.fix,
        references=[{"benchmark": benchmark, "version": test["version"], "id": identifier}] if benchmark else (),
        evidence={"idents": list(rule.idents), "message": foreign.text(element.text_of("message"))},
        reason=reason,
    )


def _oval(report: Report) -> Iterator[Finding]:
    defined: dict[str, tuple[str, str]] = {}
    moment = ""
    report.about("")
    for element in elements(report.source, ("definition", "timestamp", "product_version"), ()):
        given = element.attributes
        if element.name == "timestamp":
            # The first is that of the results, the others are of what they were made from.
            report.made_by("openscap", report.version, moment or element.text())
            moment = moment or element.text()
        elif element.name == "product_version":
            report.version = foreign.name(element.text())
        elif "result" in given and "definition_id" in given:
            yield from _defined(report, given["definition_id"], given["result"], defined)
        elif len(defined) < _MOST_RULES:
            metadata = element.first("metadata")
            title = foreign.text(metadata.text_of("title")) if metadata else ""
            defined[given.get("id", "")] = (given.get("class", ""), title)


def _defined(report: Report, identifier: str, told: str, defined: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    kind, title = defined.get(identifier, ("", ""))
    if kind not in _OVAL:
        return
    status = _OVAL[kind].get(told) or ("not_applicable" if told == "not applicable" else "error")
    yield report.finding(
        control_id("openscap", identifier.replace(":", ".")),
        {"kind": "host", "name": report.artifact or report.target},
        title=title,
        status=status,
        severity=severity(""),
        evidence={"class": kind},
        reason="" if status in ("pass", "fail") else f"The definition is {told}",
    )
