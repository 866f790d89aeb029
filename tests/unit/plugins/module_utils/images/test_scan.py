# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_scan from the outside in: Syft's and Grype's JSON, the scanner, the result, and every way to fail."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.images import grype, syft
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import CvssScores
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import (
    GrypeScanner,
    Request,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scan import (
    ScanOptionsError,
    bundle_of,
    by_policy_alone,
    request_of,
    scan_all,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.lab import grype_stand_in

DIGEST = "sha256:" + "1" * 64
NAME = "registry.example.com/shop/web:1.4"
CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "config": {"User": "app", "ExposedPorts": {"8080/tcp": {}}},
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": "/bin/sh -c apt-get update"},
        {"created_by": "USER app", "empty_layer": True},
        {"created_by": "RUN |1 X=y /bin/sh -c make all # buildkit"},
    ],
}


def materials(**metadata: Any) -> dict[str, Any]:
    config = base64.b64encode(json.dumps(CONFIG).encode()).decode()
    told = {"imageID": "sha256:aa", "config": config, "layers": [1, 2], "imageSize": 5, **metadata}
    artifact = {
        "id": "1",
        "name": "openssl",
        "version": "3.0",
        "type": "deb",
        "locations": [{"path": "/x"}],
        "purl": "",
    }
    licensed = {**artifact, "name": "requests", "licenses": [{"value": "Apache-2.0"}, "MIT"]}
    return {
        "artifacts": [artifact, licensed],
        "source": {"type": "image", "metadata": told},
        "distro": {"id": "debian"},
    }


def bundle(fix: str = "true") -> dict[str, Any]:
    params = [{"name": "package_type", "value": "all"}, {"name": "fix_available", "value": fix}]
    rules = [{"gate": "vulnerabilities", "trigger": "package", "action": "STOP", "params": params}]
    image = {"type": "tag", "value": "*"}
    mapping = {
        "name": "all",
        "registry": "*",
        "repository": "*",
        "image": image,
        "policy_ids": ["p"],
        "whitelist_ids": [],
    }
    return {
        "id": "b",
        "version": "1_0",
        "policies": [{"id": "p", "version": "1_0", "rules": rules}],
        "mappings": [mapping],
    }


SCORE = {"version": "3.1", "metrics": {"baseScore": 5}}
KNOWN = {"openssl": [{"id": "CVE-2024-1", "severity": "High", "fixed_in": ["3.1"], "cvss": 7.5, "aliases": ["GHSA-1"]}]}


@pytest.fixture
def scanner(tmp_path: Path) -> GrypeScanner:
    program, database = grype_stand_in.install(tmp_path, KNOWN)
    return GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))


@pytest.fixture
def sbom(tmp_path: Path) -> Path:
    path = tmp_path / "sbom.json"
    path.write_text(json.dumps(materials(repoDigests=[f"registry.example.com/shop/web@{DIGEST}"])))
    return path


def test_facts_of_a_bill_of_materials() -> None:
    facts = syft.facts_of(
        materials(repoDigests=[f"other/x@sha256:{'2' * 64}", f"registry.example.com/shop/web@{DIGEST}"]), NAME
    )
    assert (facts.digest, facts.image_id, facts.user, facts.exposed_ports) == (
        DIGEST,
        "sha256:aa",
        "app",
        ("8080/tcp",),
    )
    assert facts.lines == ("ADD file:1 in /", "RUN apt-get update", "USER app", "RUN make all")
    assert not facts.dockerfile_given
    assert (facts.size, facts.layers, facts.distro, facts.architecture) == (5, 2, "debian", "amd64")
    assert facts.packages is not None
    assert facts.packages[1].licenses == ("Apache-2.0", "MIT")


def test_a_dockerfile_goes_before_the_history() -> None:
    lines = syft.dockerfile_lines("# x\nFROM a\nRUN a && \\\n  # why\n  b\n\nUSER app\n")
    assert lines == ["FROM a", "RUN a && b", "USER app"]
    facts = syft.facts_of(materials(), NAME, lines)
    assert (facts.dockerfile_given, facts.lines[0]) == (True, "FROM a")


@pytest.mark.parametrize(
    ("image", "source"),
    [
        ("web:1.4", ("docker:web:1.4", "web:1.4")),
        ("registry:a.b/c:1", ("registry:a.b/c:1", "a.b/c:1")),
        ("docker-archive:/x.tar", ("docker-archive:/x.tar", "/x.tar")),
        ("localhost:5000/a", ("docker:localhost:5000/a", "localhost:5000/a")),
    ],
)
def test_where_an_image_is(image: str, source: tuple[str, str]) -> None:
    assert syft.source_of(image) == source


def test_an_image_is_no_option_of_a_program() -> None:
    with pytest.raises(ScannerError):
        syft.source_of("--config=/etc/shadow")


def test_vulnerabilities_of_a_report() -> None:
    scores = [
        {"version": "2.0", "metrics": {"baseScore": 10}},
        {"version": "3.1", "metrics": {"baseScore": 9.8, "exploitabilityScore": 3.9, "impactScore": 5.9}},
        {"version": "3.0", "metrics": {"baseScore": 7}},
    ]
    row = {
        "vulnerability": {"id": "GHSA-1", "severity": "Strange", "fix": {"versions": ["2"], "state": "wont-fix"}},
        "relatedVulnerabilities": [{"id": "CVE-1", "cvss": scores}],
        "artifact": {"name": "a", "version": "1", "type": "npm"},
    }
    found = grype.vulnerabilities_of({"matches": [row, row, "nonsense"]})
    assert len(found) == 1
    assert (found[0].severity, found[0].fixed_in, found[0].will_not_fix) == ("unknown", (), True)
    assert (found[0].nvd, found[0].vendor, found[0].cvss) == (CvssScores(9.8, 3.9, 5.9), CvssScores(), 9.8)
    assert found[0].aliases == ("CVE-1",)
    assert grype.database_built({"descriptor": {"db": {"status": {"built": "x"}}}}) == "x"


def test_a_vulnerability_that_is_nvds_own() -> None:
    fix = {
        "versions": ["2"],
        "state": "fixed",
        "available": [{"version": "2", "date": "2026-02-03"}, {"version": "1.9", "date": "2026-01-02"}, {}],
    }
    told = {"id": "CVE-1", "severity": "High", "namespace": "nvd:cpe", "fix": fix, "cvss": [SCORE]}
    (found,) = grype.vulnerabilities_of({"matches": [{"vulnerability": told, "artifact": {}}]})
    assert (found.nvd.base, found.vendor, found.fixed_at, found.fixed_in) == (5.0, CvssScores(), "2026-01-02", ("2",))
    (found,) = grype.vulnerabilities_of(
        {"matches": [{"vulnerability": {**told, "namespace": "debian:distro:debian:12"}}]}
    )
    assert (found.nvd, found.vendor.base) == (CvssScores(), 5.0)


@pytest.mark.parametrize("wrong", [7, "text", [7], {"a": 7}, None, True])
@pytest.mark.parametrize("key", ["vulnerability", "relatedVulnerabilities", "artifact"])
def test_a_report_with_wrong_types_ends_in_no_traceback(key: str, wrong: object) -> None:
    assert len(grype.vulnerabilities_of({"matches": [{key: wrong}]})) == 1
    inner = dict.fromkeys(("fix", "cvss", "severity", "locations", "id", "name", "type"), wrong)
    assert len(grype.vulnerabilities_of({"matches": [{"vulnerability": inner, "artifact": inner}]})) == 1


@pytest.mark.parametrize("wrong", [7, "text", [7], {"a": 7}, None, True])
def test_a_bill_of_materials_with_wrong_types_ends_in_no_traceback(wrong: object) -> None:
    metadata = dict.fromkeys(("repoDigests", "config", "layers", "imageSize", "labels", "imageID"), wrong)
    artifact = dict.fromkeys(("name", "version", "type", "licenses", "locations"), wrong)
    document = {"source": {"metadata": metadata}, "distro": {"idLike": wrong, "id": wrong}, "artifacts": [artifact]}
    assert syft.facts_of(document, NAME).user is None
    config = base64.b64encode(json.dumps({"history": wrong, "config": wrong}).encode()).decode()
    assert syft.facts_of({**document, "source": {"metadata": {"config": config}}}, NAME).user == ""


def test_a_scan_is_judged_and_told(scanner: GrypeScanner, sbom: Path) -> None:
    request = Request(f"docker:{NAME}", sbom=sbom)
    result = scan_all(scanner, [request], target="t", parallel=2, timeout=30)
    image = result["images"][0]
    assert (image["reference"], image["digest"], image["action"], image["passed"]) == (NAME, DIGEST, "stop", False)
    assert image["vulnerabilities"] == {"high": 1}
    assert image["reasons"][0]["trigger_id"] == "CVE-2024-1+openssl"
    failed = {finding["control"] for finding in result["findings"] if finding["status"] == "fail"}
    assert failed == {"anchore.policy_evaluation", "anchore.vulnerabilities.package", "image.vulnerability"}
    assert failed <= set(result["controls"])
    assert result["failed_images"] == []


def test_a_vulnerability_without_a_fix_passes_where_only_fixable_ones_count(tmp_path: Path, sbom: Path) -> None:
    program, database = grype_stand_in.install(tmp_path, {"openssl": [{"id": "CVE-1", "severity": "High"}]})
    scanner = GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))
    assert scanner.scan(Request(NAME, sbom=sbom)).evaluation.passed


def test_one_image_that_fails_loses_no_other(scanner: GrypeScanner, sbom: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text('{"artifacts": [')
    requests = [Request("a:1", sbom=broken), Request(NAME, sbom=sbom), Request("b:1", sbom=tmp_path / "none.json")]
    result = scan_all(scanner, requests, target="t", parallel=3, timeout=30)
    assert [image["action"] for image in result["images"]] == ["", "stop", ""]
    assert [image["error_kind"] for image in result["images"]] == ["invalid_answer", "", "invalid_answer"]
    errors = [finding for finding in result["findings"] if finding["status"] == "error"]
    assert [finding["subject"]["name"] for finding in errors] == ["docker.io/library/a:1", "docker.io/library/b:1"]
    assert len(result["failed_images"]) == 2


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


def test_a_scanner_that_hangs_is_ended(tmp_path: Path, sbom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, database = grype_stand_in.install(tmp_path, KNOWN)
    monkeypatch.setenv("HOME", "/slow-30")
    scanner = GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))
    result = scan_all(scanner, [Request(NAME, sbom=sbom)], target="t", parallel=1, timeout=0.3)
    assert result["images"][0]["error_kind"] == "timeout"


def test_no_secret_of_the_surroundings_reaches_a_scanner(
    tmp_path: Path, sbom: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI_TOKEN", "s3cret")
    seen = tmp_path / "seen"
    program = tmp_path / "spy"
    program.write_text(f"#!/bin/sh\nenv > {seen}\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(ScannerError):
        GrypeScanner(bundle_from(bundle()), grype=str(program)).scan(Request(NAME, sbom=sbom))
    assert "PATH=" in seen.read_text()
    assert "s3cret" not in seen.read_text()


def test_policies_that_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(bundle()))
    assert bundle_of(None, str(path)).id == "b"
    wrong = bundle()
    wrong["policies"][0]["rules"][0]["trigger"] = "packages"
    for policy, file, said in (
        (wrong, None, "policies[0].rules[0].trigger"),
        ({"id": "x"}, None, "The policy cannot be used"),
        (None, "/nowhere.json", "cannot be read"),
    ):
        with pytest.raises(ScanOptionsError) as caught:
            bundle_of(policy, file)
        assert said in str(caught.value)


def test_a_dockerfile_that_cannot_be_read() -> None:
    with pytest.raises(ScanOptionsError, match="/nowhere/Dockerfile cannot be read"):
        request_of({"image": "a", "dockerfile": "/nowhere/Dockerfile"})


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


def test_a_gate_by_the_policy_alone(tmp_path: Path, sbom: Path) -> None:
    program, database = grype_stand_in.install(tmp_path, {"openssl": [{"id": "CVE-1", "severity": "Critical"}]})
    scanner = GrypeScanner(bundle_from(bundle()), grype=str(program), database=str(database))
    result = scan_all(scanner, [Request(NAME, sbom=sbom)], target="t", parallel=1, timeout=30)
    assert result["summary"]["severity"]["critical"] == 1
    gated = by_policy_alone(result)
    assert [row["status"] for row in gated["findings"]] == ["pass"]
    assert gated["summary"]["status"]["pass"] == 1
    assert "image.vulnerability" not in gated["controls"]
    assert gated["images"] == result["images"]
