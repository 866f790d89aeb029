# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trivy: the vulnerabilities in a report that is there already (`trivy image --format json`, schema 2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.specification import SEVERITIES
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import (
    CvssScores,
    KnownVulnerability,
)

Object = Mapping[str, Any]

# As Syft names the packages of the distributions that Trivy names.
_OS_TYPES = {"alpine": "apk", "wolfi": "apk", "chainguard": "apk", "debian": "deb", "ubuntu": "deb", "arch": "alpm"}
_LANGUAGE_TYPES = {
    **dict.fromkeys(("npm", "node-pkg", "yarn", "pnpm"), "npm"),
    **dict.fromkeys(("jar", "pom", "gradle"), "java-archive"),
    **dict.fromkeys(("bundler", "gemspec"), "gem"),
    **dict.fromkeys(("gobinary", "gomod"), "go-module"),
    **dict.fromkeys(("python-pkg", "pip", "pipenv", "poetry", "uv", "conda-pkg"), "python"),
}


def is_report(document: Any) -> bool:
    """Whether it is a report of Trivy about an image or files."""
    return isinstance(document, Mapping) and document.get("SchemaVersion") == 2 and "ArtifactName" in document


def vulnerabilities_of(document: Object) -> tuple[KnownVulnerability, ...]:
    """What it found, each vulnerability of a package once."""
    found: dict[tuple[str, str, str], KnownVulnerability] = {}
    for result in map(_object, _list(document.get("Results"))):
        for row in map(_object, _list(result.get("Vulnerabilities"))):
            if row.get("Status") != "not_affected":
                known = _known(row, _type(result))
                found.setdefault((known.id, known.package, known.version), known)
    return tuple(found.values())


def digests_of(document: Object) -> tuple[str, ...]:
    """The digests of the image that it is about."""
    return tuple(
        text.rpartition("@")[2] for text in map(str, _list(_object(document.get("Metadata")).get("RepoDigests")))
    )


def _type(result: Object) -> str:
    kind = _text(result.get("Type"))
    if result.get("Class") == "os-pkgs":
        return _OS_TYPES.get(kind, "rpm")
    return _LANGUAGE_TYPES.get(kind, kind)


def _known(row: Object, kind: str) -> KnownVulnerability:
    severity, fixed = _text(row.get("Severity")).lower(), _text(row.get("FixedVersion"))
    source = _text(row.get("SeveritySource"))
    return KnownVulnerability(
        id=_text(row.get("VulnerabilityID")),
        severity=severity if severity in SEVERITIES else "unknown",
        package=_text(row.get("PkgName")),
        version=_text(row.get("InstalledVersion")),
        type=kind,
        fixed_in=tuple(version.strip() for version in fixed.split(",") if version.strip()),
        url=_text(row.get("PrimaryURL")),
        nvd=_scores(row, "nvd"),
        vendor=_scores(row, source) if source != "nvd" else CvssScores(),
        aliases=tuple(_aliases(row)),
        path=_text(row.get("PkgPath")),
        description=_text(row.get("Title"))[:500],
        will_not_fix=row.get("Status") == "will_not_fix",
    )


def _scores(row: Object, source: str) -> CvssScores:
    """Trivy tells the base score alone."""
    score = _object(_object(row.get("CVSS")).get(source)).get("V3Score")
    return CvssScores(float(score)) if isinstance(score, (int, float)) else CvssScores()


def _aliases(row: Object) -> Iterator[str]:
    yield from (name for name in map(str, _list(row.get("VendorIDs"))) if name != row.get("VulnerabilityID"))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _object(value: Any) -> Object:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
