# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In the place of Jenkins, which Debian does not have: the addresses of its published API that the role speaks to.

Configuration as code (check, reload), the store of the system's credentials, and the removal of jobs.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ADMINISTRATOR, TOKEN = "operator", "11f0c0ffee"
_STORE = "/credentials/store/system/domain/_"


class Jenkins:
    """What it was told: requests that changed something, its credentials as XML by id, and what check answers."""

    def __init__(self) -> None:
        self.url = ""
        self.changes: list[str] = []
        self.checked: list[str] = []
        self.credentials: dict[str, str] = {"others": "<password>others</password>"}
        self.jobs: set[str] = set()
        self.issues: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, body: str) -> tuple[int, str]:
        """Status and body."""
        if method == "GET":
            known = re.fullmatch(rf"{_STORE}/credential/([^/]+)/api/json", path)
            return (200, "{}") if known and known.group(1) in self.credentials else (404, "")
        if path == "/configuration-as-code/check":
            self.checked.append(body)
            return 200, json.dumps(self.issues)
        status = self._change(path, body)
        if status < 400:
            self.changes.append(path)
        return status, ""

    def _change(self, path: str, body: str) -> int:
        if path == "/configuration-as-code/reload":
            return 302
        if path == f"{_STORE}/createCredentials":
            found = re.search("<id>([^<]+)</id>", body)
            if found is None or found.group(1) in self.credentials:
                return 400
            self.credentials[found.group(1)] = body
            return 200
        job = re.fullmatch(r"/job/([^/]+)/doDelete", path)
        if job:
            known = job.group(1) in self.jobs
            self.jobs.discard(job.group(1))
            return 302 if known else 404
        return self._change_credentials(path, body)

    def _change_credentials(self, path: str, body: str) -> int:
        found = re.fullmatch(rf"{_STORE}/credential/([^/]+)/(config.xml|doDelete)", path)
        if found is None or found.group(1) not in self.credentials:
            return 404
        if found.group(2) == "doDelete":
            del self.credentials[found.group(1)]
        else:
            self.credentials[found.group(1)] = body
        return 302


def _handler(jenkins: Jenkins) -> type[BaseHTTPRequestHandler]:
    authorization = "Basic " + base64.b64encode(f"{ADMINISTRATOR}:{TOKEN}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, text = 403, ""
            if self.headers.get("Authorization") == authorization:
                status, text = jenkins.answer(self.command, self.path, body)
            self.send_response(status)
            if status == 302:
                self.send_header("Location", jenkins.url + "/")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _answer

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextlib.contextmanager
def jenkins_stand_in() -> Iterator[Jenkins]:
    """It listens on loopback for as long as the block lasts."""
    jenkins = Jenkins()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(jenkins)) as server:
        jenkins.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield jenkins
        finally:
            server.shutdown()
            thread.join()
