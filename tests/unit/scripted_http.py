# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server that answers from a script: status and body, in turn, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


Script = Callable[[Asked], "Reply"]


@dataclass
class Reply:
    """An answer. `raw` goes out as it is, headers and all, and the connection is closed; "" closes it at once."""

    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


@dataclass
class ScriptedHttp:
    """Its address, and what it was asked."""

    url: str
    asked: list[Asked]
    connections: list[Any]


def _handler(script: Script, seen: ScriptedHttp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            seen.connections.append(self.client_address)

        def _answer(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(self.command, self.path, dict(self.headers), json.loads(text) if text else None)
            seen.asked.append(asked)
            reply = script(asked)
            with contextlib.suppress(ConnectionError):  # who asked has gone
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            if reply.raw is not None:
                self.wfile.write(reply.raw)
                self.close_connection = True
                return
            body = b"" if reply.value is None else json.dumps(reply.value).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def scripted_http(script: Script) -> Iterator[ScriptedHttp]:
    """It listens on loopback for as long as the block lasts."""
    seen = ScriptedHttp("", [], [])
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(script, seen)) as server:
        server.daemon_threads = True
        seen.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield seen
        finally:
            server.shutdown()
            thread.join()
