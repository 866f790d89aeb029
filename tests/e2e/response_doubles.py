# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers on the loopback that stand in for what a response speaks to, and remember each request: slow, gone or broken
at a test's word."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_NAMESPACE, _POD = 4, 6


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Double

    def do_GET(self) -> None:
        self._answer(*self.server.get(self.path))

    def do_DELETE(self) -> None:
        self._body()
        self._answer(*self.server.delete(self.path))

    def do_POST(self) -> None:
        self._body()
        self._answer(*self.server.post(self.headers.get("Idempotency-Key", "")))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """What was asked is remembered, not printed."""


class Double(ThreadingHTTPServer):
    """An API server with whatever pod is asked for, and a receiver of webhooks. `deleted`: how often which pod was
    really deleted; `told`: how often a notification came, by its key. Cleared, `open` lets requests that change
    something wait; `status` is what they are answered with."""

    daemon_threads = True
    request_queue_size = 1024

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.deleted: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.waiting = 0
        self.open = threading.Event()
        self.open.set()
        self.status = 200
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def get(self, path: str) -> tuple[int, Any]:
        """The pod, until it was deleted. Its container's id is made of the number in its name."""
        if self.status != 200:
            return self.status, _status("InternalError")
        parts = path.split("/")
        name = parts[_POD]
        if self.deleted[name]:
            return 404, _status("NotFound")
        number = int(name.rpartition("-")[2])
        metadata = {"name": name, "namespace": parts[_NAMESPACE], "uid": f"uid-{number}", "labels": {"app": "web"}}
        containers = [{"name": "main", "containerID": f"containerd://{number:012x}{'0' * 52}"}]
        return 200, {"metadata": metadata, "spec": {"containers": []}, "status": {"containerStatuses": containers}}

    def delete(self, path: str) -> tuple[int, Any]:
        """Delete it, once."""
        self._wait()
        name = path.split("/")[_POD]
        if self.status != 200:
            return self.status, _status("InternalError")
        with self._lock:
            if self.deleted[name]:
                return 404, _status("NotFound")
            self.deleted[name] += 1
        return 200, {"kind": "Status", "status": "Success"}

    def post(self, key: str) -> tuple[int, Any]:
        """Be told."""
        self._wait()
        if self.status == 200:
            with self._lock:
                self.told[key] += 1
        return self.status, {}

    def _wait(self) -> None:
        with self._lock:
            self.waiting += 1
        self.open.wait(60)
        with self._lock:
            self.waiting -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A runner that was killed has left its connection; that is no error of a test."""


def _status(reason: str) -> dict[str, str]:
    return {"kind": "Status", "status": "Failure", "reason": reason, "message": reason}


@contextmanager
def double(port: int = 0) -> Iterator[Double]:
    """A server that listens for as long as the block lasts."""
    server = Double(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.open.set()
        server.shutdown()
        thread.join()
        server.server_close()
