# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for a service of Anchore Engine, which cannot run here, under the name of its program, anchore-manager.

It reads configuration and secrets as the engine does: every ${ANCHORE_…} comes from the file ANCHORE_ENV_FILE or from
the environment, and one that stays is an error. It answers /health, /v1/user and /v1/user/credentials, and keeps the
password in its service folder, in the place of the database.
"""

from __future__ import annotations

import base64
import json
import os
import re
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def configuration() -> dict[str, Any]:
    """config.yaml, which the role writes in the form of JSON."""
    text = Path(os.environ["ANCHORE_CONFIG_DIR"], "config.yaml").read_text()
    lines = Path(os.environ["ANCHORE_ENV_FILE"]).read_text().splitlines()
    variables = dict(line.split("=", 1) for line in lines)
    variables |= {name: value for name, value in os.environ.items() if name.startswith("ANCHORE")}
    for name, value in variables.items():
        text = text.replace("${" + name + "}", value)
    if re.search(r"\$\{ANCHORE", text):
        sys.exit("variable overrides found in configuration file that are unset")
    read: dict[str, Any] = json.loads(text)
    return read


class Service(BaseHTTPRequestHandler):
    """What is asked of it."""

    kept: Path
    first: str

    def do_GET(self) -> None:
        """Health, and who one is."""
        if self.path == "/health":
            self._say(200, {})
        elif self._known():
            self._say(200, {"username": "admin"})

    def do_POST(self) -> None:
        """A new password."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._known():
            self.kept.write_text(body["value"])
            self._say(200, {"type": "password"})

    def _known(self) -> bool:
        password = self.kept.read_text() if self.kept.exists() else self.first
        token = base64.b64encode(f"admin:{password}".encode()).decode()
        known = self.headers.get("Authorization") == f"Basic {token}"
        if not known:
            self._say(401, {"message": "Unauthorized"})
        return known

    def _say(self, status: int, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """anchore-manager service start [--no-auto-upgrade] SECTION."""
    config = configuration()
    service = config["services"][sys.argv[-1]]
    for folder in (config["tmp_dir"], config["service_dir"], "/var/log/anchore", "/var/run/anchore", "/tmp"):
        Path(folder, "probe").write_text("")
    Service.kept, Service.first = Path(config["service_dir"], "password"), config["default_admin_password"]
    server = ThreadingHTTPServer((service["listen"], service["port"]), Service)
    if service.get("ssl_enable"):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(service["ssl_cert"], service["ssl_key"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
