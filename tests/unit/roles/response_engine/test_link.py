# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""As whom the runner comes to NATS, and what it says where it cannot."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest

from bulkhead_response import link
from bulkhead_response.config import NatsConfig
from bulkhead_response.errors import ConfigError, Unreachable

# The sentences of a server that offers no TLS.
_INFO = b'INFO {"server_id":"x","version":"2.10.0","max_payload":1048576,"headers":true}\r\n'


def _config(*servers: str, **files: str) -> NatsConfig:
    names = ("ca_file", "cert_file", "key_file", "nkey_seed_file")
    return NatsConfig(servers, name="test", **{name: files.get(name, "") for name in names})


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(_INFO)
    with contextlib.suppress(ConnectionError):
        while line := await reader.readline():
            if line == b"PING\r\n":
                writer.write(b"PONG\r\n")
    writer.close()


async def _connected(scheme: str) -> None:
    server = await asyncio.start_server(_plain, "127.0.0.1", 0)
    tried = link.Link(_config(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        await tried.connect()
        assert tried.is_up
    finally:
        await tried.close()
        server.close()


def test_a_server_whose_offer_of_tls_was_taken_away_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "tls_context", lambda _config: ssl.create_default_context())
    asyncio.run(_connected("nats"))
    with pytest.raises(Unreachable, match="does not speak TLS"):
        asyncio.run(_connected("tls"))


@pytest.mark.parametrize("content", ["", "SUAJ", "not a seed", "\udcff"])
def test_a_seed_that_is_none(content: str, tmp_path: Path) -> None:
    file = tmp_path / "seed"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError, match=r"nats.nkey_seed_file: .*/seed holds no seed"):
        link.options(_config("tls://nats", nkey_seed_file=str(file)))


def test_a_seed_that_is_not_there() -> None:
    with pytest.raises(ConfigError, match="/nowhere/seed cannot be read"):
        link.options(_config("nats://nats", nkey_seed_file="/nowhere/seed"))
