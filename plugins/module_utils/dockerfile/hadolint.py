# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hadolint says of Dockerfiles, where ours does not say the same already."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.hadolint import read
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import MEBIBYTE, Source

Rows = list[dict[str, Any]]
# Rules of hadolint and the controls that say the same of the same line, or of the same file.
SAME = {
    "DL3000": "dockerfile.instruction.workdir",
    "DL3002": "dockerfile.file.user_root",
    "DL3003": "dockerfile.run.lost_cd",
    "DL3004": "dockerfile.run.sudo",
    "DL3005": "dockerfile.run.upgrades",
    "DL3006": "dockerfile.stage.base_latest",
    "DL3007": "dockerfile.stage.base_latest",
    "DL3009": "dockerfile.run.index_left",
    "DL3012": "dockerfile.stage.single_healthcheck",
    "DL3015": "dockerfile.run.recommended",
    "DL3017": "dockerfile.run.upgrades",
    "DL3019": "dockerfile.run.index_left",
    "DL3020": "dockerfile.copy.added",
    "DL3026": "dockerfile.stage.base_registry",
    "DL3031": "dockerfile.run.upgrades",
    "DL3032": "dockerfile.run.index_left",
    "DL3035": "dockerfile.run.upgrades",
    "DL3036": "dockerfile.run.index_left",
    "DL3039": "dockerfile.run.upgrades",
    "DL3040": "dockerfile.run.index_left",
    "DL3057": "dockerfile.file.healthcheck",
    "DL4000": "dockerfile.instruction.maintainer",
    "DL4003": "dockerfile.stage.single_cmd",
    "DL4004": "dockerfile.stage.single_entrypoint",
}
# In place of a rule: it ended without a report, or says that it cannot read what Docker can.
FAILED = "failed"
_UNREADABLE = "DL1000"
_FAILED = {
    "status": "error",
    "severity": "info",
    "title": "hadolint can read the file",
    "actual": None,
    "remediation": "Try another version of hadolint, or skip hadolint.failed.",
}
# It reads three hundred files in the time that it takes to start thirty times.
_BATCH = 50
_MOST_AT_ONCE = 4
_SECONDS = 300
_LARGEST = 256 * MEBIBYTE


def locate(choice: str, program: str) -> str | None:
    """The path of hadolint; None where it is off, or not there and not required. Raises DockerfileError."""
    if choice == "off":
        return None
    path = shutil.which(program)
    if path is None and choice == "required":
        raise DockerfileError(f"hadolint: there is no program {program!r}; install it, or set hadolint_path")
    return path


def run(program: str, files: Mapping[str, str], folder: str, config: str | None) -> Rows:
    """Rows {file, line, code, level, message} for files {path: name}; `folder` is where it looks for its configuration.

    Raises DockerfileError where it gives no answer.
    """
    paths = sorted(files)
    batches = [paths[at : at + _BATCH] for at in range(0, len(paths), _BATCH)]
    options = ["--no-fail", "-f", "json", *(["-c", config] if config else [])]
    with ThreadPoolExecutor(max_workers=min(_MOST_AT_ONCE, os.cpu_count() or 1)) as pool:
        answers = pool.map(lambda batch: _answers([program, *options, "--"], batch, folder), batches)
        return [_row(row, files) for rows in answers for row in rows]


def _answers(command: Sequence[str], paths: Sequence[str], folder: str) -> list[Any]:
    """Its rows. One file that it stumbles over takes all others with it, so that it is looked for by halves."""
    rows, said = _asked([*command, *paths], folder)
    if rows is not None:
        return rows
    if len(paths) == 1:
        return [{"file": paths[0], "code": FAILED, "message": said, "level": "error", "line": 1}]
    middle = len(paths) // 2
    return _answers(command, paths[:middle], folder) + _answers(command, paths[middle:], folder)


def _asked(command: Sequence[str], folder: str) -> tuple[list[Any] | None, str]:
    """The rows, None where there is no report; and the first line of what it said beside."""
    try:
        # Several at once, which run_command of a module is not made for.
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise DockerfileError(f"hadolint gave no answer in {_SECONDS} seconds") from exc
    except OSError as exc:
        raise DockerfileError(f"hadolint cannot be run: {exc.strerror}") from exc
    try:
        rows = json.loads(done.stdout)
    except ValueError:
        rows = None
    said = done.stderr.decode("utf-8", "replace").strip().split("\n", 1)[0][:300]
    return (rows if isinstance(rows, list) else None), said or "it gave no report"


def _row(row: Any, files: Mapping[str, str]) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise DockerfileError("hadolint gave a report with a row that is no object")
    kept = {name: row.get(name) for name in ("line", "code", "level", "message")}
    if kept["code"] == _UNREADABLE:
        kept["code"] = FAILED
    return {"file": files.get(str(row.get("file")), str(row.get("file"))), **kept}


def version(program: str) -> str:
    """What it calls itself, such as `2.12.0`; "" where it does not say."""
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip().rpartition(" ")[2][:30]


def without_twins(rows: Iterable[Mapping[str, Any]], findings: Iterable[Finding]) -> Rows:
    """The rows that no finding of ours stands for: of the same line, or of the whole file."""
    told = set()
    for finding in findings:
        if finding["status"] in ("fail", "waived", "error"):
            subject = finding["subject"]
            whole = finding["control"].startswith(("dockerfile.file.", "dockerfile.stage.single"))
            told.add((finding["control"], subject.get("file"), "" if whole else subject.get("line")))
    return [dict(row) for row in rows if not _is_twin(row, told)]


def _is_twin(row: Mapping[str, Any], told: set[tuple[str, Any, Any]]) -> bool:
    control = SAME.get(str(row.get("code")), "")
    return any((control, row.get("file"), line) in told for line in (str(row.get("line")), ""))


def findings_of(rows: Sequence[Mapping[str, Any]], target: str, folder: str) -> list[Finding]:
    """The rows as findings_import gives them. `folder` is for a temporary file."""
    with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".json") as file:
        json.dump(list(rows), file)
        file.flush()
        try:
            found = list(read(Report(Source(file.name, _LARGEST), target)))
        except ImportFault as exc:
            raise DockerfileError(f"hadolint gave a report that cannot be used: {exc}") from exc
    for finding in found:
        if finding["control"] == f"hadolint.{FAILED}":
            finding.update(_FAILED, reason=f"hadolint gave no report of this file: {finding['title']}")
    return found
