# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a small HTTP server on a real unix socket: what it sends, what it says when things go wrong."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    EngineStatus,
    EngineUnreachable,
    TlsFiles,
)

ANSWERS: dict[str, tuple[int, bytes]] = {
    "/version": (200, json.dumps({"Version": "20.10.24", "ApiVersion": "1.41"}).encode()),
    "/v1.41/info": (200, b'{"Name": "lab"}'),
    "/v1.41/gone": (404, b'{"message": "No such container: gone"}'),
    "/v1.41/plain": (500, b"out of order"),
    "/v1.41/half": (200, b'{"a":'),
    "/v1.41/nothing": (204, b""),
}


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, answers: dict[str, tuple[int, bytes]], keep_alive: bool = True) -> None:
        self.answers, self.keep_alive = answers, keep_alive
        self.asked: list[tuple[str, str, bytes]] = []
        self.connections = 0
        super().__init__(path, Handler)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.client_address = ("local", 0)
        self.server.connections += 1

    def log_message(self, *_args: Any) -> None:
        """Keep quiet."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, body))
        status, answer = self.server.answers.get(self.path.split("?")[0], (404, b'{"message": "page not found"}'))
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.close_connection = not self.server.keep_alive

    do_GET = do_POST = _answer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    yield from serve(Server(str(tmp_path / "docker.sock"), ANSWERS))


def serve(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def engine_of(server: Server) -> Engine:
    return Engine(f"unix://{server.server_address}", timeout=5)


def test_requests_name_the_agreed_version_and_share_a_connection(server: Server) -> None:
    engine = engine_of(server)
    assert engine.get("/info") == {"Name": "lab"}
    assert engine.get("/info") == {"Name": "lab"}
    engine.close()
    assert [path for _method, path, _body in server.asked] == ["/version", "/v1.41/info", "/v1.41/info"]
    assert (engine.requests, server.connections) == (3, 1)


def test_a_query_is_encoded_as_the_engine_wants_it(server: Server) -> None:
    engine = engine_of(server)
    engine.get("/info", all=True, filters={"type": ["daemon"]}, limit=3, since=None)
    engine.close()
    assert server.asked[-1][1] == "/v1.41/info?all=true&filters=%7B%22type%22%3A+%5B%22daemon%22%5D%7D&limit=3"


def test_a_post_sends_json_and_may_be_answered_with_nothing(server: Server) -> None:
    engine = engine_of(server)
    assert engine.post("/nothing", {"Memory": 5}) is None
    engine.close()
    assert server.asked[-1] == ("POST", "/v1.41/nothing", b'{"Memory": 5}')


def test_a_refusal_carries_the_status_and_the_engines_words(server: Server) -> None:
    engine = engine_of(server)
    with pytest.raises(EngineStatus, match="No such container: gone") as refused:
        engine.get("/gone")
    assert refused.value.status == 404
    with pytest.raises(EngineStatus, match="out of order"):
        engine.get("/plain")
    engine.close()


def test_half_an_answer_is_no_answer(server: Server) -> None:
    engine = engine_of(server)
    with pytest.raises(DockerError, match="not JSON"):
        engine.get("/half")
    engine.close()


def test_an_idle_connection_that_was_closed_is_opened_again(tmp_path: Path) -> None:
    for server in serve(Server(str(tmp_path / "s.sock"), ANSWERS, keep_alive=False)):
        engine = engine_of(server)
        assert engine.get("/info") == engine.get("/info")
        engine.close()


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ({"Version": "1.13.1", "ApiVersion": "1.26"}, "Docker 1.13.1 .* is too old"),
        ({"hello": "world"}, "does not answer like a Docker Engine"),
    ],
)
def test_what_is_too_old_or_no_engine_is_named(tmp_path: Path, version: dict[str, str], said: str) -> None:
    answers = {"/version": (200, json.dumps(version).encode())}
    for server in serve(Server(str(tmp_path / "s.sock"), answers)):
        engine = engine_of(server)
        with pytest.raises(DockerError, match=said):
            engine.get("/info")
        engine.close()


def test_no_socket(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachable, match="There is no Docker socket"):
        Engine(f"unix://{tmp_path}/none.sock").version()


def test_a_socket_that_nobody_listens_at(server: Server) -> None:
    address = str(server.server_address)
    os.rename(address, address + ".kept")
    with socketserver.UnixStreamServer(address, Handler) as other:
        other.socket.close()
    with pytest.raises(EngineUnreachable, match="Nothing listens"):
        Engine(f"unix://{address}").version()


def test_tls_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DockerError, match="TLS files cannot be used"):
        Engine("tcp://127.0.0.1:2376", tls=TlsFiles(ca=str(tmp_path / "none.pem")))


@pytest.mark.parametrize("address", ["/var/run/docker.sock", "unix://", "tcp://", "ssh://host", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(DockerError, match="is not an address"):
        Engine(address)


def test_the_path_of_a_unix_socket() -> None:
    assert Engine("unix:///run/d.sock").socket_path == "/run/d.sock"
    assert Engine("tcp://127.0.0.1:1").socket_path is None
