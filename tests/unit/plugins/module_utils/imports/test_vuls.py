# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of Vuls, jsonVersion 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown


def report(**changed: Any) -> dict[str, Any]:
    cve = {
        "cveID": "CVE-2024-0001",
        "affectedPackages": [{"name": "openssl", "fixedIn": "3.0.2"}, {"name": "libssl3", "notFixedYet": True}],
        "cveContents": {
            "debian": [{"cveID": "CVE-2024-0001", "cvss2Severity": "LOW", "cvss3Score": 0}],
            "nvd": [{"summary": "Reads it.", "cvss3Score": 7.5, "cvss3Severity": "HIGH", "sourceLink": "https://x"}],
        },
    }
    return {
        "jsonVersion": 4,
        "serverName": "web1",
        "container": {"containerID": "", "image": ""},
        "scannedAt": "2026-01-31T12:00:00+01:00",
        "scannedVersion": "v0.25",
        "errors": [],
        "scannedCves": {"CVE-2024-0001": cve},
        "packages": {"openssl": {"name": "openssl", "version": "3.0.1", "release": "2"}},
        **changed,
    }


def test_a_vulnerability_is_a_finding_of_each_package_of_the_host(tmp_path: Path) -> None:
    told = imported(tmp_path, report())
    assert shown(told) == [
        ("host.vulnerability", "fail", "high", "host/web1/CVE-2024-0001 openssl"),
        ("host.vulnerability", "fail", "high", "host/web1/CVE-2024-0001 libssl3"),
    ]
    assert (told["target"], told["version"], told["collected_at"]) == ("web1", "v0.25", "2026-01-31T11:00:00Z")
    one, other = told["findings"]
    assert (one["expected"], one["actual"]) == ({"at_least": "3.0.2"}, "3.0.1-2")
    assert other["actual"] == "a version that is not told"


def test_a_container_is_an_image(tmp_path: Path) -> None:
    given = report(container={"containerID": "4c01db0b339c", "name": "web", "image": "nginx:1.25"})
    assert imported(tmp_path, given)["findings"][0]["subject"]["name"] == "docker.io/library/nginx:1.25"


def test_libraries_and_cpes_have_vulnerabilities_too(tmp_path: Path) -> None:
    library = {"name": "lodash", "fixedIn": "4.17.21", "path": "/app/package-lock.json", "key": "npm"}
    cves = {"CVE-2024-0002": {"libraryFixedIns": [library], "cpeURIs": ["cpe:/a:example:app"], "cveContents": {}}}
    told = imported(tmp_path, report(scannedCves=cves))
    assert [row[3] for row in shown(told)] == [
        "host/web1/CVE-2024-0002 lodash",
        "host/web1/CVE-2024-0002 cpe:/a:example:app",
    ]
    assert {row[2] for row in shown(told)} == {"medium"}


def test_older_reports_have_one_content_of_a_source(tmp_path: Path) -> None:
    given = report()
    given["scannedCves"]["CVE-2024-0001"]["cveContents"] = {"nvd": {"cvss2Score": 9.9}}
    assert imported(tmp_path, given)["findings"][0]["severity"] == "critical"


def test_a_scan_that_failed_in_part_resolves_nothing(tmp_path: Path) -> None:
    told = imported(tmp_path, report(errors=["Failed to scan: \x1b[31mrpm"], scannedCves={}))
    assert shown(told) == [
        ("vuls.scan.complete", "error", "medium", "host/web1"),
        ("host.vulnerability", "error", "medium", "host/"),
    ]
    assert told["findings"][0]["reason"] == "Failed to scan:  [31mrpm"


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match=r"scannedCves\.CVE-1\.affectedPackages\.name is missing"):
        imported(tmp_path, report(scannedCves={"CVE-1": {"affectedPackages": [{}]}}))
