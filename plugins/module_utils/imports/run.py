# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole of findings_import: from the options of the module to its result and the file."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    SEVERITIES,
    STATUSES,
    Finding,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.formats import AUTO, FORMATS, opened
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.keeping import OVER, Keeper, Wanted
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.output import Output
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import MEBIBYTE, Source

Params = Mapping[str, Any]
READ_CONTROL = "import.report.read"


def argument_spec() -> dict[str, dict[str, Any]]:
    """The options; the module's DOCUMENTATION describes them."""
    report: dict[str, Any] = {
        "path": {"type": "path", "required": True},
        "format": {"type": "str", "choices": [AUTO, *FORMATS], "default": AUTO},
        "target": {"type": "str"},
        "artifact": {"type": "str"},
        "ignore_errors": {"type": "bool", "default": False},
    }
    return {
        "reports": {"type": "list", "elements": "dict", "required": True, "options": report},
        "target": {"type": "str"},
        "minimum_severity": {"type": "str", "choices": list(reversed(SEVERITIES)), "default": "info"},
        "only_fixable": {"type": "bool", "default": False},
        "include_passes": {"type": "bool", "default": False},
        "limit": {"type": "int", "default": 10000},
        "output": {"type": "path"},
        "max_size_mb": {"type": "int", "default": 2048},
    }


def run(params: Params, *, check: bool, folder: str) -> dict[str, Any]:
    """The module's result, with `warnings`. `folder` is for temporary files. Raises ImportFault."""
    for name in ("limit", "max_size_mb"):
        if params[name] < 1:
            raise ImportFault(f"{name} must be more than 0")
    if not params["reports"]:
        raise ImportFault("reports is empty: name what to import")
    changed = False
    warnings: list[str] = []
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(Output(params["output"], folder if check else "")) if params["output"] else None
        results = [_imported(row, params, output, warnings) for row in params["reports"]]
        changed = output is not None and output.commit()
    return {"changed": changed, "results": results, "summary": _total(results), "warnings": warnings}


def _imported(row: Params, params: Params, output: Output | None, warnings: list[str]) -> dict[str, Any]:
    """The result of one report, written to the output where there is one."""
    if output:
        output.begin()
    try:
        result = _result(row, params, output)
    except ImportFault as exc:
        if not row["ignore_errors"]:
            raise
        warnings.append(f"A report was not imported: {exc}")
        if output:
            output.forget()
            output.begin()
        result = _failed(row, params, str(exc), output)
    if output:
        output.end(result)
    elif result["left_out"].get(OVER):
        warnings.append(f"{row['path']}: {result['left_out'][OVER]} findings are left out; raise limit, or give output")
    return result


def _result(row: Params, params: Params, output: Output | None) -> dict[str, Any]:
    source = Source(row["path"], params["max_size_mb"] * MEBIBYTE)
    target = row["target"] or params["target"] or ""
    found, report = opened(source, row["format"], target, row["artifact"] or "")
    wanted = Wanted(params["minimum_severity"], params["only_fixable"], params["include_passes"])
    keeper = Keeper(wanted, params["limit"], output.add if output else None)
    for finding in found.read(report):
        keeper.take(finding)
    return {**_told(report, keeper), "format": found.name}


def _told(report: Report, keeper: Keeper) -> dict[str, Any]:
    missing = [_over(report, control, kind) for control, kind in sorted(keeper.over)]
    return {
        "findings": keeper.findings() + missing,
        "target": report.target,
        "path": report.path,
        "tool": report.tool,
        "version": report.version,
        "versions": {report.tool: report.version} if report.version else {},
        "collected_at": report.collected_at,
        "controls": sorted(report.controls),
        "summary": {**keeper.summary(), "controls": len(report.controls)},
        "left_out": dict(keeper.left_out),
    }


def _over(report: Report, control: str, kind: str) -> Finding:
    """Says for a control that not all is known, so that nobody takes what was left out for resolved."""
    return report.finding(
        control,
        {"kind": kind, "name": ""},
        title="All findings of the report were imported",
        status="error",
        severity="info",
        remediation="Raise limit, or give output.",
        reason="More findings were in the report than limit lets through.",
    )


def _failed(row: Params, params: Params, why: str, output: Output | None) -> dict[str, Any]:
    source = Source(row["path"], MEBIBYTE)
    report = Report(source, row["target"] or params["target"] or row["path"])
    report.tool = "findings_import"
    finding = report.finding(
        READ_CONTROL,
        {"kind": "report", "name": row["path"]},
        title="The report can be read",
        status="error",
        severity="high",
        remediation="Let the tool write the report again, and import it again.",
        reason=why,
    )
    keeper = Keeper(Wanted("info", False, False), 1, output.add if output else None)
    keeper.take(finding)
    return {**_told(report, keeper), "tool": "", "format": row["format"], "failed_because": why}


def _total(results: list[dict[str, Any]]) -> dict[str, Any]:
    summaries = [result["summary"] for result in results]
    return {
        "status": {name: sum(row["status"][name] for row in summaries) for name in STATUSES},
        "severity": {name: sum(row["severity"][name] for row in summaries) for name in SEVERITIES},
        "reports": len(results),
        "failed": sum("failed_because" in result for result in results),
    }
