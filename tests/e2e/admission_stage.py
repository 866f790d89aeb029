# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admission webhook as a process beside an API server, and an engine that misbehaves as it is told to."""

from __future__ import annotations

import base64
import contextlib
import http.client
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.webhook import (
    webhook_configuration,
)
from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes.certificates import Authority, Credential
from tests.lab.kubernetes.ports import free_port

PACKAGE = REPOSITORY / "roles" / "anchore_admission" / "files"
USER, PASSWORD = "admission", "correct-horse-battery"
_BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_HEADER = ["Image_Id", "Repo_Tag", "Trigger_Id", "Gate", "Trigger", "Check_Output", "Gate_Action", "Whitelisted"]


class EngineDouble:
    """Speaks as much of Anchore Engine as a verdict takes. `mode`: well, slow, lying, 401, 500, half, or silent.

    `actions`: by digest; what is not there is not known. `asked`: the paths, `added`: the digests that were sent.
    """

    def __init__(self) -> None:
        self.mode = "well"
        self.actions: dict[str, str] = {}
        self.asked: list[str] = []
        self.added: list[str] = []
        self.slowness = 3.0

    def answer(self, method: str, path: str, authorization: str, body: bytes) -> tuple[int, Any]:
        """(status, JSON)."""
        self.asked.append(f"{method} {path}")
        if self.mode == "slow":
            time.sleep(self.slowness)
        if self.mode == "500":
            return 500, {"message": "the database is away", "httpcode": 500, "detail": {}}
        if self.mode == "401" or authorization != _BASIC:
            return 401, {"message": "Unauthorized", "httpcode": 401, "detail": {}}
        url = urllib.parse.urlsplit(path)
        digest = urllib.parse.unquote(url.path).removeprefix("/v1/images/").partition("/")[0]
        if method == "POST":
            self.added.append(json.loads(body)["source"]["digest"]["pullstring"].partition("@")[2])
            return 200, [{"analysis_status": "not_analyzed"}]
        if digest not in self.actions:
            return 404, {"message": "image not found in DB", "httpcode": 404, "detail": {}}
        tag = urllib.parse.parse_qs(url.query).get("tag", ["-"])[0]
        told = "sha256:" + "f" * 64 if self.mode == "lying" else digest
        return 200, [{told: {tag: [_evaluation(digest, tag, self.actions[digest])]}}]


def _evaluation(digest: str, tag: str, action: str) -> dict[str, Any]:
    rows = [["id", tag, "CVE-2026-1", "vulnerabilities", "package", "HIGH in openssl - fixed in 3.1", action, False]]
    table = {"result": {"header": _HEADER, "rows": rows if action != "go" else [], "final_action": action}}
    result = {"final_action": action, "final_action_reason": "policy_evaluation", "result": {"id": table}}
    return {
        "detail": {"result": result},
        "last_evaluation": "2026-01-01T00:00:00Z",
        "policyId": "baseline",
        "status": "fail" if action == "stop" else "pass",
    }


@contextlib.contextmanager
def engine_double() -> Iterator[tuple[EngineDouble, str]]:
    """The double, and its URL."""
    double = EngineDouble()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = double.answer(self.command, self.path, self.headers.get("Authorization", ""), body)
            if double.mode == "silent":
                self.close_connection = True
                return
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if double.mode == "half":
                self.close_connection = True
                text = text[: len(text) // 2]
            with contextlib.suppress(OSError):
                self.wfile.write(text)

        do_POST = do_GET

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield double, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Webhook:
    """One process. `config` may be changed before `start`; `log` has the lines of its decisions."""

    def __init__(self, folder: Path, scanner: Mapping[str, Any], **config: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority("webhook")
        self.port, self.health_port = free_port(), free_port()
        self.write_certificate(self.authority.server("webhook", ["127.0.0.1"]))
        (folder / "password").write_text(PASSWORD)
        self.config: dict[str, Any] = {
            "listen": f"127.0.0.1:{self.port}",
            "health": f"127.0.0.1:{self.health_port}",
            "tls": {"cert_file": str(folder / "cert.pem"), "key_file": str(folder / "key.pem")},
            "own_namespace": "bulkhead-admission",
            "scanner": dict(scanner),
            "cache": {"verdict": 0, "refusal": 0, "failure": 0, "tag": 0, "stale": 0},
            **config,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process. LabError where there is none."""
        if self._process is None:
            raise LabError("the webhook does not run")
        return self._process.pid

    def write_certificate(self, credential: Credential) -> None:
        """Put another one in the place of the certificate."""
        for name, content in (("key.pem", credential.key), ("cert.pem", credential.certificate)):
            (self.folder / name).write_bytes(content)

    def start(self) -> None:
        """Start it, and wait until it is ready, or has said why not."""
        file = self.folder / "config.json"
        file.write_text(json.dumps(self.config))
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{PACKAGE}:{REPOSITORY / '.build' / 'collections'}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        words = [sys.executable, "-m", "bulkhead_admission", "--config", str(file), "--drain", "0"]
        with (self.folder / "decisions.jsonl").open("ab") as out, (self.folder / "stderr").open("ab") as err:
            self._process = subprocess.Popen(words, stdout=out, stderr=err, env=environment)
        end = time.monotonic() + 30
        while self.health("/healthz")[0] != 200:
            if self._process.poll() is not None or time.monotonic() > end:
                raise LabError(f"the webhook did not start: {self.last_words()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None

    def health(self, path: str) -> tuple[int, str]:
        """(status, text) of the plain server; status 0 where nothing answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.health_port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def post(self, path: str, body: object, context: ssl.SSLContext | None = None) -> tuple[int, Any]:
        """(status, answer: JSON where it is that) of a review that a test sends itself."""
        trust = context or ssl.create_default_context(cadata=self.authority.credential.certificate.decode())
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=trust, timeout=30)
        try:
            connection.request("POST", path, json.dumps(body))
            answer = connection.getresponse()
            text = answer.read().decode()
            return answer.status, json.loads(text) if answer.status == 200 else text
        finally:
            connection.close()

    def decisions(self) -> list[dict[str, Any]]:
        """The records of its log."""
        return [json.loads(line) for line in (self.folder / "decisions.jsonl").read_text().splitlines()]

    def last_words(self) -> str:
        """What it wrote on its standard error."""
        return (self.folder / "stderr").read_text()[-3000:]

    def configuration(self, **more: Any) -> dict[str, Any]:
        """The ValidatingWebhookConfiguration by which an API server asks it."""
        bundle = self.authority.credential.certificate.decode()
        return webhook_configuration({"url": self.url, "ca_bundle": bundle, "timeout_seconds": 4, **more})
