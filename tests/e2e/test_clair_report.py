# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""clair_report with a real registry that wants a password, and a stand-in for Clair that fetches the layers there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clair_stand_in import KEY, ClairStandIn
from tests.lab.ansible import run_module
from tests.lab.registry import PASSWORD, USER, Registry
from tests.unit.scripted_http import scripted_http


class Scene:
    """A registry with an image, and Clair."""

    def __init__(self, registry: Registry, clair: ClairStandIn, url: str) -> None:
        self.registry, self.clair, self.url = registry, clair, url
        self.digest = registry.push("shop/web", "1.4", layer=b"a layer")
        self.image = f"{registry.host}/shop/web:1.4"

    def run(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        credentials = {"registry": self.registry.host, "username": USER, "password": PASSWORD}
        own = {
            "url": self.url,
            "psk": KEY,
            "images": [self.image],
            "registries": [credentials],
            "plain_registries": [self.registry.host],
        }
        return run_module("clair_report", {**own, **options}, check=check)


@pytest.fixture
def scene() -> Iterator[Scene]:
    clair = ClairStandIn()
    with Registry(password=True) as registry, scripted_http(clair) as server:
        yield Scene(registry, clair, server.url)


def test_an_image_is_handed_in_once_and_reported_as_findings(scene: Scene, tmp_path: Path) -> None:
    predicted = scene.run(check=True, reports_dir=str(tmp_path))
    assert predicted["changed"]
    assert predicted["results"][0]["submitted"]
    assert scene.clair.submitted == 0

    first = scene.run(reports_dir=str(tmp_path))
    assert first["changed"]
    result = first["results"][0]
    assert result["digest"] == scene.digest
    assert [(row["control"], row["severity"], row["subject"]["name"]) for row in result["findings"]] == [
        ("image.vulnerability", "high", scene.image)
    ]
    file = Path(result["report"])
    assert json.loads(file.read_text())["manifest_hash"] == scene.digest
    assert file.stat().st_mode & 0o777 == 0o600

    again = scene.run(reports_dir=str(tmp_path))
    assert not again["changed"]
    assert again["results"][0]["findings"] == result["findings"]
    assert scene.clair.submitted == 1
    assert scene.run(force=True)["changed"]
    assert scene.clair.submitted == 2
    assert list(tmp_path.iterdir()) == [file]
    for run in (predicted, first, again):
        assert PASSWORD not in json.dumps({**run, "invocation": ""})


def test_what_stands_in_the_way_is_said(scene: Scene) -> None:
    for options, says in (
        ({"images": []}, "images is empty"),
        ({"images": [f"{scene.registry.host}/shop/web:2.0"]}, "it does not know this tag"),
        ({"registries": []}, "wants a user and a password"),
        ({"psk": "no base64!"}, "psk is not base64"),
        ({"psk": "d3Jvbmc="}, "Clair refuses the signature (401)"),
        ({"issuer": "somebody"}, "Clair refuses the signature (401)"),
        ({"url": "http://127.0.0.1:1"}, "Clair does not answer at 127.0.0.1:1"),
        ({"url": "clair.example.com"}, "must be http:// or https://"),
        ({"url": f"http://{scene.registry.host}"}, "is url the address of Clair?"),
        ({"reports_dir": "/none"}, "is no folder"),
    ):
        result = scene.run(**options)
        assert result["failed"], says
        assert says in result["msg"], result["msg"]
        assert PASSWORD not in result["msg"]
    assert scene.clair.submitted == 0
    scene.clair.lie = f"sha256:{'0' * 64}"
    assert "where sha256:" in scene.run()["msg"]


def test_a_layer_that_clair_cannot_fetch_is_told(scene: Scene) -> None:
    for blob in (scene.registry.workdir).rglob("data"):
        if blob.is_file() and blob.read_bytes() == b"a layer":
            blob.unlink()
    assert "failed to fetch layers: 404" in scene.run()["msg"]
