# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admission webhook as a process beside an API server."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.webhook import (
    webhook_configuration,
)
from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes.certificates import Authority, Credential
from tests.lab.kubernetes.ports import free_port

PACKAGE = REPOSITORY / "roles" / "anchore_admission" / "files"


class Webhook:
    """One process. `config` may be changed before `start`; `log` has the lines of its decisions."""

    def __init__(self, folder: Path, scanner: Mapping[str, Any], **config: Any) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.authority = Authority("webhook")
        self.port, self.health_port = free_port(), free_port()
        self.write_certificate(self.authority.server("webhook", ["127.0.0.1"]))
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
