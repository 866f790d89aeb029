# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of docker-bench-security (docker-bench-security.log.json, 1.3 and later)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import EACH_ITEM, Path
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id

# Which version of the CIS Docker Benchmark a version of the tool follows.
_BENCHMARKS = {"1.3.4": "1.1.0", "1.3.5": "1.2.0", "1.3.6": "1.3.1", "1.6.0": "1.6.0", "1.6.1": "1.6.0"}
# What the items of a section are.
_ITEMS = {"4": "image", "5": "container"}
_TRUNCATED = "(truncated)"


def read(report: Report) -> Iterator[Finding]:
    """A finding for each check, or for each of the items that it names, such as containers."""
    version = foreign.name(report.head.get("dockerbenchsecurity")).lstrip("v")
    report.made_by("docker-bench-security", version, report.head.get("end") or report.head.get("start"))
    report.about("")
    for path, row in report.objects(("tests", EACH_ITEM, "results", EACH_ITEM)):
        yield from _checked(report, path, row)


def _checked(report: Report, path: Path, row: Mapping[str, Any]) -> Iterator[Finding]:
    number = report.required(row.get("id"), path, "id")
    details = foreign.text(row.get("details"))
    status, reason = _verdict(report, path, row, details)
    benchmark = _BENCHMARKS.get(report.version)
    for subject in _subjects(report, number, row if status == "fail" else {}):
        yield report.finding(
            control_id("docker_bench", number),
            subject,
            title=foreign.text(row.get("desc")),
            status=status,
            severity="medium",
            remediation=foreign.text(row.get("remediation")),
            references=[{"benchmark": "cis-docker", "version": benchmark, "id": number}] if benchmark else (),
            evidence={"details": details},
            reason=reason,
        )


def _verdict(report: Report, path: Path, row: Mapping[str, Any], details: str) -> tuple[str, str]:
    """The status, and the reason of one that is neither a pass nor a failure."""
    told = report.required(row.get("result"), path, "result").upper()
    if told in ("PASS", "WARN"):
        return ("pass" if told == "PASS" else "fail"), ""
    if told not in ("INFO", "NOTE"):
        raise report.fault((*path, "result"), f"is {told}, which docker-bench-security does not say")
    absent = "not found" in details.lower() or "not in use" in details.lower() or "not enabled" in details.lower()
    if told == "INFO" and absent:
        return "not_applicable", details
    return "manual", details or f"docker-bench-security does not judge it ({told})"


def _subjects(report: Report, number: str, row: Mapping[str, Any]) -> list[dict[str, str]]:
    section = number.partition(".")[0]
    items = [item for item in foreign.texts(row.get("items"), 10000) if item != _TRUNCATED]
    if items and section in _ITEMS:
        return [{"kind": _ITEMS[section], "name": item} for item in items]
    return [{"kind": "host", "name": report.artifact or report.target}]
