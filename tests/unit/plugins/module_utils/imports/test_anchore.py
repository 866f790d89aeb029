# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What anchore-cli prints as JSON, as the API of Anchore Engine 1.1 answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown

DIGEST = "sha256:" + "e" * 64
TAG = "docker.io/library/nginx:1.25"
HEADER = [
    "Image_Id",
    "Repo_Tag",
    "Trigger_Id",
    "Gate",
    "Trigger",
    "Check_Output",
    "Gate_Action",
    "Whitelisted",
    "Policy_Id",
]


def vulnerabilities(*rows: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {"imageDigest": DIGEST, "vulnerability_type": "all", "vulnerabilities": list(rows), **changed}


def vulnerability(**changed: Any) -> dict[str, Any]:
    return {
        "vuln": "CVE-2024-0001",
        "package": "openssl-3.0.1",
        "package_name": "openssl",
        "package_version": "3.0.1",
        "package_type": "dpkg",
        "package_path": "pkgdb",
        "severity": "High",
        "fix": "3.0.2",
        "url": "https://example.com/CVE-2024-0001",
        "nvd_data": [{"id": "CVE-2024-0001", "cvss_v2": {"base_score": 5.0}, "cvss_v3": {"base_score": 7.5}}],
        "vendor_data": [],
        **changed,
    }


def evaluation(*rows: list[Any], status: str = "fail") -> list[Any]:
    table = {"final_action": "stop", "header": HEADER, "row_count": len(rows), "rows": list(rows)}
    result = {
        "final_action": "stop",
        "final_action_reason": "policy_evaluation",
        "result": {"4c01": {"result": table}},
    }
    entry = {
        "last_evaluation": "2026-01-31T12:00:00Z",
        "policyId": "workshop",
        "status": status,
        "detail": {"policy": {}, "result": result},
    }
    return [{DIGEST: {TAG: [entry]}}]


def row(action: str = "stop", listed: Any = False) -> list[Any]:
    return ["4c01", TAG, "41cb7cdf04850e33", "dockerfile", "effective_user", "Runs as root", action, listed, "one"]


def test_a_vulnerability_is_a_finding(tmp_path: Path) -> None:
    told = imported(tmp_path, vulnerabilities(vulnerability()), artifact="nginx:1.25")
    assert shown(told) == [("image.vulnerability", "fail", "high", f"image/{TAG}/CVE-2024-0001 openssl")]
    assert told["format"] == "anchore_vulnerabilities"
    assert told["findings"][0]["evidence"]["cvss"] == 7.5


def test_no_fix_is_told_in_words(tmp_path: Path) -> None:
    told = imported(tmp_path, vulnerabilities(vulnerability(fix="None")))
    assert told["findings"][0]["expected"] == {"not_equals": "3.0.1"}


def test_a_score_of_minus_one_is_none(tmp_path: Path) -> None:
    rated = [{"id": "CVE-1", "cvss_v3": {"base_score": -1.0}, "cvss_v2": {"base_score": 9.5}}]
    told = imported(tmp_path, vulnerabilities(vulnerability(severity="Unknown", nvd_data=rated)))
    assert told["findings"][0]["severity"] == "critical"


def test_who_looked_at_the_system_only_did_not_look_at_everything(tmp_path: Path) -> None:
    assert imported(tmp_path, vulnerabilities(vulnerability_type="os"))["controls"] == []


@pytest.mark.parametrize(
    ("action", "listed", "status", "severity"),
    [
        ("stop", False, "fail", "high"),
        ("warn", False, "fail", "medium"),
        ("go", False, "pass", "info"),
        ("stop", {"whitelist_name": "shop"}, "not_applicable", "high"),
    ],
)
def test_a_row_of_an_evaluation(tmp_path: Path, action: str, listed: Any, status: str, severity: str) -> None:
    told = imported(tmp_path, evaluation(row(action, listed)), include_passes=True)
    verdict, triggered = shown(told)
    assert verdict == ("anchore.policy_evaluation", "fail", "high", f"image/{TAG}")
    name = f"image/{TAG}/41cb7cdf04850e33"
    assert triggered == ("anchore.dockerfile.effective_user", status, severity, name)
    assert (told["collected_at"], told["target"]) == ("2026-01-31T12:00:00Z", TAG)


def test_an_evaluation_without_detail_has_a_verdict(tmp_path: Path) -> None:
    given = evaluation(status="pass")
    given[0][DIGEST][TAG][0]["detail"] = {}
    assert shown(imported(tmp_path, given, include_passes=True)) == [
        ("anchore.policy_evaluation", "pass", "high", f"image/{TAG}")
    ]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (evaluation(["4c01"]), "has not as many cells as the header"),
        (evaluation(status="maybe"), "is maybe, and neither pass nor fail"),
        ([{DIGEST: {TAG: []}}], "holds no evaluation"),
        ([{DIGEST: {TAG: [{}]}}], "status is missing"),
    ],
)
def test_what_is_no_evaluation_is_refused(tmp_path: Path, given: Any, told: str) -> None:
    with pytest.raises(ImportFault) as caught:
        imported(tmp_path, given)
    assert told in str(caught.value)
