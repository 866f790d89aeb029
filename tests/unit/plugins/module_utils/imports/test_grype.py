# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of Grype, in the form that `grype -o json` of 0.74 has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown

DIGEST = "sha256:" + "b" * 64


def match(identifier: str = "CVE-2024-0001", package: str = "openssl", **changed: Any) -> dict[str, Any]:
    vulnerability = {
        "id": identifier,
        "dataSource": f"https://example.com/{identifier}",
        "namespace": "debian:distro:debian:12",
        "severity": "High",
        "description": "Reads what it should not.",
        "cvss": [{"version": "3.1", "vector": "", "metrics": {"baseScore": 7.5}}],
        "fix": {"versions": ["3.0.2"], "state": "fixed"},
    }
    artifact = {
        "name": package,
        "version": "3.0.1",
        "type": "deb",
        "locations": [{"path": "/var/lib/dpkg/status"}],
        "purl": f"pkg:deb/debian/{package}@3.0.1",
    }
    return {"vulnerability": {**vulnerability, **changed}, "relatedVulnerabilities": [], "artifact": artifact}


def report(*matches: dict[str, Any], **changed: Any) -> dict[str, Any]:
    image = {
        "userInput": "nginx:1.25",
        "manifestDigest": DIGEST,
        "tags": ["nginx:1.25"],
        "repoDigests": [f"nginx@{DIGEST}"],
    }
    return {
        "matches": list(matches),
        "source": {"type": "image", "target": image},
        "distro": {"name": "debian", "version": "12"},
        "descriptor": {"name": "grype", "version": "0.74.0", "timestamp": "2026-01-31T12:00:00.123456789+02:00"},
        **changed,
    }


def test_a_match_is_a_finding_of_the_image(tmp_path: Path) -> None:
    result = imported(tmp_path, report(match()))
    name = "docker.io/library/nginx:1.25"
    assert shown(result) == [("image.vulnerability", "fail", "high", f"image/{name}/CVE-2024-0001 openssl")]
    assert (result["format"], result["version"], result["target"]) == ("grype", "0.74.0", name)
    assert result["collected_at"] == "2026-01-31T10:00:00Z"
    finding = result["findings"][0]
    assert (finding["expected"], finding["actual"]) == ({"at_least": "3.0.2"}, "3.0.1")
    assert finding["evidence"]["digest"] == DIGEST


def test_an_image_without_a_match_was_looked_at(tmp_path: Path) -> None:
    result = imported(tmp_path, report())
    assert (result["findings"], result["controls"]) == ([], ["image.vulnerability"])


def test_what_grype_ignores_does_not_apply(tmp_path: Path) -> None:
    ignored = {**match(), "appliedIgnoreRules": [{"vulnerability": "CVE-2024-0001", "vex-status": "not_affected"}]}
    finding = imported(tmp_path, report(ignoredMatches=[ignored]))["findings"][0]
    assert (finding["status"], finding["reason"]) == ("not_applicable", "Grype was told to ignore it: not_affected")


def test_an_advisory_is_known_by_its_cve(tmp_path: Path) -> None:
    related = {**match("GHSA-aaaa-bbbb-cccc"), "relatedVulnerabilities": [{"id": "CVE-2024-0009", "cvss": []}]}
    finding = imported(tmp_path, report(related))["findings"][0]
    assert finding["subject"]["container"] == "CVE-2024-0009 openssl"
    assert finding["evidence"]["vulnerability"] == "GHSA-aaaa-bbbb-cccc"


@pytest.mark.parametrize(
    ("told", "cvss", "severity"),
    [
        ("Critical", [], "critical"),
        ("Negligible", [], "info"),
        ("Unknown", [], "medium"),
        ("Unknown", [{"version": "3.0", "metrics": {"baseScore": 9.8}}], "critical"),
        (
            "Unknown",
            [{"version": "2.0", "metrics": {"baseScore": 10}}, {"version": "3.1", "metrics": {"baseScore": 2.5}}],
            "low",
        ),
    ],
)
def test_severities(tmp_path: Path, told: str, cvss: list[Any], severity: str) -> None:
    result = imported(tmp_path, report(match(severity=told, cvss=cvss)))
    assert result["findings"][0]["severity"] == severity


@pytest.mark.parametrize("state", ["not-fixed", "wont-fix", "unknown"])
def test_a_version_is_a_fix_only_where_it_is_said_to_be(tmp_path: Path, state: str) -> None:
    unfixed = report(match(fix={"versions": ["9"], "state": state}))
    assert imported(tmp_path, unfixed)["findings"][0]["expected"] == {"not_equals": "3.0.1"}
    left = imported(tmp_path, unfixed, only_fixable=True)
    assert (left["findings"], left["left_out"]) == ([], {"not_fixable": 1})


def test_a_folder_is_named_as_the_user_names_it(tmp_path: Path) -> None:
    given = report(match(), source={"type": "directory", "target": "/src/app"})
    assert shown(imported(tmp_path, given, artifact="app"))[0][3] == "files/app/CVE-2024-0001 openssl"


@pytest.mark.parametrize(
    ("matches", "told"),
    [
        ("none", "matches must be a list, and it is text"),
        ([3], "matches[0] must be an object"),
        ([{"vulnerability": {"id": "CVE-2024-1"}}], "matches[0].artifact.name is missing"),
        ([{"artifact": {"name": "a"}, "vulnerability": []}], "matches[0].vulnerability.id is missing"),
    ],
)
def test_what_is_no_match_is_refused(tmp_path: Path, matches: Any, told: str) -> None:
    with pytest.raises(ImportFault) as caught:
        imported(tmp_path, {**report(), "matches": matches})
    assert told in str(caught.value)
