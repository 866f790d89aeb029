# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of Trivy, in the form that 0.50 writes: of an image, a configuration and a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown

DIGEST = "sha256:" + "c" * 64
NAME = "registry.example.com/shop/web:1"


def vulnerability(**changed: Any) -> dict[str, Any]:
    return {
        "VulnerabilityID": "CVE-2024-0001",
        "PkgName": "openssl",
        "PkgIdentifier": {"PURL": "pkg:deb/debian/openssl@3.0.1"},
        "InstalledVersion": "3.0.1",
        "FixedVersion": "3.0.2, 3.1.1",
        "Status": "fixed",
        "Severity": "HIGH",
        "CVSS": {"nvd": {"V3Score": 7.5, "V2Score": 5}, "redhat": {"V3Score": 6.1}},
        **changed,
    }


def misconfiguration(**changed: Any) -> dict[str, Any]:
    return {
        "Type": "Kubernetes Security Check",
        "ID": "KSV001",
        "AVDID": "AVD-KSV-0001",
        "Title": "Process can elevate its own privileges",
        "Message": "Container 'app' of Deployment 'web' should set allowPrivilegeEscalation to false",
        "Resolution": "Set it to false.",
        "Severity": "MEDIUM",
        "Status": "FAIL",
        "CauseMetadata": {"StartLine": 3, "EndLine": 9},
        **changed,
    }


def result(**lists: Any) -> dict[str, Any]:
    return {"Target": "web (debian 12)", "Class": "os-pkgs", "Type": "debian", **lists}


def report(*results: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": 2,
        "CreatedAt": "2026-01-31T12:00:00.5Z",
        "ArtifactName": NAME,
        "ArtifactType": "container_image",
        "Metadata": {"RepoTags": [NAME], "RepoDigests": [f"registry.example.com/shop/web@{DIGEST}"]},
        "Results": list(results),
        **changed,
    }


def cluster(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"ClusterName": "production", "Resources": list(resources)}


def test_a_vulnerability_of_an_image(tmp_path: Path) -> None:
    told = imported(tmp_path, report(result(Vulnerabilities=[vulnerability()])))
    assert shown(told) == [("image.vulnerability", "fail", "high", f"image/{NAME}/CVE-2024-0001 openssl")]
    finding = told["findings"][0]
    assert (finding["expected"], finding["evidence"]["cvss"]) == ({"in": ["3.0.2", "3.1.1"]}, 7.5)
    assert (told["format"], told["collected_at"], told["target"]) == ("trivy", "2026-01-31T12:00:00Z", NAME)


def test_what_a_result_is_of_may_stand_behind_what_was_found(tmp_path: Path) -> None:
    behind = {"Vulnerabilities": [vulnerability(PkgPath="")], "Target": "web", "Type": "debian"}
    assert imported(tmp_path, report(behind))["findings"][0]["evidence"]["type"] == "debian"


def test_the_keys_may_be_in_any_order(tmp_path: Path) -> None:
    given = report(result(Vulnerabilities=[vulnerability()]))
    turned = dict(reversed(list(given.items())))
    assert imported(tmp_path, turned) == imported(tmp_path, given)


def test_an_image_without_vulnerabilities_was_looked_at(tmp_path: Path) -> None:
    assert imported(tmp_path, report(result(Vulnerabilities=None)))["controls"] == ["image.vulnerability"]
    assert imported(tmp_path, report())["controls"] == []


@pytest.mark.parametrize(
    "found",
    [
        {"Vulnerabilities": [vulnerability(Status="not_affected")]},
        {"ExperimentalModifiedFindings": [{"Type": "vulnerability", "Status": "ignored", "Finding": vulnerability()}]},
    ],
)
def test_what_is_excused_does_not_apply_and_says_why(tmp_path: Path, found: dict[str, Any]) -> None:
    finding = imported(tmp_path, report(result(**found)))["findings"][0]
    assert finding["status"] == "not_applicable"
    assert finding["reason"]


def test_a_secret_is_told_without_the_line_that_holds_it(tmp_path: Path) -> None:
    secret = {
        "RuleID": "aws-access-key-id",
        "Category": "AWS",
        "Severity": "CRITICAL",
        "Title": "AWS key",
        "StartLine": 4,
        "EndLine": 4,
        "Match": "KEY=hunter2",
        "Code": {"Lines": [{"Content": "KEY=hunter2"}]},
    }
    told = imported(tmp_path, report({"Target": "app/.env", "Class": "secret", "Secrets": [secret]}))
    assert shown(told) == [("trivy_secret.aws-access-key-id", "fail", "critical", f"image/{NAME}/app/.env")]
    assert "hunter2" not in str(told)


@pytest.mark.parametrize(("told", "status"), [("FAIL", "fail"), ("PASS", "pass"), ("EXCEPTION", "not_applicable")])
def test_a_misconfigured_file(tmp_path: Path, told: str, status: str) -> None:
    row = {"Target": "deploy.yaml", "Class": "config", "Misconfigurations": [misconfiguration(Status=told)]}
    given = report(row, ArtifactType="filesystem", ArtifactName="deploy")
    result = imported(tmp_path, given, include_passes=True)
    assert shown(result) == [("trivy.AVD-KSV-0001", status, "medium", "file/deploy.yaml")]
    assert result["findings"][0]["evidence"]["lines"] == "3-9"
    assert "trivy.*" in result["controls"]


def test_a_cluster_names_resources_and_their_containers(tmp_path: Path) -> None:
    row = {"Target": "Deployment/web", "Class": "config", "Misconfigurations": [misconfiguration()]}
    role = {"Target": "ClusterRole/all", "Class": "config", "Misconfigurations": [misconfiguration(Message="Too much")]}
    told = imported(
        tmp_path,
        cluster(
            {"Namespace": "shop", "Kind": "Deployment", "Name": "web", "Results": [row]},
            {"Kind": "ClusterRole", "Name": "all", "Results": [role]},
        ),
    )
    assert told["target"] == "production"
    assert [row["subject"] for row in told["findings"]] == [
        {"kind": "Deployment", "namespace": "shop", "name": "web", "container": "app"},
        {"kind": "ClusterRole", "name": "all"},
    ]


def test_older_clusters_have_two_lists(tmp_path: Path) -> None:
    found = {"Target": f"{NAME} (debian 12)", "Class": "os-pkgs", "Vulnerabilities": [vulnerability()]}
    wrong = {"Target": "Pod/a", "Class": "config", "Misconfigurations": [misconfiguration()]}
    given = {
        "ClusterName": "production",
        "Vulnerabilities": [{"Kind": "Pod", "Name": "a", "Results": [found]}],
        "Misconfigurations": [{"Kind": "Pod", "Name": "a", "Results": [wrong]}],
    }
    assert {row[0] for row in shown(imported(tmp_path, given))} == {"image.vulnerability", "trivy.AVD-KSV-0001"}


def test_what_was_scanned_must_have_a_name(tmp_path: Path) -> None:
    given = report(result(Vulnerabilities=[vulnerability()]), ArtifactName="")
    with pytest.raises(ImportFault, match="does not name what was scanned; give artifact"):
        imported(tmp_path, given, target="nightly")
    assert imported(tmp_path, given, artifact=NAME)["target"] == NAME


@pytest.mark.parametrize(
    ("metadata", "target"),
    [([{"RepoTags": [NAME]}], "Node.js"), ([{}, {}], f"{NAME} (debian 12)"), (None, f"{NAME} (debian 12)")],
)
def test_an_image_of_a_cluster_is_one_subject_however_often_it_runs(tmp_path: Path, metadata: Any, target: str) -> None:
    row = {"Target": target, "Class": "os-pkgs", "Vulnerabilities": [vulnerability()]}
    pods = [{"Namespace": "shop", "Kind": "Pod", "Name": name, "Metadata": metadata, "Results": [row]} for name in "ab"]
    told = imported(tmp_path, cluster(*pods))
    assert [found[3] for found in shown(told)] == [f"image/{NAME}/CVE-2024-0001 openssl"]
    assert told["left_out"] == {"repeated": 1}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"Vulnerabilities": [vulnerability(PkgName=None)]}, "Vulnerabilities[0].PkgName is missing"),
        ({"Vulnerabilities": {}}, "Results[0].Vulnerabilities must be a list, and it is an object"),
        ({"Misconfigurations": [[]]}, "Results[0].Misconfigurations[0] must be an object"),
        ({"Secrets": [{}]}, "Results[0].Secrets[0].RuleID is missing"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, row: dict[str, Any], told: str) -> None:
    with pytest.raises(ImportFault) as caught:
        imported(tmp_path, report(row))
    assert told in str(caught.value)
