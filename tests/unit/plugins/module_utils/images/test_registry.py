# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registry may answer: tokens, errors, lies. The real one is asked in tests/e2e/test_image_registry.py."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.registry import (
    Layers,
    Registries,
    docker_config_credentials,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.unit.scripted_http import Asked, Reply, scripted_http

MANIFEST = b'{"schemaVersion": 2}'
DIGEST = f"sha256:{hashlib.sha256(MANIFEST).hexdigest()}"
OTHER = "sha256:" + "9" * 64


def body(content: bytes, *headers: str) -> Reply:
    head = [f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}", *headers]
    return Reply(raw="\r\n".join([*head, "", ""]).encode() + content)


def resolve(url: str, credentials: dict[str, tuple[str, str]] | None = None) -> str:
    host = url.partition("//")[2]
    return Registries(credentials or {}, plain=(host,)).resolve(f"{host}/shop/web:1.4")


def test_a_token_is_fetched_from_where_the_registry_says() -> None:
    def script(asked: Asked) -> Reply:
        if asked.path.startswith("/token?"):
            assert asked.path == "/token?scope=repository%3Ashop%2Fweb%3Apull&service=lab"
            assert asked.headers["Authorization"] == "Basic " + base64.b64encode(b"u:p").decode()
            return Reply(value={"access_token": "t0ken"})
        if asked.headers.get("Authorization") == "Bearer t0ken":
            return Reply(headers={"Docker-Content-Digest": DIGEST})
        challenge = f'Bearer realm="{server.url}/token",service="lab"'
        return Reply(401, headers={"WWW-Authenticate": challenge})

    with scripted_http(script) as server:
        assert resolve(server.url, {server.url.partition("//")[2]: ("u", "p")}) == DIGEST


def test_a_password_goes_to_no_address_without_tls_that_was_not_named() -> None:
    challenge = 'Bearer realm="http://elsewhere.example.com/token"'
    with scripted_http(lambda asked: Reply(401, headers={"WWW-Authenticate": challenge})) as server:
        with pytest.raises(ScannerError) as caught:
            resolve(server.url, {server.url.partition("//")[2]: ("u", "p")})
        assert caught.value.kind == "unauthorised"
        assert len(server.asked) == 1


def test_where_head_names_no_digest_the_manifest_is_fetched_and_summed() -> None:
    with scripted_http(lambda asked: Reply() if asked.method == "HEAD" else body(MANIFEST)) as server:
        assert resolve(server.url) == DIGEST


def test_a_registry_that_lies() -> None:
    lie = f"Docker-Content-Digest: {OTHER}"

    def script(asked: Asked) -> Reply:
        return Reply(405) if asked.method == "HEAD" else body(MANIFEST, lie)

    with scripted_http(script) as server, pytest.raises(ScannerError) as caught:
        resolve(server.url)
    assert caught.value.kind == "wrong_digest"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(403), "forbidden"),
        (Reply(404), "unknown_image"),
        (Reply(429), "server_error"),
        (Reply(500), "server_error"),
        (Reply(302, headers={"Location": "http://elsewhere.example.com"}), "invalid_answer"),
        (Reply(401), "unauthorised"),
        (Reply(401, headers={"WWW-Authenticate": "Basic realm=x"}), "unauthorised"),
        (Reply(raw=b""), "unreachable"),
        (Reply(raw=b"nonsense\r\n\r\n"), "unreachable"),
    ],
)
def test_each_answer_has_its_kind(reply: Reply, kind: str) -> None:
    with scripted_http(lambda asked: reply) as server, pytest.raises(ScannerError) as caught:
        resolve(server.url)
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": []}', '{"auths": {"a": {"auth": "%%"}, "b": 1}}'])
def test_a_config_of_docker_without_credentials(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    if text == "{":
        with pytest.raises(ScannerError):
            docker_config_credentials(path)
    else:
        assert docker_config_credentials(path) == {}


BLOBS = [{"digest": f"sha256:{digit * 64}", "size": 1} for digit in "ab"]
IMAGE = json.dumps({"schemaVersion": 2, "layers": BLOBS}).encode()
IMAGE_DIGEST = f"sha256:{hashlib.sha256(IMAGE).hexdigest()}"


def index(*platforms: str) -> bytes:
    """An index with the image for each of these platforms."""
    rows = [
        {"digest": IMAGE_DIGEST, "platform": dict(zip(("os", "architecture"), each.split("/")))} for each in platforms
    ]
    return json.dumps({"schemaVersion": 2, "manifests": rows}).encode()


def layers(url: str, version: str = ":1.4") -> Layers:
    host = url.partition("//")[2]
    return Registries(plain=(host,)).layers(f"{host}/shop/web{version}")


def test_the_layers_of_the_image_of_a_platform() -> None:
    def script(asked: Asked) -> Reply:
        return body(IMAGE if asked.path.endswith(IMAGE_DIGEST) else index("linux/arm64", "linux/amd64"))

    with scripted_http(script) as server:
        found = layers(server.url)
    assert found.digest == IMAGE_DIGEST
    assert found.authorization == ""
    assert found.blobs == tuple((row["digest"], f"{server.url}/v2/shop/web/blobs/{row['digest']}") for row in BLOBS)


@pytest.mark.parametrize(
    ("content", "version", "kind"),
    [
        (index("linux/arm64"), ":1.4", "unknown_image"),
        (b"[]", ":1.4", "invalid_answer"),
        (b"{", ":1.4", "invalid_answer"),
        (b'{"layers": [{"digest": "sha256:short"}]}', ":1.4", "invalid_answer"),
        (b'{"layers": {}}', ":1.4", "invalid_answer"),
        (IMAGE, f"@{OTHER}", "wrong_digest"),
    ],
)
def test_a_manifest_that_names_no_layers(content: bytes, version: str, kind: str) -> None:
    with scripted_http(lambda asked: body(content)) as server, pytest.raises(ScannerError) as caught:
        layers(server.url, version)
    assert caught.value.kind == kind
