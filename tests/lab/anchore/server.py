# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contract server: the engine's memory behind HTTPS, held against the specification, with faults on request.

with anchore_server() as server:
    server.engine.registry["docker.io/library/nginx:1"] = Content(digest_of("nginx"))
    … server.url, server.user, server.password, server.ca_file …
    server.fault("/images", Fault.HALF)
# Leaving the block raises LabError where a request or an answer was none of the specification.
"""

from __future__ import annotations

import base64
import contextlib
import enum
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.lab.anchore.contract import document, fault_of_answer, fault_of_request
from tests.lab.anchore.engine import Engine, Refusal
from tests.lab.dockerd import LabError
from tests.lab.kubernetes.certificates import Authority

USER, PASSWORD = "admin", "lab-foobar"


class Fault(enum.Enum):
    """How an operation goes wrong."""

    DOWN = "the connection is closed without an answer"
    SLOW = "the answer comes after five seconds"
    ERROR = "500"
    BUSY = "503"
    UNAUTHORISED = "401"
    HALF = "the answer breaks off"
    NO_JSON = "a page of a proxy"
    OTHER_DIGEST = "the answer speaks of another digest"


class AnchoreServer:
    """Where it is, who may ask, what was asked, and which of it was none of the specification."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url, self.user, self.password = "", USER, PASSWORD
        self.ca_file = Path()
        self.requests: list[tuple[str, str]] = []
        self.breaches: list[str] = []
        self._faults: dict[str, tuple[Fault, int]] = {}

    @property
    def options(self) -> dict[str, Any]:
        """The options of a module of ours."""
        return {"url": self.url, "username": self.user, "password": self.password, "ca_path": str(self.ca_file)}

    def fault(self, prefix: str, fault: Fault | None, times: int = 1_000_000) -> None:
        """Let operations below a path go wrong so many times; None ends it."""
        self._faults.pop(prefix, None)
        if fault is not None:
            self._faults[prefix] = (fault, times)

    def due(self, path: str) -> Fault | None:
        """The fault of this request."""
        for prefix, (fault, times) in self._faults.items():
            if path.startswith(prefix) and times > 0:
                self._faults[prefix] = (fault, times - 1)
                return fault
        return None


# The library follows references in one place for all threads.
_ONE_AT_A_TIME = threading.Lock()
_AUTHORIZATION = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, made: AnchoreServer) -> None:
        self.made = made
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path).removeprefix("/v1") or "/"
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.made.requests.append((self.command, path))
        fault = self.server.made.due(path)
        if fault is Fault.DOWN:
            self.close_connection = True
            return
        if fault is Fault.SLOW:
            time.sleep(5)
        status, value = self._judged(path, query, json.loads(text) if text else None, fault)
        self._send(status, value, fault)

    def _judged(self, path: str, query: dict[str, str], body: Any, fault: Fault | None) -> tuple[int, Any]:
        if path != "/health" and (self.headers.get("Authorization") != _AUTHORIZATION or fault is Fault.UNAUTHORISED):
            return 401, {"message": "Unauthorized", "httpcode": 401, "detail": {}}
        if path == "/":  # how anchore-cli finds out whether anybody is there
            return 200, "v1"
        if path == "/swagger.json":
            return 200, document()
        with _ONE_AT_A_TIME:
            operation, breach = fault_of_request(self.command, path, query, dict(self.headers), body)
        if breach or operation is None:
            self.server.made.breaches.append(breach)
            return 400, {"message": breach, "httpcode": 400, "detail": {}}
        if fault in (Fault.ERROR, Fault.BUSY):
            status = 500 if fault is Fault.ERROR else 503
            return status, {"message": "the database is away", "httpcode": status, "detail": {}}
        try:
            status, value = 200, self.server.made.engine.answer(self.command, path, query, body)
        except Refusal as refusal:
            status, value = refusal.status, refusal.value
        with _ONE_AT_A_TIME:
            breach = fault_of_answer(operation, status, value)
        if breach:
            self.server.made.breaches.append(breach)
        return status, value

    def _send(self, status: int, value: Any, fault: Fault | None) -> None:
        text = b"" if value is None else json.dumps(value, default=str).encode()
        if fault is Fault.OTHER_DIGEST:
            text = text.replace(b"sha256:", b"sha256:0")
        if fault is Fault.NO_JSON:
            text = b"<html>proxy</html>"
        with contextlib.suppress(OSError):  # who asked has gone
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[: len(text) // 2] if fault is Fault.HALF else text)
            self.close_connection = fault is Fault.HALF or self.close_connection

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def anchore_server(engine: Engine | None = None, *, tls: bool = True) -> Iterator[AnchoreServer]:
    """It listens on loopback for as long as the block lasts."""
    made = AnchoreServer(engine or Engine())
    with tempfile.TemporaryDirectory(prefix="bulkhead-anchore-") as name, _Server(made) as http:
        made.url = f"{'https' if tls else 'http'}://127.0.0.1:{http.server_address[1]}/v1"
        if tls:
            http.socket = _context(Path(name), made).wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield made
        finally:
            http.shutdown()
            thread.join()
    if made.breaches:
        raise LabError("not of Anchore's specification:\n" + "\n".join(made.breaches[:10]))


def _context(folder: Path, server: AnchoreServer) -> ssl.SSLContext:
    authority = Authority("lab Anchore")
    server.ca_file = folder / "ca.crt"
    server.ca_file.write_bytes(authority.credential.certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.server("anchore", ["127.0.0.1"]).write(folder, "server"))
    return context
