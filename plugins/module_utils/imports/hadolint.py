# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of hadolint (`hadolint -f json`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import EACH_ITEM, Path
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.severity import severity

_MOST_LINES = 50


def read(report: Report) -> Iterator[Finding]:
    """A finding for each rule and file, with the lines: a line that moves does not make another finding."""
    report.made_by("hadolint")
    report.about("")
    # Only what was found is told, and a rule that is kept is not.
    report.controls.add("hadolint.*")
    found: dict[tuple[str, str], tuple[Mapping[str, Any], list[str]]] = {}
    for path, row in report.objects((EACH_ITEM,)):
        _known, lines = found.setdefault(_identity(report, path, row), (row, []))
        if len(lines) < _MOST_LINES:
            lines.append(foreign.name(row.get("line")))
    for (file, code), (row, lines) in found.items():
        yield _broken(report, file, code, row, lines)


def _identity(report: Report, path: Path, row: Mapping[str, Any]) -> tuple[str, str]:
    file = report.required(row.get("file"), path, "file")
    # What is read from standard input is called "-".
    return report.artifact or file, report.required(row.get("code"), path, "code")


def _broken(report: Report, file: str, code: str, row: Mapping[str, Any], lines: list[str]) -> Finding:
    page = f"https://github.com/hadolint/hadolint/wiki/{code}"
    if code.startswith("SC"):
        page = f"https://www.shellcheck.net/wiki/{code}"
    message = foreign.text(row.get("message"))
    return report.finding(
        control_id("hadolint", code),
        {"kind": "dockerfile", "name": file, "file": file, "line": lines[0]},
        title=message,
        status="fail",
        severity=severity(row.get("level"), otherwise="low"),
        remediation=f"See {page}",
        actual=f"line {', '.join(lines)}",
        evidence={"level": foreign.name(row.get("level"))},
    )
