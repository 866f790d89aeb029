# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who we are to the API server may change while the runner runs."""

from __future__ import annotations

import asyncio
import os
import ssl
from pathlib import Path

import pytest

from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.kubernetes_api import KubernetesApi
from bulkhead_response.kubernetes_credential import Credential
from tests.lab.kubernetes.certificates import Authority
from tests.unit.roles.response_engine.answering import Reply, Server


def _renew(authority: Authority, folder: Path) -> None:
    """As certificate managers do: write beside, and move."""
    new = folder / "new"
    new.mkdir(exist_ok=True)
    authority.client("runner").write(new, "client")
    for file in new.iterdir():
        os.replace(file, folder / file.name)


def test_a_renewed_certificate_is_used(tmp_path: Path) -> None:
    trusted, other = Authority("lab"), Authority("other")
    trusted.credential.write(tmp_path, "ca")
    trusted.server("localhost", ["localhost", "127.0.0.1"]).write(tmp_path, "server")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.crt"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    files = {"ca_file": "ca.crt", "cert_file": "client.crt", "key_file": "client.key"}
    _renew(other, tmp_path)

    async def play() -> None:
        async with Server(lambda _seen: Reply(body={"n": 1}), tls=context) as server:
            api = KubernetesApi({"server": server.url, **{key: str(tmp_path / name) for key, name in files.items()}})
            try:
                with pytest.raises(Unreachable):
                    await api.get("/api")
                _renew(trusted, tmp_path)
                assert await api.get("/api") == {"n": 1}
            finally:
                await api.close()

    asyncio.run(play())


def test_after_a_401_there_is_a_new_connection() -> None:
    """An API server looks at the certificate of a connection again with each request."""
    statuses = iter((401, 200))

    async def play() -> None:
        async with Server(lambda _seen: Reply(next(statuses))) as server:
            api = KubernetesApi({"server": server.url})
            try:
                with pytest.raises(Unreachable, match="401"):
                    await api.get("/api")
                assert api._session is None
                assert await api.get("/api") == {}
            finally:
                await api.close()

    asyncio.run(play())


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no certificate")
    with pytest.raises(ConfigError, match="cannot be used for TLS"):
        Credential({"cert_file": str(tmp_path / "x"), "key_file": str(tmp_path / "x")}, True)
    with pytest.raises(ConfigError, match="nofile cannot be used for TLS"):
        Credential({"ca_file": str(tmp_path / "nofile")}, True)


def test_a_certificate_that_is_gone_for_a_moment(tmp_path: Path) -> None:
    _renew(Authority("lab"), tmp_path)
    given = {"cert_file": str(tmp_path / "client.crt"), "key_file": str(tmp_path / "client.key")}
    credential = Credential(given, True)
    assert credential.headers() == {}
    (tmp_path / "client.crt").unlink()
    with pytest.raises(Unreachable, match="cannot be read"):
        credential.headers()
    _renew(Authority("lab"), tmp_path)
    assert credential.headers() == {}
