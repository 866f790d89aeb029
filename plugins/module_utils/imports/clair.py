# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Vulnerability reports of Clair 4 (`clairctl report -o json`, /matcher/api/v1/vulnerability_report/)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import EACH_MEMBER
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    IMAGE,
    Artifact,
    Vulnerability,
    artifact_name,
)

Packages = dict[str, tuple[str, str, str]]


def read(report: Report) -> Iterator[Finding]:
    """A finding for each package and vulnerability of it. The report knows the image by its digest only."""
    digest = foreign.name(report.head.get("manifest_hash"))
    report.made_by("clair")
    artifact = Artifact(IMAGE, report.artifact or digest, digest)
    report.about(artifact_name(artifact))
    report.controls.add("image.vulnerability")
    packages, affected = _packages(report)
    for path, row in report.objects(("vulnerabilities", EACH_MEMBER)):
        for package in affected.pop(str(path[-1]), ()):
            if package not in packages:
                raise report.fault(("package_vulnerabilities", package), "is of no package in packages")
            told = _vulnerability(row, packages[package], report.required(row.get("name"), path, "name"))
            yield report.vulnerability(artifact, told)
    if affected:
        raise report.fault(("package_vulnerabilities",), f"names {min(affected)}, which is not in vulnerabilities")


def _packages(report: Report) -> tuple[Packages, dict[str, list[str]]]:
    """By id, name, version and kind of each package; by vulnerability, the ids of the packages that have it."""
    packages: Packages = {}
    affected: dict[str, list[str]] = {}
    for path, value in report.walk(("packages", EACH_MEMBER), ("package_vulnerabilities", EACH_MEMBER)):
        identifier = str(path[-1])
        if path[0] == "packages":
            row = foreign.mapping(value)
            name = report.required(row.get("name"), path, "name")
            packages[identifier] = (name, foreign.name(row.get("version")), foreign.name(row.get("kind")))
        else:
            for vulnerability in foreign.rows(value):
                affected.setdefault(foreign.name(vulnerability), []).append(identifier)
    return packages, affected


def _vulnerability(row: Mapping[str, Any], package: tuple[str, str, str], name: str) -> Vulnerability:
    links = foreign.text(row.get("links")).split()
    fixed = foreign.name(row.get("fixed_in_version"))
    return Vulnerability(
        id=name,
        package=package[0],
        version=package[1],
        type=package[2],
        told=foreign.name(row.get("normalized_severity")) or foreign.name(row.get("severity")),
        fixed_in=[fixed] if fixed and fixed != "0" else (),
        description=foreign.text(row.get("description")),
        url=links[0] if links else "",
    )
