# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report of Trivy tells of an image, in the form that its maker publishes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images import trivy
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import CvssScores

DIGEST = "sha256:" + "1" * 64
ROW = {
    "VulnerabilityID": "CVE-2024-1",
    "VendorIDs": ["DSA-1"],
    "PkgName": "openssl",
    "InstalledVersion": "3.0.1",
    "FixedVersion": "3.0.2, 3.1.0",
    "Status": "fixed",
    "SeveritySource": "debian",
    "Severity": "HIGH",
    "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2024-1",
    "CVSS": {"nvd": {"V3Score": 7.5, "V2Score": 5}, "debian": {"V3Score": 6}},
}


def report(*rows: Any, kind: str = "debian", of: str = "os-pkgs") -> dict[str, Any]:
    results = [{"Target": "web", "Class": of, "Type": kind, "Vulnerabilities": list(rows)}]
    metadata = {"RepoDigests": [f"registry.example.com/shop/web@{DIGEST}"]}
    return {"SchemaVersion": 2, "ArtifactName": "web:1", "Metadata": metadata, "Results": results}


def test_a_vulnerability_with_all_that_is_told() -> None:
    document = report(ROW, ROW, {**ROW, "VulnerabilityID": "CVE-2024-2", "Status": "not_affected"})
    (found,) = trivy.vulnerabilities_of(document)
    assert (found.id, found.package, found.version, found.type) == ("CVE-2024-1", "openssl", "3.0.1", "deb")
    assert (found.severity, found.fixed_in, found.will_not_fix) == ("high", ("3.0.2", "3.1.0"), False)
    assert (found.nvd, found.vendor, found.cvss) == (CvssScores(7.5), CvssScores(6.0), 6.0)
    assert (found.url, found.aliases) == ("https://avd.aquasec.com/nvd/cve-2024-1", ("DSA-1",))
    assert trivy.is_report(document)
    assert trivy.digests_of(document) == (DIGEST,)


@pytest.mark.parametrize(
    ("kind", "of", "named"),
    [
        ("redhat", "os-pkgs", "rpm"),
        ("alpine", "os-pkgs", "apk"),
        ("node-pkg", "lang-pkgs", "npm"),
        ("jar", "lang-pkgs", "java-archive"),
        ("cargo", "lang-pkgs", "cargo"),
    ],
)
def test_packages_are_named_as_syft_does(kind: str, of: str, named: str) -> None:
    assert trivy.vulnerabilities_of(report(ROW, kind=kind, of=of))[0].type == named


def test_what_is_not_told() -> None:
    bare = {"VulnerabilityID": "CVE-1", "PkgName": "a", "InstalledVersion": "1", "Status": "will_not_fix"}
    (found,) = trivy.vulnerabilities_of(report(bare))
    assert (found.severity, found.fixed_in, found.will_not_fix, found.cvss) == ("unknown", (), True, None)


@pytest.mark.parametrize("wrong", [7, "text", [7], {"a": 7}, None, True])
def test_wrong_types_end_in_no_traceback(wrong: object) -> None:
    assert len(trivy.vulnerabilities_of(report(dict.fromkeys(ROW, wrong)))) == 1
    for document in (report(wrong), {**report(), "Results": wrong}, {**report(), "Metadata": wrong}):
        assert len(trivy.vulnerabilities_of(document)) < 2
        assert trivy.digests_of(document) in ((DIGEST,), ())
    assert not trivy.is_report(wrong)
