# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_scan by the engine (its contract server), and that a playbook does not change when the engine goes."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore.client import AnchoreClient
from tests.lab import grype_stand_in
from tests.lab.anchore.engine import Content, Engine, digest_of
from tests.lab.anchore.server import AnchoreServer, Fault, anchore_server
from tests.lab.ansible import run_module

NAME, UNKNOWN = "registry.example.com/shop/web:1.4", "registry.example.com/shop/unknown:1"
DIGEST = digest_of(NAME)
VULNERABILITY = {
    "vuln": "CVE-2024-1",
    "severity": "High",
    "package": "openssl-3.0.1-1",
    "package_name": "openssl",
    "package_version": "3.0.1-1",
    "package_type": "dpkg",
    "package_path": "pkgdb",
    "package_cpe": "None",
    "fix": "3.0.2-1",
    "feed": "vulnerabilities",
    "feed_group": "debian:12",
    "url": "https://security.example.com/CVE-2024-1",
    "will_not_fix": False,
    "nvd_data": [],
    "vendor_data": [],
}
ROWS = [
    ("CVE-2024-1+openssl", "vulnerabilities", "package", "HIGH Vulnerability found", "stop"),
    ("blacklist_root", "dockerfile", "effective_user", "User root found", "stop"),
]
PARAMETERS = {
    "package": {"package_type": "all", "severity_comparison": ">=", "severity": "high", "fix_available": "true"},
    "effective_user": {"users": "root", "type": "blacklist"},
}


@pytest.fixture(scope="module")
def server() -> Iterator[AnchoreServer]:
    engine = Engine(analysis_seconds=0.0)
    engine.registry[NAME] = Content(DIGEST, ROWS, [VULNERABILITY])
    with anchore_server(engine) as running:
        with AnchoreClient(running.url, running.user, running.password, ca_file=str(running.ca_file)) as client:
            client.post("/images", {"image_type": "docker", "source": {"tag": {"pullstring": NAME}}})
            while client.get(f"/images/{DIGEST}")[0]["analysis_status"] != "analyzed":
                time.sleep(0.05)
        yield running


@pytest.fixture
def by_engine(server: AnchoreServer) -> dict[str, Any]:
    options = {**server.options, "retries": 0, "timeout": 2.0}
    return {"engine": "anchore", "anchore": options, "images": [{"image": f"registry:{NAME}"}]}


def by_grype(tmp_path: Path) -> dict[str, Any]:
    """The same image, policy and vulnerability, told by Syft's bill of materials and a Grype."""
    config = base64.b64encode(json.dumps({"config": {"User": "root"}}).encode()).decode()
    metadata = {"repoDigests": [f"{NAME.rpartition(':')[0]}@{DIGEST}"], "config": config, "imageID": "sha256:aa"}
    package = {"id": "1", "name": "openssl", "version": "3.0.1-1", "type": "deb", "locations": [], "purl": ""}
    sbom = tmp_path / "sbom.json"
    sbom.write_text(json.dumps({"artifacts": [package], "source": {"type": "image", "metadata": metadata}}))
    known = {"openssl": [{"id": "CVE-2024-1", "severity": "High", "fixed_in": ["3.0.2-1"]}]}
    program, database = grype_stand_in.install(tmp_path, known)
    rules = [
        {
            "gate": gate,
            "trigger": trigger,
            "action": action.upper(),
            "params": [{"name": name, "value": value} for name, value in PARAMETERS[trigger].items()],
        }
        for _id, gate, trigger, _message, action in ROWS
    ]
    mapping = {"name": "all", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}}
    bundle = {
        "id": "b",
        "version": "1_0",
        "policies": [{"id": "p", "version": "1_0", "rules": rules}],
        "mappings": [{**mapping, "policy_ids": ["p"], "whitelist_ids": []}],
    }
    images = [{"image": f"registry:{NAME}", "sbom": str(sbom)}]
    return {"policy": bundle, "grype": str(program), "database_path": str(database), "images": images}


def test_a_change_of_scanner_is_no_drift(by_engine: dict[str, Any], tmp_path: Path) -> None:
    engine, grype = run_module("image_scan", by_engine), run_module("image_scan", by_grype(tmp_path))
    for result in (engine, grype):
        (image,) = result["images"]
        assert (image["reference"], image["digest"], image["action"]) == (NAME, DIGEST, "stop"), result
        assert image["vulnerabilities"] == {"high": 1}
        assert sorted(row["trigger_id"] for row in image["reasons"]) == ["CVE-2024-1+openssl", "blacklist_root"]
    told = [
        {(row["fingerprint"], row["status"], row["severity"]) for row in result["findings"]}
        for result in (engine, grype)
    ]
    assert told[0] == told[1]
    assert len(told[0]) == 4


def test_an_image_that_the_engine_does_not_know_loses_no_other(by_engine: dict[str, Any]) -> None:
    result = run_module("image_scan", {**by_engine, "images": [{"image": UNKNOWN}, *by_engine["images"]]})
    assert [(image["action"], image["error_kind"]) for image in result["images"]] == [
        ("", "unknown_image"),
        ("stop", ""),
    ]
    assert result["summary"]["status"]["error"] == 1


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.DOWN, "unreachable"),
        (Fault.SLOW, "timeout"),
        (Fault.ERROR, "server_error"),
        (Fault.UNAUTHORISED, "unauthorised"),
        (Fault.HALF, "invalid_answer"),
        (Fault.NO_JSON, "invalid_answer"),
        (Fault.OTHER_DIGEST, "wrong_digest"),
    ],
)
def test_an_engine_that_fails_or_lies_gives_no_verdict(
    server: AnchoreServer, by_engine: dict[str, Any], fault: Fault, kind: str
) -> None:
    server.fault(f"/images/{DIGEST}/check", fault)
    try:
        result = run_module("image_scan", by_engine)
    finally:
        server.fault(f"/images/{DIGEST}/check", None)
    (image,) = result["images"]
    assert (image["action"], image["passed"], image["error_kind"]) == ("", False, kind), image["error"]
    assert [row["status"] for row in result["findings"]] == ["error"]
    assert server.password not in json.dumps({**result, "invocation": None})
