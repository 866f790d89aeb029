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
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import (
    REPORT_KIND,
    check_schema,
)

# When a run was made says nothing of what it found: these never make a file "changed". The literal century lets the
# search skip through megabytes; seconds since the epoch are Prometheus' alone.
_TIMES = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ?")
_SECONDS = re.compile(r"^(\w+_seconds(?:{.*})?) \d+$", re.MULTILINE)

_COMPARED = ("fingerprint", "status", "target", "control", "severity", "subject")


@dataclass(frozen=True)
class Output:
    """One file to write: its format, where, and its mode."""

    format: str
    path: Path
    mode: int


def read_json(path: Path) -> Any:
    """The JSON in a file. Raises ReportError, with line and column, when it cannot be read or is none."""
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except OSError as exc:
        raise ReportError(f"{path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ReportError(f"{path}: is not UTF-8 text") from exc
    except json.JSONDecodeError as exc:
        raise ReportError(f"{path}:{exc.lineno}:{exc.colno}: is not JSON: {exc.msg}") from exc


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
        _require(finding, _COMPARED)
        _require(finding["subject"], ("name",))
    if not isinstance(previous.history, dict):
        raise TypeError(f"history is {previous.history!r}")
    for entry in previous.history.values():
        _require(entry, ("first_seen", "resolved_at"))


def _require(row: Mapping[str, Any], names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(row[name], (str, dict)):
            raise TypeError(f"{name} is {row[name]!r}")


def encodable(text: str) -> str:
    """The text with a question mark for each half of a character, which JSON can name and UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()


def differs(output: Output, text: str) -> bool:
    """Whether writing the text would change more than the times in the file, or its mode."""
    try:
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
