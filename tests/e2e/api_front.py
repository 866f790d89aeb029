# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP server in front of an API server. It passes on what it is asked, and answers itself where a test says so:
as a loaded or a broken server would, when the real one cannot be brought to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.lab.kubernetes import Kubernetes


class Hangup(Exception):
    """Raised by a rule: the connection is closed without an answer."""


@dataclass(frozen=True)
class Reply:
    """What the front answers by itself."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


# (method, path with query) -> an answer, or None to pass the request on.
Rule = Callable[[str, str], "Reply | None"]
_PASSED_ON = ("Accept", "Content-Type", "User-Agent")


def status(code: int, reason: str, message: str, **headers: str) -> Reply:
    """A Status object, as the API answers errors."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code}
    return Reply(code, {**body, "reason": reason, "message": message}, headers)


def first(times: int, method: str, reply: Callable[[], Reply], *, containing: str = "") -> Rule:
    """Answer so many requests of a method, whose address contains a text, and pass all later ones on."""
    left = iter(range(times))
    lock = threading.Lock()

    def rule(asked: str, path: str) -> Reply | None:
        if asked != method or containing not in path:
            return None
        with lock:
            return None if next(left, None) is None else reply()

    return rule


@contextlib.contextmanager
def front_of(k8s: Kubernetes, rule: Rule) -> Iterator[str]:
    """The address of the front, for as long as the block lasts. It speaks to the API server as the administrator."""
    context = ssl.create_default_context(cafile=str(k8s.ca_file))
    context.load_cert_chain(str(k8s.workdir / "pki" / "admin.crt"), str(k8s.workdir / "pki" / "admin.key"))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            with contextlib.suppress(OSError, Hangup, http.client.HTTPException):
                super().handle_one_request()
                return
            self.close_connection = True

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reply = rule(self.command, self.path)
            if reply is not None:
                self._send(reply.status, json.dumps(reply.body).encode(), reply.headers)
                return
            headers = {name: self.headers[name] for name in _PASSED_ON if self.headers[name]}
            connection = http.client.HTTPSConnection(k8s.address, k8s.port, context=context, timeout=30)
            with contextlib.closing(connection):
                connection.request(self.command, self.path, body or None, headers)
                answer = connection.getresponse()
                self._send(answer.status, answer.read(), {})

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

        def _send(self, code: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(code)
            for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(body)}.items():
                self.send_header(name.replace("_", "-"), str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
