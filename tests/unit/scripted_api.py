# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that gives prepared answers: for what a real API server cannot be made to do in a unit test."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import (
    connect,
    connection_argument_spec,
)


@dataclass(frozen=True)
class Reply:
    """One prepared answer; `hang_up` closes the connection instead, and so does `silent_until` after that event."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_up: bool = False
    silent_until: threading.Event | None = None


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    path: str
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key.lower() == name.lower()]


class ScriptedApi:
    """Answers in the order of the script, the last one for ever; `seen` are the requests."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        self.seen: list[Seen] = []
        self._replies = list(replies)
        self._lock = threading.Lock()
        self.url = ""

    def answer(self, request: Seen) -> Reply:
        """The next reply of the script."""
        with self._lock:
            self.seen.append(request)
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def cluster(self, **options: Any) -> Cluster:
        """Our client of it."""
        return connect(parameters(host=self.url, **options))


def parameters(**options: Any) -> dict[str, Any]:
    """The parameters of a module: these, and the defaults."""
    return {**{name: spec.get("default") for name, spec in connection_argument_spec().items()}, **options}


@contextmanager
def scripted(*replies: Reply) -> Iterator[ScriptedApi]:
    """The server on a free port of the loopback."""
    api = ScriptedApi(replies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _reply(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            reply = api.answer(Seen(self.command, self.path, list(self.headers.items()), self.rfile.read(length)))
            if reply.silent_until:
                reply.silent_until.wait(10)
            if reply.hang_up or reply.silent_until:
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _reply

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
