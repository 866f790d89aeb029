# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of Trivy (`--format json`), of an image, files or a configuration, and of a cluster (`trivy k8s`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import Finding
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_walk import (
    EACH_ITEM,
    Path,
    Pattern,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.report import Report, control_id
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.severity import severity
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.vulnerability import (
    FILES,
    IMAGE,
    Artifact,
    Vulnerability,
    artifact_name,
    package_of,
)

# The first since 0.33, the last two before it; Findings where a report is consolidated.
CLUSTER_LISTS = ("Resources", "Findings", "Vulnerabilities", "Misconfigurations")
_RESULT = ("Target", "Class", "Type")
_LISTS = ("Vulnerabilities", "Misconfigurations", "Secrets", "ExperimentalModifiedFindings")
_RESOURCE = ("Namespace", "Kind", "Name", "Metadata")
_PACKAGES = ("os-pkgs", "lang-pkgs")
_CONTAINER = re.compile(r"container '?\"?([a-z0-9][a-z0-9-]*)'?\"?", re.IGNORECASE)
Facts = dict[Path, dict[str, Any]]


@dataclass
class _Place:
    """Where something was found: the artifact, the facts of the result, and of a cluster's resource."""

    artifact: Artifact
    result: dict[str, str] = field(default_factory=dict)
    resource: dict[str, str] = field(default_factory=dict)


def read(report: Report) -> Iterator[Finding]:
    """Findings of an artifact's report."""
    metadata = foreign.mapping(report.head.get("Metadata"))
    report.made_by("trivy", foreign.mapping(report.head.get("Trivy")).get("Version"), report.head.get("CreatedAt"))
    name = report.artifact or foreign.name(report.head.get("ArtifactName"))
    is_image = report.head.get("ArtifactType") in ("container_image", "vm_image", None)
    artifact = Artifact(IMAGE if is_image else FILES, name, _digest(metadata))
    report.about(artifact_name(artifact))
    yield from _results(report, artifact, ("Results",))


def read_cluster(report: Report) -> Iterator[Finding]:
    """Findings of a cluster's report: of resources, and of the images that they run."""
    report.made_by("trivy")
    report.about(report.head.get("ClusterName"))
    for where in CLUSTER_LISTS:
        if where in report.head:
            yield from _results(report, None, (where, EACH_ITEM, "Results"))


def _results(report: Report, artifact: Artifact | None, prefix: Pattern) -> Iterator[Finding]:
    each = (*prefix, EACH_ITEM)
    results = _facts(report, [(*each, fact) for fact in _RESULT])
    resources = {} if artifact else _facts(report, [(*prefix[:-1], fact) for fact in _RESOURCE])
    for facts in results.values():
        if facts.get("Class") in _PACKAGES:
            # Trivy looked, whether it found any or not.
            report.controls.add(f"{artifact.kind if artifact else IMAGE}.vulnerability")
        elif facts.get("Class") == "config":
            report.controls.add("trivy.*")
    begun: Path = ()
    place = _Place(Artifact(IMAGE, ""))
    for path, row in report.objects(*[(*each, rows, EACH_ITEM) for rows in _LISTS]):
        if path[: len(each)] != begun:
            begun = path[: len(each)]
            place = _place(artifact, results.get(begun, {}), resources.get(path[: len(prefix) - 1], {}))
        yield from _found(report, place, path, row)


def _place(artifact: Artifact | None, result: Mapping[str, Any], resource: Mapping[str, Any]) -> _Place:
    facts = {key: foreign.name(value) for key, value in result.items()}
    named = {key: foreign.name(value) for key, value in resource.items() if key != "Metadata"}
    return _Place(artifact or _image(resource, facts), facts, named)


def _facts(report: Report, patterns: Sequence[Pattern]) -> Facts:
    """What is said of each result, or of each resource: it may stand before or after what was found."""
    found: Facts = {}
    for path, value in report.walk(*patterns):
        found.setdefault(path[:-1], {})[str(path[-1])] = value
    return found


def _image(resource: Mapping[str, Any], result: Mapping[str, str]) -> Artifact:
    """The image of a cluster's resource: where it runs several, only the result tells which one."""
    metadata = resource.get("Metadata")
    images = [foreign.mapping(row) for row in (metadata if isinstance(metadata, list) else [metadata])]
    names = foreign.texts(images[0].get("RepoTags")) if len(images) == 1 else []
    if names:
        return Artifact(IMAGE, names[0], _digest(images[0]))
    return Artifact(IMAGE, result.get("Target", "").partition(" (")[0])


def _found(report: Report, place: _Place, path: Path, row: Mapping[str, Any]) -> Iterator[Finding]:
    kind = path[-2]
    if kind == "Vulnerabilities":
        yield _vulnerable(report, place, path, row)
    elif kind == "Misconfigurations":
        yield _misconfigured(report, place, path, row)
    elif kind == "Secrets":
        yield _secret(report, place, path, row)
    elif row.get("Type") == "vulnerability":
        excuse = ": ".join(filter(None, (foreign.name(row.get(key)) for key in ("Status", "Statement", "Source"))))
        inner = foreign.mapping(row.get("Finding"))
        yield _vulnerable(report, place, (*path, "Finding"), inner, excuse or "Trivy was told to ignore it")


def _vulnerable(report: Report, place: _Place, path: Path, row: Mapping[str, Any], excused: str = "") -> Finding:
    if row.get("Status") == "not_affected":
        excused = excused or "The vendor says that it is not affected"
    purl = foreign.text(foreign.mapping(row.get("PkgIdentifier")).get("PURL"))
    fixed = foreign.text(row.get("FixedVersion"))
    found = Vulnerability(
        id=report.required(row.get("VulnerabilityID"), path, "VulnerabilityID"),
        package=package_of(report.required(row.get("PkgName"), path, "PkgName"), purl),
        version=foreign.name(row.get("InstalledVersion")),
        type=place.result.get("Type", ""),
        told=foreign.name(row.get("Severity")),
        score=_score(row),
        fixed_in=[version.strip() for version in fixed.split(",") if version.strip()],
        aliases=foreign.texts(row.get("VendorIDs")),
        description=foreign.text(row.get("Title")) or foreign.text(row.get("Description")),
        url=foreign.name(row.get("PrimaryURL")),
        place=foreign.name(row.get("PkgPath")) or _resource_text(place) or place.result.get("Target", ""),
        excused=excused,
    )
    report.controls.add(f"{place.artifact.kind}.vulnerability")
    return report.vulnerability(place.artifact, found)


def _misconfigured(report: Report, place: _Place, path: Path, row: Mapping[str, Any]) -> Finding:
    identifier = foreign.name(row.get("AVDID")) or report.required(row.get("ID"), path, "ID")
    cause = foreign.mapping(row.get("CauseMetadata"))
    told = row.get("Status")
    status = {"PASS": "pass", "EXCEPTION": "not_applicable"}.get(told if isinstance(told, str) else "", "fail")
    container = foreign.name(cause.get("Resource")) or _container(place, row)
    subject = {**_subject(place), "container": container}
    if subject["kind"] == "file":
        subject.update(file=subject["name"], line=foreign.name(cause.get("StartLine")))
    return report.finding(
        control_id("trivy", identifier),
        subject,
        title=foreign.text(row.get("Title")),
        status=status,
        severity=severity(row.get("Severity")),
        remediation=foreign.text(row.get("Resolution")),
        actual=foreign.text(row.get("Message")) or None,
        evidence={
            "lines": _lines(cause),
            "url": foreign.name(row.get("PrimaryURL")),
            "target": place.result.get("Target", ""),
        },
        reason="Trivy was told of an exception" if status == "not_applicable" else "",
    )


def _secret(report: Report, place: _Place, path: Path, row: Mapping[str, Any]) -> Finding:
    """A secret: where it is. The line that holds it (Match, Code) is not taken over, masked or not."""
    subject = {**_subject(place), "container": place.result.get("Target", "")}
    return report.finding(
        control_id("trivy_secret", report.required(row.get("RuleID"), path, "RuleID")),
        subject,
        title=foreign.text(row.get("Title")),
        status="fail",
        severity=severity(row.get("Severity")),
        remediation="Take the secret out of the artifact and its history, and replace it, for it is known.",
        evidence={"category": foreign.name(row.get("Category")), "lines": _lines(row)},
    )


def _subject(place: _Place) -> dict[str, str]:
    if place.resource:
        given = place.resource
        return {"kind": given.get("Kind", ""), "namespace": given.get("Namespace", ""), "name": given.get("Name", "")}
    if place.artifact.kind == IMAGE:
        return {"kind": IMAGE, "name": artifact_name(place.artifact)}
    return {"kind": "file", "name": place.result.get("Target", "")}


def _container(place: _Place, row: Mapping[str, Any]) -> str:
    """The container of a workload, which only the message names."""
    named = _CONTAINER.search(foreign.text(row.get("Message"))) if place.resource else None
    return named[1] if named else ""


def _resource_text(place: _Place) -> str:
    return " ".join(filter(None, (place.resource.get(fact, "") for fact in ("Kind", "Namespace", "Name"))))


def _lines(cause: Mapping[str, Any]) -> str:
    first, last = foreign.name(cause.get("StartLine")), foreign.name(cause.get("EndLine"))
    return first if first == last or not last else f"{first}-{last}"


def _digest(metadata: Mapping[str, Any]) -> str:
    digests = foreign.texts(metadata.get("RepoDigests"))
    return digests[0].partition("@")[2] if digests else ""


def _score(row: Mapping[str, Any]) -> float | None:
    vendors = [foreign.mapping(vendor) for vendor in foreign.mapping(row.get("CVSS")).values()]
    for version in ("V40Score", "V3Score", "V2Score"):
        scores = [score for score in (foreign.number(vendor.get(version)) for vendor in vendors) if score]
        if scores:
            return max(scores)
    return None
