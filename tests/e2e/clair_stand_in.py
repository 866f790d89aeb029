# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for Clair 4, which cannot run here: the calls that are used, as its OpenAPI document has them. It
fetches the layers that it is told of, as Clair does, and lets in who signs with the key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from typing import Any

from tests.unit.scripted_http import Asked, Reply

KEY = base64.b64encode(b"the key that both have").decode()
ISSUER = "bulkhead"
_MANIFEST_KEYS, _LAYER_KEYS = {"hash", "layers"}, {"hash", "uri", "headers", "media_type"}


class ClairStandIn:
    """Answers as `scripted_http` asks it. `indexed` are the manifests by their digests."""

    def __init__(self) -> None:
        self.indexed: dict[str, dict[str, Any]] = {}
        self.submitted = 0
        self.lie = ""

    def __call__(self, asked: Asked) -> Reply:
        """The answer to one request."""
        if not _signed(asked.headers.get("Authorization", "")):
            return Reply(401, {"message": "unauthorized"})
        prefix, _slash, digest = asked.path.rpartition("/")
        if asked.method == "POST" and asked.path == "/indexer/api/v1/index_report":
            return self._index(asked.body)
        if prefix == "/indexer/api/v1/index_report":
            return Reply(200, _index_report(digest)) if digest in self.indexed else Reply(404, {"message": "not found"})
        if prefix == "/matcher/api/v1/vulnerability_report" and digest in self.indexed:
            return Reply(201, vulnerability_report(self.lie or digest))
        return Reply(404, {"message": "not found"})

    def _index(self, manifest: dict[str, Any]) -> Reply:
        self.submitted += 1
        layers = manifest.get("layers", [])
        if set(manifest) - _MANIFEST_KEYS or any(set(layer) - _LAYER_KEYS for layer in layers):
            return Reply(400, {"code": "bad-request", "message": "failed to deserialize manifest"})
        for layer in layers:
            request = urllib.request.Request(layer["uri"])
            for name, values in layer.get("headers", {}).items():
                request.add_header(name, values[0])
            try:
                content = urllib.request.urlopen(request, timeout=10).read()
            except urllib.error.HTTPError as error:
                failed = {"state": "IndexError", "success": False, "err": f"failed to fetch layers: {error.code}"}
                return Reply(201, {**_index_report(manifest["hash"]), **failed})
            if f"sha256:{hashlib.sha256(content).hexdigest()}" != layer["hash"]:
                return Reply(500, {"message": "layer has another digest"})
        self.indexed[manifest["hash"]] = manifest
        return Reply(201, _index_report(manifest["hash"]))


def _signed(header: str) -> bool:
    head, _dot, signature = header.removeprefix("Bearer ").rpartition(".")
    wanted = hmac.new(base64.b64decode(KEY), head.encode(), hashlib.sha256).digest()
    if not head or not hmac.compare_digest(base64.urlsafe_b64encode(wanted).rstrip(b"=").decode(), signature):
        return False
    claims = json.loads(base64.urlsafe_b64decode(head.partition(".")[2] + "=="))
    return bool(claims["iss"] == ISSUER and claims["nbf"] <= time.time() < claims["exp"])


def _index_report(digest: str) -> dict[str, Any]:
    return {"manifest_hash": digest, "state": "IndexFinished", "success": True, "err": "", "packages": {}}


def vulnerability_report(digest: str) -> dict[str, Any]:
    """A report with one vulnerability of one package."""
    package = {"id": "10", "name": "openssl", "version": "3.0.1", "kind": "binary"}
    known = {
        "id": "5", "name": "CVE-2024-0001", "description": "A hole.", "links": "https://example.com/CVE-2024-0001",
        "severity": "important", "normalized_severity": "High", "fixed_in_version": "3.0.2",
        "package": package, "arch_op": "equals",
    }  # fmt: skip
    return {
        "manifest_hash": digest,
        "packages": {"10": package},
        "distributions": {},
        "environments": {},
        "vulnerabilities": {"5": known},
        "package_vulnerabilities": {"10": ["5"]},
        "enrichments": {},
    }
