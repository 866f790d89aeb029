# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A few images for the contract server to pull: one that is let through, one that is refused, one that is broken."""

from __future__ import annotations

from typing import Any

from tests.lab.anchore.engine import Content, Engine, digest_of

CLEAN = "docker.io/library/nginx:1.27"
REFUSED = "registry.example.com/shop/web:1.4"
BROKEN = "registry.example.com/shop/broken:1"


def _vulnerability(
    name: str, severity: str, package: str, version: str, kind: str, fix: str = "None"
) -> dict[str, Any]:
    return {
        "vuln": name,
        "severity": severity,
        "package": f"{package}-{version}",
        "package_name": package,
        "package_version": version,
        "package_type": kind,
        "package_path": "pkgdb" if kind == "dpkg" else f"/app/{package}",
        "package_cpe": "None",
        "fix": fix,
        "feed": "vulnerabilities",
        "feed_group": "debian:12",
        "url": f"https://security.example.com/{name}",
        "will_not_fix": False,
        "nvd_data": [{"id": name, "cvss_v2": {"base_score": 5.0}, "cvss_v3": {"base_score": 7.5}}]
        if severity == "High"
        else [],
        "vendor_data": [],
    }


_VULNERABILITIES = [
    _vulnerability("CVE-2024-1001", "High", "openssl", "3.0.11-1", "dpkg", "3.0.13-1"),
    _vulnerability("CVE-2024-1002", "Low", "bash", "5.2-2", "dpkg"),
    _vulnerability("CVE-2024-1003", "Medium", "requests", "2.30.0", "python", "2.31.0"),
]
_PACKAGES = [
    {
        "package": name,
        "version": version,
        "type": "dpkg",
        "origin": "Debian",
        "license": "GPL-3",
        "licenses": ["GPL-3"],
        "location": "pkgdb",
        "size": "1000",
        "cpes": [],
    }
    for name, version in (("openssl", "3.0.11-1"), ("bash", "5.2-2"))
]
_REASONS = [
    ("CVE-2024-1001+openssl", "vulnerabilities", "package", "HIGH Vulnerability found in os package type", "stop"),
    ("8e6a9d3f", "dockerfile", "instruction", "Dockerfile directive 'HEALTHCHECK' not found", "warn"),
]


def library(analysis_seconds: float = 0.2) -> Engine:
    """An engine that knows none of them yet, and can pull all."""
    engine = Engine(analysis_seconds)
    engine.registry = {
        CLEAN: Content(digest_of(CLEAN), packages=_PACKAGES),
        REFUSED: Content(digest_of(REFUSED), _REASONS, _VULNERABILITIES, _PACKAGES),
        BROKEN: Content(digest_of(BROKEN), broken=True),
    }
    return engine
