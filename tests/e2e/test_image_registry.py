# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which content is a tag? Asked of a real registry, with and without TLS and a password."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.registry import (
    Registries,
    docker_config_credentials,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.lab.registry import PASSWORD, USER, Registry


@pytest.fixture(scope="module")
def plain() -> Iterator[Registry]:
    with Registry() as running:
        yield running


@pytest.fixture(scope="module")
def closed() -> Iterator[Registry]:
    with Registry(tls=True, password=True) as running:
        yield running


def error(registries: Registries, reference: str) -> ScannerError:
    with pytest.raises(ScannerError) as caught:
        registries.resolve(reference)
    assert PASSWORD not in str(caught.value)
    return caught.value


def test_a_tag_is_resolved_and_followed_when_it_moves(plain: Registry) -> None:
    registries = Registries(plain=(plain.host,))
    first = plain.push("shop/web", "1.4", config={"User": "app"})
    assert registries.resolve(f"{plain.host}/shop/web:1.4") == first
    second = plain.push("shop/web", "1.4", config={"User": "root"})
    assert second != first
    assert registries.resolve(f"{plain.host}/shop/web:1.4") == second
    assert registries.resolve(f"{plain.host}/shop/web:1.4@{first}") == first


def test_an_image_that_is_gone(plain: Registry) -> None:
    registries = Registries(plain=(plain.host,))
    plain.remove("shop/gone", plain.push("shop/gone", "1"))
    assert error(registries, f"{plain.host}/shop/gone:1").kind == "unknown_image"
    assert error(registries, f"{plain.host}/shop/never:1").kind == "unknown_image"
    assert error(registries, "sha256:" + "1" * 64).kind == "unknown_image"


def test_a_registry_is_spoken_to_over_tls_unless_it_is_said_otherwise(plain: Registry) -> None:
    assert error(Registries(), f"{plain.host}/shop/web:1.4").kind == "unreachable"


def test_a_password_and_tls(closed: Registry) -> None:
    digest = closed.push("shop/api", "2")
    reference, ca_file = f"{closed.host}/shop/api:2", str(closed.ca_file)
    credentials = {closed.host: (USER, PASSWORD)}
    assert Registries(credentials, ca_file=ca_file).resolve(reference) == digest
    assert error(Registries(ca_file=ca_file), reference).kind == "unauthorised"
    assert error(Registries({closed.host: (USER, "wrong")}, ca_file=ca_file), reference).kind == "unauthorised"
    assert "not to be trusted" in str(error(Registries(credentials), reference))


def test_credentials_of_docker(closed: Registry, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    hub = "https://index.docker.io/v1/"
    config.write_text(json.dumps({"auths": {closed.host: {"auth": pair}, hub: {"username": "u", "password": "p"}}}))
    found = docker_config_credentials(config)
    assert found == {closed.host: (USER, PASSWORD), "docker.io": ("u", "p")}


def test_a_deadline_is_kept(plain: Registry) -> None:
    with pytest.raises(ScannerError) as caught:
        Registries(plain=(plain.host,)).resolve(f"{plain.host}/shop/web:1.4", deadline=time.monotonic() - 1)
    assert caught.value.kind == "timeout"
