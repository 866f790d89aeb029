# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain kubeconfig is read without the library, and every other one is left to it."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.static_kubeconfig import static_cluster
from tests.lab.kubernetes.certificates import Authority
from tests.unit.scripted_api import parameters

_AUTHORITY = Authority("unit-ca")
_CLIENT = _AUTHORITY.client("alice", ["devs"])


@pytest.fixture(autouse=True)
def nothing_around(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, no cluster, nobody's home."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("K8S_AUTH", "KUBE")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def _data(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


def _write(folder: Path, user: dict[str, Any], **cluster: Any) -> str:
    server = {
        "server": "https://127.0.0.1:6443/",
        "certificate-authority-data": _data(_AUTHORITY.credential.certificate),
    }
    content = {
        "clusters": [{"name": "c", "cluster": {**server, **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "one", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "one",
    }
    file = folder / "config"
    file.write_text(json.dumps(content))
    return str(file)


def test_a_token_and_the_authority_are_taken(tmp_path: Path) -> None:
    """And shown nowhere."""
    found = static_cluster(parameters(kubeconfig=_write(tmp_path, {"token": "t-secret"})))
    assert found
    assert found[0].host == "https://127.0.0.1:6443"
    assert found[0].auth_settings() == {"BearerToken": {"value": "Bearer t-secret"}}
    assert "t-secret" not in repr(found[0])


@pytest.mark.parametrize("as_files", [True, False])
def test_a_client_certificate_is_taken_as_data_and_as_files(tmp_path: Path, as_files: bool) -> None:
    """A relative path starts at the kubeconfig; the key is not left beside the certificate."""
    (tmp_path / "c.crt").write_bytes(_CLIENT.certificate)
    (tmp_path / "c.key").write_bytes(_CLIENT.key)
    files = {"client-certificate": "c.crt", "client-key": str(tmp_path / "c.key")}
    data = {"client-certificate-data": _data(_CLIENT.certificate), "client-key-data": _data(_CLIENT.key)}
    found = static_cluster(parameters(kubeconfig=_write(tmp_path, files if as_files else data)))
    assert found
    assert Path(str(found[0].cert_file)).read_bytes() == _CLIENT.certificate
    assert (tmp_path / "c.key").exists()
    private = Path(str(found[0].ssl_ca_cert)).parent
    assert sorted(file.name for file in private.iterdir()) == (
        ["certificate-authority.pem"] if as_files else ["certificate-authority.pem", "client-certificate.pem"]
    )
    assert stat.S_IMODE(Path(str(found[0].ssl_ca_cert)).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("user", "cluster"),
    [
        ({}, {}),
        ({"exec": {"command": "x"}}, {}),
        ({"auth-provider": {"name": "oidc"}, "token": "t"}, {}),
        ({"username": "u", "password": "p"}, {}),
        ({"token": "t", "tokenFile": "/x"}, {}),
        ({"token": "t", "as": "other"}, {}),
        ({"token": "t"}, {"proxy-url": "http://proxy"}),
        ({"token": "t"}, {"insecure-skip-tls-verify": True}),
        ({"token": "t"}, {"tls-server-name": "other"}),
        ({"token": "t"}, {"server": "http://127.0.0.1"}),
        ({"token": "t"}, {"certificate-authority-data": None}),
        ({"token": "t"}, {"certificate-authority-data": "bm8="}),
        ({"client-certificate": "none.crt", "client-key": "none.key"}, {}),
    ],
)
def test_whatever_is_not_plain_is_left_to_the_library(
    tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any]
) -> None:
    """So is what is wrong: it says what."""
    assert static_cluster(parameters(kubeconfig=_write(tmp_path, user, **cluster))) is None


@pytest.mark.parametrize(
    "options",
    [{"context": "nowhere"}, {"host": "https://x"}, {"in_cluster": True}, {"proxy_url": "http://p"},
     {"validate_certs": False}, {"api_key": "k"}, {"kubeconfig": "/nowhere"}],
)  # fmt: skip
def test_options_that_lead_elsewhere_are_left_to_the_library(tmp_path: Path, options: dict[str, Any]) -> None:
    """Another context, another server, another way."""
    file = _write(tmp_path, {"token": "t"})
    assert static_cluster(parameters(**{"kubeconfig": file, **options})) is None


def test_the_environment_that_leads_elsewhere_is_left_to_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy; what AWX hands over; but a kubeconfig that is named comes before that."""
    file = _write(tmp_path, {"token": "t"})
    monkeypatch.setenv("KUBECONFIG", file)
    assert static_cluster(parameters())
    monkeypatch.setenv("K8S_AUTH_HOST", "https://awx.example.com")
    assert static_cluster(parameters()) is None
    assert static_cluster(parameters(kubeconfig=file))
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    assert static_cluster(parameters(kubeconfig=file)) is None


def test_the_library_is_not_even_imported(tmp_path: Path) -> None:
    """That is what it is for."""
    script = (
        "import sys; from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s import connection;"
        "connection.connect({'kubeconfig': sys.argv[1], 'timeout': 1}); print('kubernetes' in sys.modules)"
    )
    words = [sys.executable, "-c", script, _write(tmp_path, {"token": "t"})]
    ran = subprocess.run(
        words, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
    )
    assert ran.stdout.strip() == "False"


def test_both_ways_lead_to_the_same_cluster(tmp_path: Path) -> None:
    """As the same user."""
    plain = _write(tmp_path, {"token": "t"})
    by_hand = connect(parameters(kubeconfig=plain))
    by_library = connect(parameters(kubeconfig=plain, proxy_url="http://127.0.0.1:1"))
    assert (by_hand.address, by_hand.bearer_token) == (by_library.address, by_library.bearer_token)
