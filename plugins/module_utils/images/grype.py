# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grype: the known vulnerabilities of a bill of materials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import KnownVulnerability
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.program import find, run_json
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError

Object = Mapping[str, Any]


def matches(
    materials: Path,
    output: Path,
    *,
    program: str = "grype",
    database: str = "",
    update: bool = False,
    deadline: float | None = None,
) -> Object:
    """Run Grype over a bill of materials of Syft, its JSON kept at `output`. Raises ScannerError.

    database: the folder of the vulnerability database, "" for Grype's own. update: let it fetch a newer one.
    """
    command = [find(program), f"sbom:{materials}", "--quiet", "--output", "json", "--file", str(output)]
    variables = {"GRYPE_CHECK_FOR_APP_UPDATE": "false", "GRYPE_DB_AUTO_UPDATE": str(update).lower()}
    if database:
        variables["GRYPE_DB_CACHE_DIR"] = database
    return checked(run_json(command, output, variables, deadline=deadline, what="Grype"), str(output))


def checked(document: Any, where: str) -> Object:
    """The document, where it is a report of Grype. Raises ScannerError."""
    if not isinstance(document, Mapping) or not isinstance(document.get("matches"), list):
        raise ScannerError("invalid_answer", f"{where} is no report of Grype (write it with -o json)")
    return document


def vulnerabilities_of(document: Object) -> tuple[KnownVulnerability, ...]:
    """What it found, each vulnerability of a package once."""
    found: dict[tuple[str, str, str], KnownVulnerability] = {}
    for row in document["matches"]:
        if isinstance(row, Mapping):
            known = _known(row)
            found.setdefault((known.id, known.package, known.version), known)
    return tuple(found.values())


def database_built(document: Object) -> str:
    """When its database was built, RFC 3339; "" where it does not say. Newer reports nest it under `status`."""
    database = _object(_object(document.get("descriptor")).get("db"))
    return _text(database.get("built")) or _text(_object(database.get("status")).get("built"))


def _known(row: Object) -> KnownVulnerability:
    told, artifact = _object(row.get("vulnerability")), _object(row.get("artifact"))
    related = [_object(each) for each in row.get("relatedVulnerabilities") or ()]
    fix, places = _object(told.get("fix")), [_object(each) for each in artifact.get("locations") or ()]
    severity = _text(told.get("severity")).lower()
    return KnownVulnerability(
        id=_text(told.get("id")),
        severity=severity if severity in SEVERITIES else "unknown",
        package=_text(artifact.get("name")),
        version=_text(artifact.get("version")),
        type=_text(artifact.get("type")),
        fixed_in=tuple(map(str, fix.get("versions") or ())) if fix.get("state") in ("fixed", None) else (),
        url=_text(told.get("dataSource")),
        cvss=_score([told, *related]),
        aliases=tuple(_text(each.get("id")) for each in related if each.get("id")),
        path=_text(places[0].get("path")) if places else "",
        description=_text(told.get("description"))[:500],
    )


def _score(rows: list[Object]) -> float | None:
    """The base score of CVSS 3 that is told first: of the vulnerability itself, else of those it stands for."""
    for row in rows:
        for score in row.get("cvss") or ():
            base = _object(_object(score).get("metrics")).get("baseScore")
            if _text(_object(score).get("version")).startswith("3") and isinstance(base, (int, float)):
                return float(base)
    return None


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
