# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""image_scan with a real Syft: images in a real registry, on a real daemon, in a file. Grype is a stand-in."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.parse import bundle_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.grype_scanner import GrypeScanner
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.lab import grype_stand_in
from tests.lab.ansible import run_module
from tests.lab.dockerd import REPOSITORY, Dockerd
from tests.lab.packaged_image import layer, layer_tar
from tests.lab.registry import PASSWORD, USER, Registry

SYFT = str(Path(sys.executable).with_name("syft"))
POLICY = REPOSITORY / "roles" / "anchore" / "files" / "policies" / "workshop.json"
KNOWN = {"openssl": [{"id": "CVE-2024-1", "severity": "High", "fixed_in": ["3.0.2-1"]}]}


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as running:
        yield running


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    program, database = grype_stand_in.install(tmp_path, KNOWN)
    return {"syft": SYFT, "grype": str(program), "database_path": str(database), "policy_path": str(POLICY)}


def test_an_image_in_a_registry(registry: Registry, options: dict[str, Any]) -> None:
    config = {"User": "1000", "ExposedPorts": {"8080/tcp": {}}}
    digest = registry.push("shop/web", "1.4", layer=layer(), config=config)
    name = f"{registry.host}/shop/web:1.4"
    images = [{"image": f"registry:{name}"}, {"image": f"registry:{registry.host}/shop/none:1"}]
    result = run_module("image_scan", {**options, "images": images})
    assert not result.get("failed"), result
    judged, missing = result["images"]
    assert (judged["reference"], judged["digest"], judged["action"]) == (name, digest, "stop")
    stopped = {(row["gate"], row["trigger"]) for row in judged["reasons"] if row["action"] == "stop"}
    assert stopped == {("vulnerabilities", "package")}
    assert judged["packages"] == 2
    assert (missing["action"], missing["error_kind"]) == ("", "analysis_failed")
    assert result["changed"] is False


def test_the_content_that_was_asked_for_is_scanned_and_no_other(registry: Registry, options: dict[str, Any]) -> None:
    clean = registry.push("shop/api", "1", config={"User": "1000"})
    registry.push("shop/api", "1", layer=layer(), config={"User": "0"})
    scanner = GrypeScanner(
        bundle_from(json.loads(POLICY.read_text())),
        syft=SYFT,
        grype=options["grype"],
        database=options["database_path"],
    )
    # The tag has moved on to a content that the policy refuses; the verdict is on the digest.
    assert scanner.evaluate(f"{registry.host}/shop/api:1", clean).passed
    with pytest.raises(ScannerError) as caught:
        scanner.evaluate(f"{registry.host}/shop/api:1", "sha256:" + "1" * 64)
    assert caught.value.kind == "analysis_failed"


def test_a_registry_with_tls_and_a_password(options: dict[str, Any], tmp_path: Path) -> None:
    with Registry(tls=True, password=True) as closed:
        digest = closed.push("shop/web", "1", layer=layer(), config={"User": "1000"})
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (tmp_path / "config.json").write_text(json.dumps({"auths": {closed.host: {"auth": pair}}}))
        images = [{"image": f"registry:{closed.host}/shop/web:1", "digest": digest}]
        access = {"ca_path": str(closed.ca_file), "docker_config": str(tmp_path)}
        kept = {"keep_path": str(tmp_path / "kept")}
        result = run_module("image_scan", {**options, **access, **kept, "images": images})
        assert result["images"][0]["digest"] == digest, result
        for missing in access:
            refused = run_module("image_scan", {**options, **access, missing: None, "images": images})
            assert refused["images"][0]["error_kind"] == "analysis_failed", missing
            assert PASSWORD not in json.dumps(refused)
    # The registry is gone, and the bill of materials is kept.
    again = run_module("image_scan", {**options, **kept, "images": images})
    assert again["images"][0]["reasons"] == result["images"][0]["reasons"]


def test_a_folder_has_no_configuration_and_is_not_passed_for_that(options: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "rootfs"
    with tarfile.open(fileobj=io.BytesIO(layer_tar())) as archive:
        archive.extractall(folder, filter="data")
    result = run_module("image_scan", {**options, "images": [{"image": f"dir:{folder}", "name": "shop/web:1"}]})
    (image,) = result["images"]
    unjudged = {(row["gate"], row["trigger"]) for row in image["reasons"] if row["trigger_id"] == "not_judged"}
    assert {("dockerfile", "effective_user"), ("dockerfile", "exposed_ports")} <= unjudged
    assert image["packages"] == 2


def test_an_image_on_a_daemon_and_in_a_file(
    options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Dockerd() as daemon, contextlib.closing(daemon.client()) as client:
        monkeypatch.setenv("DOCKER_HOST", f"unix://{daemon.socket}")
        source = tmp_path / "layer.tar"
        source.write_bytes(layer_tar())
        client.api.import_image(src=str(source), repository="shop/web", tag="1.4", changes=["USER root", "EXPOSE 22"])
        archive = tmp_path / "web.tar"
        archive.write_bytes(b"".join(client.images.get("shop/web:1.4").save(named=True)))
        identity = str(client.images.get("shop/web:1.4").id)
        images = [{"image": "shop/web:1.4"}, {"image": f"docker-archive:{archive}", "name": "shop/web:1.4"}]
        result = run_module("image_scan", {**options, "images": images})
    assert not result.get("failed"), result
    for image in result["images"]:
        stopped = {(row["gate"], row["trigger"]) for row in image["reasons"] if row["action"] == "stop"}
        assert {("dockerfile", "effective_user"), ("dockerfile", "exposed_ports")} <= stopped
        assert ("vulnerabilities", "package") in stopped
        assert image["image_id"] == identity
    first, second = result["images"]
    assert first["reasons"] == second["reasons"]


def test_bad_options_are_one_sentence(options: dict[str, Any]) -> None:
    for change, said in (
        ({"policy_path": "/nowhere.json"}, "The policy cannot be used"),
        ({"policy_path": None}, "engine: grype needs policy or policy_path"),
        ({"engine": "anchore"}, "anchore"),
    ):
        result = run_module("image_scan", {**options, "images": [{"image": "a:1"}], **change})
        assert result["failed"]
        assert said in result["msg"]
