# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as files, and what is imported of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.run import argument_spec, run


def options(*reports: dict[str, Any], **given: Any) -> dict[str, Any]:
    """The module's options with their defaults."""
    spec = argument_spec()
    row = {name: option.get("default") for name, option in spec["reports"]["options"].items()}
    found = {name: option.get("default") for name, option in spec.items()}
    return {**found, **given, "reports": [{**row, **report} for report in reports]}


def written(folder: Path, content: Any, name: str = "report.json") -> str:
    """The path of a file with the content, as JSON where it is neither text nor bytes."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return str(path)


def imported(folder: Path, content: Any, name: str = "report.json", **given: Any) -> dict[str, Any]:
    """The result of a report; given are options of the report (format, target, artifact) and of the module."""
    of_report = {key: given.pop(key) for key in ("format", "artifact", "ignore_errors") if key in given}
    row = {"path": written(folder, content, name), **of_report}
    result: dict[str, Any] = run(options(row, **given), check=False, folder=str(folder))["results"][0]
    return result


def shown(result: dict[str, Any]) -> list[tuple[str, ...]]:
    """Of each finding: control, status, severity, subject."""
    return [
        (
            row["control"],
            row["status"],
            row["severity"],
            "/".join(value for part, value in row["subject"].items() if part not in ("file", "line")),
        )
        for row in result["findings"]
    ]
