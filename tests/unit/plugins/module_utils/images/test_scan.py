# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many images in one call: the result, the images that fail, and options that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
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
from tests.lab import grype_stand_in
from tests.unit.scanned_image import DIGEST, NAME, bundle


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
