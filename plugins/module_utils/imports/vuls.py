# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of Vuls (`vuls report -format-json`, jsonVersion 4), of a host or of a container on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import EACH_MEMBER, Path
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    HOST,
    IMAGE,
    Artifact,
    Vulnerability,
)

_CONTROL = "vuls.scan.complete"


def read(report: Report) -> Iterator[Finding]:
    """A finding for each vulnerability of each package; an error where Vuls could not scan everything."""
    head = report.head
    report.made_by("vuls", head.get("reportedVersion") or head.get("scannedVersion"), head.get("scannedAt"))
    server, container = foreign.name(head.get("serverName")), foreign.mapping(head.get("container"))
    report.about(server)
    artifact = Artifact(HOST, report.artifact or server)
    if foreign.name(container.get("containerID")):
        artifact = Artifact(IMAGE, report.artifact or foreign.name(container.get("image")))
    report.controls.add(f"{artifact.kind}.vulnerability")
    yield from _incomplete(report, artifact)
    versions = _versions(report)
    for path, row in report.objects(("scannedCves", EACH_MEMBER)):
        for found in _vulnerabilities(report, path, row, versions):
            yield report.vulnerability(artifact, found)


def _incomplete(report: Report, artifact: Artifact) -> Iterator[Finding]:
    """Says where the scan failed in part: then what is not in the report may be there all the same."""
    errors = foreign.texts(report.head.get("errors"))
    report.controls.add(_CONTROL)
    for control in [_CONTROL, f"{artifact.kind}.vulnerability"] if errors else []:
        yield report.finding(
            control,
            {"kind": artifact.kind, "name": artifact.name if control == _CONTROL else ""},
            title="Vuls could scan everything",
            status="error",
            severity="medium",
            remediation="Let Vuls scan again.",
            reason=foreign.text("; ".join(errors)),
        )


def _versions(report: Report) -> dict[str, str]:
    """By name, the installed version of each package."""
    found = {}
    for path, value in report.walk(("packages", EACH_MEMBER)):
        row = foreign.mapping(value)
        parts = [foreign.name(row.get("version")), foreign.name(row.get("release"))]
        found[str(path[-1])] = "-".join(filter(None, parts))
    return found


def _vulnerabilities(
    report: Report, path: Path, row: Mapping[str, Any], versions: Mapping[str, str]
) -> Iterator[Vulnerability]:
    told = _contents(row)
    common = {"id": foreign.name(row.get("cveID")) or str(path[-1]), **told}
    for package in map(foreign.mapping, foreign.rows(row.get("affectedPackages"))):
        name = report.required(package.get("name"), (*path, "affectedPackages"), "name")
        fixes = [] if package.get("notFixedYet") else foreign.texts(package.get("fixedIn"))
        yield Vulnerability(package=name, version=versions.get(name, ""), fixed_in=fixes, **common)
    for library in map(foreign.mapping, foreign.rows(row.get("libraryFixedIns"))):
        name = report.required(library.get("name"), (*path, "libraryFixedIns"), "name")
        fixes, place = foreign.texts(library.get("fixedIn")), foreign.name(library.get("path"))
        yield Vulnerability(package=name, fixed_in=fixes, place=place, type=foreign.name(library.get("key")), **common)
    for uri in foreign.rows(row.get("cpeURIs")):
        yield Vulnerability(package=foreign.name(uri), type="cpe", **common)


def _contents(row: Mapping[str, Any]) -> dict[str, Any]:
    """The rating and the description: of the source that rates highest, for a distribution may rate lower than NVD."""
    rated: list[tuple[float, str]] = []
    summary, url = "", ""
    for value in foreign.mapping(row.get("cveContents")).values():
        # Before 0.16, one object and not a list of them.
        for content in map(foreign.mapping, value if isinstance(value, list) else [value]):
            for version in ("cvss3", "cvss2"):
                score = foreign.number(content.get(f"{version}Score")) or 0.0
                rated.append((score, foreign.name(content.get(f"{version}Severity"))))
            summary = summary or foreign.text(content.get("summary"))
            url = url or foreign.name(content.get("sourceLink"))
    score, told = max(rated, default=(0.0, ""))
    return {"score": score or None, "told": "" if score else told, "description": summary, "url": url}
