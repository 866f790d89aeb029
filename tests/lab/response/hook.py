# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver of webhooks on the host, which pods of the lab's node reach."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.lab.kubernetes.network import HOST


class Hook(ThreadingHTTPServer):
    """A receiver of webhooks on the host, which pods reach. `told` are the bodies that came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _Hook)
        self.told: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}/told"


class _Hook(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """What came is remembered, not printed."""


@contextlib.contextmanager
def hook() -> Iterator[Hook]:
    """Listens while the block lasts."""
    server = Hook()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
