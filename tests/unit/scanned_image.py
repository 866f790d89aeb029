# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An image with two packages as Syft tells of it, a policy for it, and a vulnerability of it."""

from __future__ import annotations

import base64
import json
from typing import Any

DIGEST = "sha256:" + "1" * 64


NAME = "registry.example.com/shop/web:1.4"


CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "config": {"User": "app", "ExposedPorts": {"8080/tcp": {}}},
    "history": [
        {"created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
        {"created_by": "/bin/sh -c apt-get update"},
        {"created_by": "USER app", "empty_layer": True},
        {"created_by": "RUN |1 X=y /bin/sh -c make all # buildkit"},
    ],
}


KNOWN = {"openssl": [{"id": "CVE-2024-1", "severity": "High", "fixed_in": ["3.1"], "cvss": 7.5, "aliases": ["GHSA-1"]}]}


def materials(**metadata: Any) -> dict[str, Any]:
    config = base64.b64encode(json.dumps(CONFIG).encode()).decode()
    told = {"imageID": "sha256:aa", "config": config, "layers": [1, 2], "imageSize": 5, **metadata}
    artifact = {
        "id": "1",
        "name": "openssl",
        "version": "3.0",
        "type": "deb",
        "locations": [{"path": "/x"}],
        "purl": "",
    }
    licensed = {**artifact, "name": "requests", "licenses": [{"value": "Apache-2.0"}, "MIT"]}
    return {
        "artifacts": [artifact, licensed],
        "source": {"type": "image", "metadata": told},
        "distro": {"id": "debian"},
    }


def bundle(fix: str = "true") -> dict[str, Any]:
    params = [{"name": "package_type", "value": "all"}, {"name": "fix_available", "value": fix}]
    rules = [{"gate": "vulnerabilities", "trigger": "package", "action": "STOP", "params": params}]
    image = {"type": "tag", "value": "*"}
    mapping = {
        "name": "all",
        "registry": "*",
        "repository": "*",
        "image": image,
        "policy_ids": ["p"],
        "whitelist_ids": [],
    }
    return {
        "id": "b",
        "version": "1_0",
        "policies": [{"id": "p", "version": "1_0", "rules": rules}],
        "mappings": [mapping],
    }
