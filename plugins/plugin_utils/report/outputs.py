# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the report goes: the files that the options ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.files import Output
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.formats import FORMATS

Resolve = Callable[[str], str]


def planned(params: Mapping[str, Any], resolve: Resolve) -> list[Output]:
    """The files to write, the JSON report last. `resolve` makes a path of the user's absolute. Raises ReportError.

    JSON comes last because the next run compares with it: should another file fail, nothing counts as reported.
    """
    outputs = {**_in_folder(params, resolve), **_named(params, resolve)}
    taken: dict[Path, str] = {}
    for output in outputs.values():
        if output.path in taken:
            raise ReportError(f"{output.path}: both {taken[output.path]} and {output.format} would be written there")
        taken[output.path] = output.format
    return sorted(outputs.values(), key=lambda output: output.format == "json")


def _in_folder(params: Mapping[str, Any], resolve: Resolve) -> dict[str, Output]:
    if not params["output_dir"]:
        return {}
    basename = params["basename"]
    if not re.fullmatch(r"[\w.-]*\w[\w.-]*", basename) or basename.startswith("."):
        raise ReportError(f"basename: {basename!r} must be a file name of letters, digits, '.', '_' and '-'")
    folder = Path(resolve(params["output_dir"]))
    return {
        name: Output(name, folder / (basename + FORMATS[name].suffix), _mode(params["mode"], name, "mode"))
        for name in params["formats"]
    }


def _named(params: Mapping[str, Any], resolve: Resolve) -> dict[str, Output]:
    outputs = {}
    for name, value in (params["outputs"] or {}).items():
        if name not in FORMATS:
            raise ReportError(f"outputs: {name!r} is no format; these are: {', '.join(FORMATS)}")
        row = value if isinstance(value, Mapping) else {"path": value}
        if not isinstance(row.get("path"), str) or not row["path"] or set(row) - {"path", "mode"}:
            raise ReportError(f"outputs: {name} takes a path, or a dictionary with path and mode, not {value!r}")
        option = f"outputs.{name}.mode" if "mode" in row else "mode"
        mode = _mode(row.get("mode", params["mode"]), name, option)
        outputs[name] = Output(name, Path(resolve(row["path"])), mode)
    return outputs


def _mode(value: Any, name: str, option: str) -> int:
    if value is None:
        return FORMATS[name].mode
    text = oct(value)[2:] if isinstance(value, int) and not isinstance(value, bool) else str(value)
    if not re.fullmatch(r"0?[0-7]{3}", text):
        raise ReportError(f'{option}: {value!r} is no mode; write it in quotes, such as "0640"')
    return int(text, 8)
