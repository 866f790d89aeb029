# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grype: the known vulnerabilities of a bill of materials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import (
    CvssScores,
    KnownVulnerability,
)
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
    oldest_days: int | None = None,
    deadline: float | None = None,
) -> Object:
    """Run Grype over a bill of materials of Syft, its JSON kept at `output`. Raises ScannerError.

    database: the folder of the vulnerability database, "" for Grype's own. update: let it fetch a newer one.
    oldest_days: Grype refuses a database that is older, None for its own rule, which is five days.
    """
    command = [find(program), f"sbom:{materials}", "--quiet", "--output", "json", "--file", str(output)]
    variables = {"GRYPE_CHECK_FOR_APP_UPDATE": "false", "GRYPE_DB_AUTO_UPDATE": str(update).lower()}
    if database:
        variables["GRYPE_DB_CACHE_DIR"] = database
    if oldest_days is not None:
        variables["GRYPE_DB_MAX_ALLOWED_BUILT_AGE"] = f"{24 * oldest_days}h"
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


def digests_of(document: Object) -> tuple[str, ...]:
    """The digests of the image that it is about."""
    target = _object(_object(document.get("source")).get("target"))
    return tuple(str(each).rpartition("@")[2] for each in _list(target.get("repoDigests")))


def database_built(document: Object) -> str:
    """When its database was built, RFC 3339; "" where it does not say. Newer reports nest it under `status`."""
    database = _object(_object(document.get("descriptor")).get("db"))
    return _text(database.get("built")) or _text(_object(database.get("status")).get("built"))


def _known(row: Object) -> KnownVulnerability:
    told, artifact = _object(row.get("vulnerability")), _object(row.get("artifact"))
    related = [_object(each) for each in _list(row.get("relatedVulnerabilities"))]
    fix, places = _object(told.get("fix")), [_object(each) for each in _list(artifact.get("locations"))]
    is_fixed, severity = fix.get("state") in ("fixed", None), _text(told.get("severity")).lower()
    by_nvd = _text(told.get("namespace")).startswith("nvd")
    scores = _scores([told])
    return KnownVulnerability(
        id=_text(told.get("id")),
        severity=severity if severity in SEVERITIES else "unknown",
        package=_text(artifact.get("name")),
        version=_text(artifact.get("version")),
        type=_text(artifact.get("type")),
        fixed_in=tuple(map(str, _list(fix.get("versions")))) if is_fixed else (),
        url=_text(told.get("dataSource")),
        nvd=scores if by_nvd else _scores(related),
        vendor=CvssScores() if by_nvd else scores,
        aliases=tuple(_text(each.get("id")) for each in related if each.get("id")),
        path=_text(places[0].get("path")) if places else "",
        description=_text(told.get("description"))[:500],
        fixed_at=_first_fix(fix),
        will_not_fix=fix.get("state") == "wont-fix",
    )


def _scores(rows: Sequence[Object]) -> CvssScores:
    """The highest of each kind of CVSS 3."""
    told = [_object(score) for row in rows for score in _list(row.get("cvss"))]
    metrics = [_object(score.get("metrics")) for score in told if _text(score.get("version")).startswith("3")]

    def highest(name: str) -> float | None:
        found = [float(each[name]) for each in metrics if isinstance(each.get(name), (int, float))]
        return max(found, default=None)

    return CvssScores(highest("baseScore"), highest("exploitabilityScore"), highest("impactScore"))


def _first_fix(fix: Object) -> str:
    """When the first fix was there; older reports do not tell."""
    dates = (_text(_object(each).get("date")) for each in _list(fix.get("available")))
    return min(filter(None, dates), default="")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
