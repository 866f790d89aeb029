# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of kube-bench (`kube-bench --json`): an object with Controls, or in old versions the list alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import (
    EACH_ITEM,
    Path,
    Pattern,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id

_REFERENCE = re.compile(r"(?:cis-)?(\d+(?:\.\d+)+)\Z")


def read(report: Report) -> Iterator[Finding]:
    """A finding for each check. The report does not name the node: artifact does, or the target."""
    report.made_by("kube-bench")
    report.about("")
    prefix: Pattern = ("Controls", EACH_ITEM) if isinstance(report.head, dict) else (EACH_ITEM,)
    facts: dict[Path, dict[str, str]] = {}
    for path, value in report.walk((*prefix, "version"), (*prefix, "node_type")):
        facts.setdefault(path[:-1], {})[str(path[-1])] = foreign.name(value)
    for path, row in report.objects((*prefix, "tests", EACH_ITEM, "results", EACH_ITEM)):
        yield _checked(report, path, row, facts.get(path[: len(prefix)], {}))


def _checked(report: Report, path: Path, row: Mapping[str, Any], facts: Mapping[str, str]) -> Finding:
    number = report.required(row.get("test_number"), path, "test_number")
    status, reason = _verdict(report, path, row)
    benchmark = _REFERENCE.match(facts.get("version", ""))
    known = [{"benchmark": "cis-kubernetes", "version": benchmark[1], "id": number}] if benchmark else ()
    return report.finding(
        control_id("kube_bench", number),
        {"kind": "node", "name": report.artifact or report.target, "container": facts.get("node_type", "")},
        title=foreign.text(row.get("test_desc")),
        status=status,
        severity="medium" if row.get("scored") is not False else "low",
        remediation=foreign.text(row.get("remediation")),
        references=known,
        # What was found (actual_value) is often a whole command line, and may hold a secret.
        evidence={"expected": foreign.text(row.get("expected_result")), "benchmark": facts.get("version", "")},
        reason=reason,
    )


def _verdict(report: Report, path: Path, row: Mapping[str, Any]) -> tuple[str, str]:
    """The status, and the reason of one that is neither a pass nor a failure."""
    told = report.required(row.get("status"), path, "status").upper()
    why = foreign.text(row.get("reason"))
    if row.get("type") == "skip":
        return "not_applicable", why or "kube-bench was told to skip it"
    if told == "FAIL" and why.startswith("failed to run"):
        return "error", why
    if told in ("PASS", "FAIL"):
        return ("pass" if told == "PASS" else "fail"), ""
    if told == "WARN":
        return "manual", why or "kube-bench leaves the judgement to a reader"
    if told == "INFO":
        return "not_applicable", why or "kube-bench does not judge it"
    raise report.fault((*path, "status"), f"is {told}, which kube-bench does not say")
