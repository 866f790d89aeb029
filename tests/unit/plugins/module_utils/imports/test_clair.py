# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of Clair 4."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown

DIGEST = "sha256:" + "d" * 64


def report(**changed: Any) -> dict[str, Any]:
    package = {"id": "10", "name": "openssl", "version": "3.0.1", "kind": "binary"}
    vulnerability = {
        "id": "20",
        "name": "CVE-2024-0001",
        "description": "Reads what it should not.",
        "links": "https://example.com/a https://example.com/b",
        "severity": "important",
        "normalized_severity": "High",
        "fixed_in_version": "3.0.2",
    }
    return {
        "manifest_hash": DIGEST,
        "packages": {"10": package, "11": {**package, "id": "11", "name": "libssl3"}},
        "distributions": {},
        "environments": {"10": [{"package_db": "var/lib/dpkg/status"}]},
        "vulnerabilities": {"20": vulnerability},
        "package_vulnerabilities": {"10": ["20"], "11": ["20"]},
        **changed,
    }


def test_a_vulnerability_is_a_finding_of_each_package(tmp_path: Path) -> None:
    told = imported(tmp_path, report(), artifact="nginx:1.25")
    name = "docker.io/library/nginx:1.25"
    assert shown(told) == [
        ("image.vulnerability", "fail", "high", f"image/{name}/CVE-2024-0001 openssl"),
        ("image.vulnerability", "fail", "high", f"image/{name}/CVE-2024-0001 libssl3"),
    ]
    assert told["findings"][0]["evidence"]["digest"] == DIGEST


def test_without_a_name_the_digest_is_it(tmp_path: Path) -> None:
    assert imported(tmp_path, report())["target"] == DIGEST


@pytest.mark.parametrize("fixed", ["", "0"])
def test_no_version_fixes_what_has_no_fix(tmp_path: Path, fixed: str) -> None:
    given = report()
    given["vulnerabilities"]["20"]["fixed_in_version"] = fixed
    assert imported(tmp_path, given, only_fixable=True)["left_out"] == {"not_fixable": 2}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"packages": {}}, "package_vulnerabilities.10 is of no package"),
        ({"vulnerabilities": {}}, "names 20, which is not in vulnerabilities"),
        ({"vulnerabilities": {"20": 7}}, "vulnerabilities.20 must be an object"),
        ({"packages": []}, "packages must be an object, and it is a list"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ImportFault) as caught:
        imported(tmp_path, report(**changed))
    assert told in str(caught.value)
