# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where notifications go: nothing but the configured address, and no secret in a message."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bulkhead_response.errors import ConfigError, Unreachable
from bulkhead_response.notify.endpoint import ENDPOINT_PARAMETERS, Endpoint, refusal
from bulkhead_response.notify.endpoint import Reply as Answered
from bulkhead_response.notify.secret_file import Unusable
from bulkhead_response.parameters import Parameters
from tests.lab.kubernetes.certificates import Authority
from tests.unit.roles.response_engine.answering import Answer, Reply, Server, with_server


def _endpoint(**params: Any) -> Endpoint:
    return Endpoint(Parameters(params, ENDPOINT_PARAMETERS))


async def _send(endpoint: Endpoint, path: str = "") -> Answered:
    async with aiohttp.ClientSession() as http:
        return await endpoint.send(http, "POST", path, data=b"{}", headers={"X-A": "b"})


def _sent(answer: Answer) -> tuple[Answered, Server]:
    async def play(server: Server) -> tuple[Answered, Server]:
        return await _send(_endpoint(url=f"{server.url}/base/"), "/more"), server

    result: tuple[Answered, Server] = with_server(answer, play)
    return result


def test_it_goes_to_the_configured_address() -> None:
    reply, server = _sent(lambda _seen: Reply(202, {"id": 1}))
    assert (reply.good, reply.json()) == (True, {"id": 1})
    assert (server.seen[0].path, server.seen[0].headers["X-A"]) == ("/base/more", "b")


def test_a_redirection_is_not_followed() -> None:
    reply, server = _sent(lambda _seen: Reply(307, "", {"Location": "http://192.0.2.1/"}))
    assert not reply.good
    assert "not followed" in refusal(reply)
    assert len(server.seen) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_be_otherwise_later(status: int) -> None:
    with pytest.raises(Unreachable) as caught:
        _sent(lambda _seen: Reply(status, "", {"Retry-After": "3"}))
    assert caught.value.retry_after == 3


def test_a_long_answer_is_cut_off() -> None:
    reply, _server = _sent(lambda _seen: Reply(400, "x" * 100_000))
    assert len(reply.text) == 65536
    assert len(refusal(reply)) < 300


def test_the_address_of_a_file_stays_secret(tmp_path: Path) -> None:
    file = tmp_path / "url"
    for text in (
        "http://127.0.0.1:9/services/T0/hunter2",
        "http://hooks.example.com/hunter2",
        "hunter2",
        "http://[/hunter2",
    ):
        file.write_text(f"{text}\n")
        with pytest.raises((Unreachable, Unusable)) as caught:
            asyncio.run(_send(_endpoint(url_file=str(file))))
        assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=r"^url_file: .*nofile cannot be read"):
        asyncio.run(_send(_endpoint(url_file=str(tmp_path / "nofile"))))


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({}, "either url or url_file"),
        ({"url": "https://a.example.com", "url_file": "/x"}, "either url or url_file"),
        ({"url": "http://a.example.com"}, "not encrypted"),
        ({"url": "ftp://a.example.com"}, "http:// or https://"),
        ({"url": "https://a.example.com:99999"}, "http:// or https://"),
        ({"url": "https://a.example.com", "ca_file": "/no/such"}, "ca_file"),
        ({"url": "https://a.example.com", "timeout": 0}, "timeout"),
    ],
)
def test_parameters_that_cannot_be_used(params: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        _endpoint(**params)


def test_tls_is_verified(tmp_path: Path) -> None:
    """By the authority that is configured, and by no other."""
    Authority("lab").credential.write(tmp_path, "other")
    authority = Authority("lab")
    authority.credential.write(tmp_path, "ca")
    authority.server("localhost", ["localhost", "127.0.0.1"]).write(tmp_path, "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")

    async def play() -> None:
        async with Server(lambda _seen: Reply(), tls=context) as server:
            assert server.url.startswith("https://")
            assert (await _send(_endpoint(url=server.url, ca_file=str(tmp_path / "ca.crt")))).good
            for params in ({}, {"ca_file": str(tmp_path / "other.crt")}):
                with pytest.raises(Unreachable, match="Certificate"):
                    await _send(_endpoint(url=server.url, **params))
            assert len(server.seen) == 1

    asyncio.run(play())


def test_a_proxy_is_used_only_where_one_is_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines.append((await reader.readline()).decode())
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def play() -> None:
        listening = await asyncio.start_server(proxy, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        monkeypatch.setenv("http_proxy", url)
        async with listening, Server(lambda _seen: Reply()) as server:
            await _send(_endpoint(url=server.url))
            assert (len(server.seen), lines) == (1, [])
            await _send(_endpoint(url=f"{server.url}/hook", proxy=url))
            assert (len(server.seen), lines) == (1, [f"POST {server.url}/hook HTTP/1.1\r\n"])

    asyncio.run(play())


def test_plain_http_is_possible_where_it_is_meant() -> None:
    _endpoint(url="http://a.example.com", plain_http=True)
