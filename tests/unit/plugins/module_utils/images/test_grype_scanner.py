# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One image, scanned and judged: what is read instead of scanned, and which content it is about."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.images import syft
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import (
    GrypeScanner,
    Request,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.lab import grype_stand_in
from tests.unit.scanned_image import DIGEST, KNOWN, NAME, bundle, materials

FIX = {"state": "fixed", "versions": ["2"], "available": [{"version": "2", "date": "2026-01-01"}]}
ARTIFACT = {"name": "a", "version": "1", "type": "npm", "locations": [{"path": "/srv/node_modules/a/package.json"}]}


def test_a_vulnerability_without_a_fix_passes_where_only_fixable_ones_count(tmp_path: Path, sbom: Path) -> None:
    program, database = grype_stand_in.install(tmp_path, {"openssl": [{"id": "CVE-1", "severity": "High"}]})
    scanner = GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))
    assert scanner.scan(Request(NAME, sbom=sbom)).evaluation.passed


def test_another_digest_than_was_asked_for(scanner: GrypeScanner, sbom: Path) -> None:
    with pytest.raises(ScannerError) as caught:
        scanner.scan(Request(NAME, sbom=sbom, digest="sha256:" + "9" * 64))
    assert caught.value.kind == "wrong_digest"


def test_an_image_without_a_digest_is_not_taken_for_another(scanner: GrypeScanner, tmp_path: Path) -> None:
    path = tmp_path / "archive.json"
    path.write_text(json.dumps(materials()))
    assert scanner.scan(Request("docker-archive:web.tar", sbom=path, name=NAME)).evaluation.digest == ""
    for name in (NAME, f"{NAME}@{DIGEST}"):
        with pytest.raises(ScannerError, match="has no digest of a registry") as caught:
            scanner.scan(Request("docker-archive:web.tar", sbom=path, name=name, digest=DIGEST))
        assert caught.value.kind == "wrong_digest"


def test_a_report_of_trivy_is_judged_the_same(scanner: GrypeScanner, sbom: Path, tmp_path: Path) -> None:
    row = {
        "VulnerabilityID": "CVE-2024-1",
        "PkgName": "openssl",
        "InstalledVersion": "3.0",
        "FixedVersion": "3.1",
        "Severity": "HIGH",
    }
    results = [{"Class": "os-pkgs", "Type": "debian", "Vulnerabilities": [row]}]
    digests = [f"registry.example.com/shop/web@{DIGEST}"]
    document = {
        "SchemaVersion": 2,
        "ArtifactName": NAME,
        "Metadata": {"RepoDigests": digests},
        "Results": results,
    }
    report = tmp_path / "trivy.json"
    report.write_text(json.dumps(document))
    by_trivy = scanner.scan(Request(NAME, sbom=sbom, report=report)).evaluation
    by_grype = scanner.scan(Request(NAME, sbom=sbom)).evaluation
    assert [row.trigger_id for row in by_trivy.reasons] == [row.trigger_id for row in by_grype.reasons]
    assert by_trivy.action == by_grype.action == "stop"


@pytest.mark.parametrize("tool", ["grype", "trivy"])
def test_a_report_about_another_content_is_refused(
    scanner: GrypeScanner, sbom: Path, tmp_path: Path, tool: str
) -> None:
    digests = [f"registry.example.com/shop/web@sha256:{'9' * 64}"]
    documents: dict[str, dict[str, Any]] = {
        "grype": {"matches": [], "source": {"type": "image", "target": {"repoDigests": digests}}},
        "trivy": {"SchemaVersion": 2, "ArtifactName": NAME, "Metadata": {"RepoDigests": digests}},
    }
    report = tmp_path / "report.json"
    report.write_text(json.dumps(documents[tool]))
    with pytest.raises(ScannerError, match="is about sha256:9") as caught:
        scanner.scan(Request(NAME, sbom=sbom, report=report))
    assert caught.value.kind == "wrong_digest"


def test_a_report_that_is_there_is_read(scanner: GrypeScanner, sbom: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"matches": []}))
    assert scanner.scan(Request(NAME, sbom=sbom, report=report)).evaluation.passed
    report.write_text("[]")
    with pytest.raises(ScannerError, match="no report of Grype"):
        scanner.scan(Request(NAME, sbom=sbom, report=report))


@pytest.mark.parametrize(
    ("change", "kind"),
    [({"grype": "/nowhere/grype"}, "unreachable"), ({"database": "/nowhere"}, "analysis_failed")],
)
def test_what_the_scanner_lacks(tmp_path: Path, sbom: Path, change: dict[str, str], kind: str) -> None:
    program, database = grype_stand_in.install(tmp_path, KNOWN)
    usual = GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))
    scanner = replace(usual, **change)  # type: ignore[arg-type]
    with pytest.raises(ScannerError) as caught:
        scanner.scan(Request(NAME, sbom=sbom))
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)


def test_what_syft_and_grype_are_told_of_registries_and_databases(
    tmp_path: Path, sbom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", "/of/the/user")
    seen = tmp_path / "seen"
    program = tmp_path / "spy"
    program.write_text(f"#!/bin/sh\nenv > {seen}\nexit 1\n")
    program.chmod(0o755)
    access = syft.Access("/ca.pem", "/docker")
    scanner = GrypeScanner(bundle_from(bundle()), str(program), str(program), oldest_days=30, access=access)
    with pytest.raises(ScannerError):
        scanner.scan(Request("registry:a.example.com/b:1"))
    assert {"SYFT_REGISTRY_CA_CERT=/ca.pem", "DOCKER_CONFIG=/docker"} <= set(seen.read_text().splitlines())
    with pytest.raises(ScannerError):
        scanner.scan(Request(NAME, sbom=sbom))
    assert "GRYPE_DB_MAX_ALLOWED_BUILT_AGE=720h" in seen.read_text()
    assert "GRYPE_DB_AUTO_UPDATE=false" in seen.read_text()


@pytest.mark.parametrize(
    ("name", "value"), [("package_path_exclude", "("), ("cvss_v3_base_score", "much"), ("max_days_since_fix", "some")]
)
def test_a_policy_that_nobody_validated_is_no_pass(scanner: GrypeScanner, sbom: Path, name: str, value: str) -> None:
    wrong = bundle()
    wrong["policies"][0]["rules"][0]["params"].append({"name": name, "value": value})
    report = {"vulnerability": {"id": "CVE-1", "severity": "High", "fix": FIX}, "artifact": ARTIFACT}
    path = sbom.with_name("report.json")
    path.write_text(json.dumps({"matches": [report]}))
    with pytest.raises(ScannerError, match="validate it with anchore_policy") as caught:
        replace(scanner, bundle=bundle_from(wrong)).scan(Request(NAME, sbom=sbom, report=path))
    assert caught.value.kind == "policy"
