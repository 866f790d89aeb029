# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report's files: read stored JSON, and write artefacts so that a reader never meets half of one."""

from __future__ import annotations

import datetime
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.drift import Previous
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import SEVERITIES, STATUSES
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import (
    REPORT_KIND,
    check_schema,
)

# When a run was made says nothing of what it found: these never make a file "changed". The literal century lets the
# search skip through megabytes; seconds since the epoch are Prometheus' alone.
_TIMES = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ?")
_SECONDS = re.compile(r"^(\w+_seconds(?:{.*})?) \d+$", re.MULTILINE)

_COMPARED = ("fingerprint", "status", "target", "control", "severity", "title", "remediation")
_RENDERED = ("references", "expected", "actual", "evidence", "reason", "waiver", "first_seen")


@dataclass(frozen=True)
class Output:
    """One file to write: its format, where, and its mode."""

    format: str
    path: Path
    mode: int


def read_json(path: Path) -> Any:
    """The JSON in a file. Raises ReportError, with line and column, when it cannot be read or is none."""
    try:
        return json.loads(read_text(path))
    except json.JSONDecodeError as exc:
        raise ReportError(f"{path}:{exc.lineno}:{exc.colno}: is not JSON: {exc.msg}") from exc
    except RecursionError as exc:
        raise ReportError(f"{path}: its JSON is nested too deeply") from exc


def read_text(path: Path, name: Path | None = None) -> str:
    """The text of a file, which messages call `name`. Raises ReportError when it cannot be read or is no text."""
    name = name or path
    try:
        # A device or a pipe may have no end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise ReportError(f"{name}: cannot be read: is not a regular file")
        return path.read_text("utf-8-sig")
    except OSError as exc:
        raise ReportError(f"{name}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ReportError(f"{name}: is not UTF-8 text") from exc


def read_previous(path: Path) -> Previous | None:
    """The report that a run is compared with, None where there is none yet. Raises ReportError for another file."""
    if not path.exists():
        return None
    document = read_json(path)
    if not isinstance(document, dict) or document.get("kind") != REPORT_KIND:
        raise ReportError(f"{path}: is no JSON report of audit_report, so nothing can be compared with it")
    check_schema(document, str(path))
    try:
        previous = Previous(document["generated_at"], document["findings"], document["unchecked"], document["history"])
        _check_previous(previous)
    except (KeyError, TypeError, ValueError) as exc:
        raise ReportError(f"{path}: the report is damaged ({exc}); move the file away to begin anew") from exc
    return previous


def _check_previous(previous: Previous) -> None:
    """Read what a comparison will read. Raises KeyError, TypeError or ValueError where it could not."""
    datetime.datetime.strptime(previous.generated_at, "%Y-%m-%dT%H:%M:%SZ")
    for finding in (*previous.findings, *previous.unchecked):
        _check_finding(finding)
    if not isinstance(previous.history, dict):
        raise TypeError(f"history is {previous.history!r}")
    for entry in previous.history.values():
        _require(entry, ("first_seen", "resolved_at"))


def _check_finding(finding: Mapping[str, Any]) -> None:
    # What was resolved or was not checked again is written into the next report.
    _require(finding, _COMPARED)
    if finding["status"] not in STATUSES or finding["severity"] not in SEVERITIES:
        raise ValueError(f"a finding is {finding['status']!r}, {finding['severity']!r}")
    for name in _RENDERED:
        finding[name]
    _require(finding["subject"], {"kind", "name", *finding["subject"]})
    for reference in finding["references"]:
        _require(reference, ("benchmark", "version", "id"))
    if finding["waiver"] is not None:
        _require(finding["waiver"], ("id", "owner", "reason", "expires"))
    _require(finding, [name for name in ("reason", "first_seen", "last_seen") if finding.get(name) is not None])
    if not isinstance(finding["expected"], (dict, type(None))):
        raise TypeError(f"expected is {finding['expected']!r}")


def _require(row: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(row[name], str):
            raise TypeError(f"{name} is {row[name]!r}")


def encodable(text: str) -> str:
    """The text with a question mark for each half of a character, which JSON can name and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def differs(output: Output, text: str) -> bool:
    """Whether writing the text would change more than the times in the file, or its mode."""
    try:
        if not output.path.is_file():
            return True
        present = output.path.read_text("utf-8")
        mode = stat.S_IMODE(output.path.stat().st_mode)
    except (FileNotFoundError, UnicodeDecodeError):
        return True
    except OSError as exc:
        raise ReportError(f"{output.path}: cannot be read: {exc.strerror}") from exc
    # Times are as long as each other, so most changes show in the length already.
    return mode != output.mode or len(present) != len(text) or _timeless(present) != _timeless(text)


def _timeless(text: str) -> str:
    text = _TIMES.sub("", text)
    return _SECONDS.sub(r"\1", text) if text.startswith("# HELP") else text


def check_writable(output: Output) -> None:
    """Raise ReportError for a path that can hold no file, before anything is written."""
    path = output.path
    if path.is_dir():
        raise ReportError(f"{path}: is a directory, and the {output.format} report needs a file")
    if path.exists() and not path.is_file():
        raise ReportError(f"{path}: is not a regular file")
    parent = next(folder for folder in path.parents if folder.exists())
    if not parent.is_dir():
        raise ReportError(f"{path}: {parent} is not a directory")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise ReportError(f"{path}: {parent} is not writable for this user")


def write(output: Output, text: str) -> None:
    """Put the text in place in one step: readers see the old file or the new one. Raises ReportError."""
    try:
        output.path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
        # A link stays a link: what it points to is replaced.
        _replace(Path(os.path.realpath(output.path)), text, output.mode)
    except OSError as exc:
        raise ReportError(f"{output.path}: cannot be written: {exc.strerror}") from exc


def _replace(path: Path, text: str, mode: int) -> None:
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        raise ReportError(f"{path}: is not a regular file")
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
