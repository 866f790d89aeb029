# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report that is being read: where it is, what it says of itself, and how its reader makes findings of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import (
    Finding,
    fingerprint,
    shortened,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_text import JsonText
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import (
    Path,
    Pattern,
    path_text,
    walk,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import Source
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    Artifact,
    Vulnerability,
    vulnerability_finding,
)

_FRACTION, _OFFSET = re.compile(r"\.\d+"), re.compile(r"([+-]\d\d)(\d\d)\Z")
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class Report:
    """A report in the hands of its reader, which fills in what it says of itself.

    given_target, artifact: what the user calls the target and what was scanned, "" where the report shall tell.
    tool, version, collected_at: who made it and when. controls: what it looked at, whatever it found.
    """

    def __init__(self, source: Source, given_target: str = "", artifact: str = "", outline: Any = None) -> None:
        self.source, self._given_target, self.artifact = source, given_target, artifact
        self.head: Any = outline
        self.target = given_target
        self.tool, self.version, self.collected_at = "", "", ""
        self.controls: set[str] = set()

    @property
    def path(self) -> str:
        """The path of its file."""
        return self.source.path

    def made_by(self, tool: str, version: Any = "", moment: Any = None) -> None:
        """Note which tool made it, and when. `moment` is ISO 8601 or seconds since 1970."""
        self.tool, self.version = tool, foreign.name(version)
        self.collected_at = moment_text(moment) or moment_text(self.source.modified())

    def about(self, own_name: Any) -> None:
        """Decide the target: what the user says, or the name that the report gives. Raises ImportFault for neither."""
        self.target = self._given_target or foreign.name(own_name)
        if not self.target:
            raise ImportFault(f"{self.path} does not say what it is about; give target")

    def walk(self, *patterns: Pattern) -> Iterator[tuple[Path, Any]]:
        """Read it once, for the parts that patterns lead to."""
        return walk(JsonText(self.source.text(), self.path), patterns)

    def objects(self, *patterns: Pattern) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """As `walk`, where every part must be an object."""
        for path, value in self.walk(*patterns):
            if not isinstance(value, dict):
                raise self.fault(path, f"must be an object, and it is {type(value).__name__}")
            yield path, value

    def fault(self, path: Path, what: str) -> ImportFault:
        """A fault of a part."""
        return ImportFault(f"{self.path}: {path_text(path)} {what}")

    def required(self, value: Any, path: Path, key: str) -> str:
        """A name that must be there."""
        told = foreign.name(value)
        if not told:
            raise self.fault((*path, key), "is missing, or is no text")
        return told

    def vulnerability(self, artifact: Artifact, found: Vulnerability) -> Finding:
        """The finding for a vulnerability. Raises ImportFault where nobody named what was scanned."""
        if not artifact.name:
            raise ImportFault(f"{self.path} does not name what was scanned; give artifact")
        return vulnerability_finding(self.target, artifact, found, self.tool)

    def finding(
        self,
        control: str,
        subject: Mapping[str, str],
        *,
        title: str,
        status: str,
        severity: str,
        remediation: str = "",
        references: Sequence[Mapping[str, str]] = (),
        actual: Any = None,
        evidence: Mapping[str, Any] | None = None,
        reason: str = "",
    ) -> Finding:
        """A finding of this report. The control counts as looked at."""
        self.controls.add(control)
        named = {key: value for key, value in subject.items() if value or key == "name"}
        named.setdefault("kind", "artifact")
        kept = {key: value for key, value in (evidence or {}).items() if value not in ("", None, [], {})}
        return {
            "control": control,
            "title": title or control,
            "severity": severity,
            "remediation": remediation,
            "references": [dict(reference) for reference in references],
            "status": status,
            "target": self.target,
            "subject": named,
            "expected": None,
            "actual": shortened(actual),
            "evidence": {**kept, "scanner": self.tool},
            "reason": reason or None,
            "fingerprint": fingerprint(control, self.target, named),
            "waiver": None,
            "drift": None,
        }


def control_id(tool: str, *parts: Any) -> str:
    """The id of a tool's rule as a control, such as `hadolint.DL3006`."""
    return ".".join([tool, *(_NO_NAME.sub("_", foreign.name(part)).strip("_") or "unnamed" for part in parts)])


def moment_text(told: Any) -> str:
    """A time in UTC, to the second; "" for what is none."""
    if isinstance(told, (int, float)) and not isinstance(told, bool):
        return _formatted(told)
    if not isinstance(told, str) or len(told) > 60:
        return ""
    try:
        # Python before 3.11 reads neither Z, nor an offset without a colon, nor the nanoseconds of Go.
        plain = _OFFSET.sub(r"\1:\2", _FRACTION.sub("", told.strip().replace("Z", "+00:00")))
        moment = datetime.datetime.fromisoformat(plain)
        return _formatted((moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp())
    except (ValueError, OverflowError):
        return ""


def _formatted(seconds: float) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    except (ValueError, OverflowError, OSError):
        return ""
    # A report is of this century, as the schema of reports has it.
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if 2000 <= moment.year < 2100 else ""
