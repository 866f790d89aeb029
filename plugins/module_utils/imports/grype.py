# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of Grype (`grype -o json`). What was scanned is named after the matches, in the head of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import EACH_ITEM, Path
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    FILES,
    IMAGE,
    Artifact,
    Vulnerability,
    artifact_name,
    package_of,
)


def read(report: Report) -> Iterator[Finding]:
    """A finding for each match. One that a rule or a VEX document ignores does not apply."""
    descriptor = foreign.mapping(report.head.get("descriptor"))
    report.made_by("grype", descriptor.get("version"), descriptor.get("timestamp"))
    artifact = _artifact(report)
    report.about(artifact_name(artifact))
    report.controls.add(f"{artifact.kind}.vulnerability")
    for path, match in report.objects(("matches", EACH_ITEM), ("ignoredMatches", EACH_ITEM)):
        yield report.vulnerability(artifact, _vulnerability(report, path, match))


def _artifact(report: Report) -> Artifact:
    source = foreign.mapping(report.head.get("source"))
    target = source.get("target")
    if source.get("type") != "image" or not isinstance(target, dict):
        return Artifact(FILES, report.artifact or foreign.name(target))
    digests = foreign.texts(target.get("repoDigests"))
    digest = digests[0].partition("@")[2] if digests else foreign.name(target.get("manifestDigest"))
    tags = foreign.texts(target.get("tags"))
    return Artifact(IMAGE, report.artifact or foreign.name(target.get("userInput")) or "".join(tags[:1]), digest)


def _vulnerability(report: Report, path: Path, match: Mapping[str, Any]) -> Vulnerability:
    told = foreign.mapping(match.get("vulnerability"))
    package = foreign.mapping(match.get("artifact"))
    related = [foreign.mapping(row) for row in foreign.rows(match.get("relatedVulnerabilities"))]
    fix = foreign.mapping(told.get("fix"))
    places = [foreign.mapping(row).get("path") for row in foreign.rows(package.get("locations"))]
    name = report.required(package.get("name"), path, "artifact.name")
    return Vulnerability(
        id=report.required(told.get("id"), path, "vulnerability.id"),
        package=package_of(name, foreign.text(package.get("purl"))),
        version=foreign.name(package.get("version")),
        type=foreign.name(package.get("type")),
        told=foreign.name(told.get("severity")),
        score=_score([told, *related]),
        fixed_in=foreign.texts(fix.get("versions")) if fix.get("state") == "fixed" else (),
        aliases=[alias for alias in (foreign.name(row.get("id")) for row in related) if alias],
        description=foreign.text(told.get("description")),
        url=foreign.name(told.get("dataSource")),
        place=foreign.name(places[0]) if places else "",
        excused=_excuse(match) if path[0] == "ignoredMatches" else "",
    )


def _score(rated: list[Mapping[str, Any]]) -> float | None:
    """The highest CVSS base score of version 3 or later that was told, or else of any version."""
    found: list[tuple[bool, float]] = []
    for row in rated:
        for cvss in map(foreign.mapping, foreign.rows(row.get("cvss"))):
            score = foreign.number(foreign.mapping(cvss.get("metrics")).get("baseScore"))
            if score is not None:
                found.append((not foreign.name(cvss.get("version")).startswith("2"), score))
    return max(found)[1] if found else None


def _excuse(match: Mapping[str, Any]) -> str:
    rules = [foreign.mapping(rule) for rule in foreign.rows(match.get("appliedIgnoreRules"))]
    told = [foreign.name(rule.get(key)) for rule in rules for key in ("reason", "vex-status", "vex-justification")]
    return ": ".join(["Grype was told to ignore it", *filter(None, told)])
