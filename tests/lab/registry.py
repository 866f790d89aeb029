# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private image registry: Debian's docker-registry on the loopback, with or without TLS and a password.

with Registry(tls=True, password=True) as registry:
    digest = registry.push("shop/web", "1.4", config={"User": "app"})
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import shutil
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes.certificates import Authority
from tests.lab.kubernetes.ports import free_port
from tests.lab.kubernetes.processes import Processes, start_guard

_PROGRAM = "docker-registry"
USER, PASSWORD = "lab", "lab-password"
# bcrypt, with the least work that it knows.
_HTPASSWD = f"{USER}:$2b$04$s8lsZIO8r3PjhOjl/nFdBeRBD9cLxU91BUixOjtQ.2dgbH2B7kuZu\n"
_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry:
    """One private registry. `host` is what stands before the repository in a reference."""

    def __init__(self, *, tls: bool = False, password: bool = False, address: str = "127.0.0.1") -> None:
        self.workdir = Path(tempfile.gettempdir(), f"bulkhead-registry-{secrets.token_hex(4)}")
        self.host = f"{address}:{free_port()}"
        self.ca_file = self.workdir / "ca.crt"
        self._tls, self._password = tls, password
        self._processes = Processes(self.workdir)
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Registry:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._processes.keep_logs()
        self.close()

    def close(self) -> None:
        """End it and remove the folder. Safe to call twice."""
        self._processes.kill_all()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
            self._guard = None
        shutil.rmtree(self.workdir, ignore_errors=True)

    def push(self, repository: str, tag: str, *, layer: bytes = b"", config: Mapping[str, Any] | None = None) -> str:
        """Push an image with one layer, a tar.gz; the digest of its manifest."""
        document = {
            "architecture": "amd64",
            "os": "linux",
            "config": dict(config or {}),
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        }
        parts = [(_CONFIG, json.dumps(document).encode()), (_LAYER, layer)]
        rows = [
            {"mediaType": kind, "size": len(data), "digest": self._upload(repository, data)} for kind, data in parts
        ]
        manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": rows[0], "layers": rows[1:]}
        headers = {"Content-Type": _MANIFEST}
        answer = self._ask("PUT", f"/v2/{repository}/manifests/{tag}", json.dumps(manifest).encode(), headers)
        return str(answer["docker-content-digest"])

    def remove(self, repository: str, digest: str) -> None:
        """Take a manifest away, and with it every tag of it."""
        self._ask("DELETE", f"/v2/{repository}/manifests/{digest}")

    def _start(self) -> None:
        if shutil.which(_PROGRAM) is None:
            raise LabError("docker-registry is missing: apt-get install docker-registry")
        self.workdir.mkdir(mode=0o700)
        self._guard = start_guard(self.workdir, REPOSITORY)
        config = self.workdir / "config.json"
        config.write_text(json.dumps(self._config()))  # JSON is YAML
        self._processes.start(_PROGRAM, [_PROGRAM, "serve", str(config)])
        self._processes.wait("registry that answers", self._answers, [_PROGRAM], timeout=30)

    def _config(self) -> dict[str, Any]:
        http: dict[str, Any] = {"addr": self.host}
        if self._tls:
            authority = Authority("lab registry")
            self.ca_file.write_bytes(authority.credential.certificate)
            certificate, key = authority.server("registry", [self.host.partition(":")[0]]).write(self.workdir, "server")
            http["tls"] = {"certificate": str(certificate), "key": str(key)}
        auth = {}
        if self._password:
            (self.workdir / "htpasswd").write_text(_HTPASSWD)
            auth = {"auth": {"htpasswd": {"realm": "lab", "path": str(self.workdir / "htpasswd")}}}
        storage = {"filesystem": {"rootdirectory": str(self.workdir / "data")}, "delete": {"enabled": True}}
        return {"version": "0.1", "log": {"level": "warn"}, "storage": storage, "http": http, **auth}

    def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            self._ask("GET", "/v2/")
            return True
        return False

    def _upload(self, repository: str, data: bytes) -> str:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        place = self._ask("POST", f"/v2/{repository}/blobs/uploads/")["location"]
        path = place.partition(self.host)[2] or place
        headers = {"Content-Type": "application/octet-stream"}
        self._ask("PUT", f"{path}{'&' if '?' in path else '?'}digest={digest}", data, headers)
        return digest

    def _ask(
        self, method: str, path: str, data: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        url = f"{'https' if self._tls else 'http'}://{self.host}{path}"
        request = urllib.request.Request(url, data, dict(headers or {}), method=method)
        if self._password:
            pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        context = ssl.create_default_context(cafile=str(self.ca_file)) if self._tls else None
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return {name.lower(): value for name, value in answer.headers.items()}
