# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment of Anchore Engine as the role anchore declares it, for the tests of what is made of it."""

from __future__ import annotations

from typing import Any

KEPT = {"admin_password": "ADMIN-PASSWORD", "db_password": "DB/PASS:WORD", "auth_secret": "AUTH", "digest_key": "KEY"}


def declared(**more: Any) -> dict[str, Any]:
    """The declaration, with more or other keys."""
    database = {"own": True, "host": "db", "port": 5432, "name": "anchore", "user": "anchore", "user_id": 999}
    feeds = {
        "provider": "grype",
        "groups": ["grypedb"],
        "interval": 21600,
        "grypedb_url": "https://g/",
        "url": "https://f/",
    }
    return {
        "name": "anchore",
        "namespace": "scanning",
        "make_namespace": True,
        "image": "engine@sha256:x",
        "database_image": "postgres@sha256:x",
        "image_pull_policy": "IfNotPresent",
        "image_pull_secrets": ["pull"],
        "analyzers": 2,
        "admin_email": "admin@localhost",
        "credentials": dict(KEPT),
        "database": {**database, "sslmode": "disable", **more.pop("database", {})},
        "tls": True,
        "internal_tls": False,
        "tls_secret": "",
        "files": {"ca.pem": "CA", "cert.pem": "CERT", "key.pem": "PRIVATE-KEY"},
        "log_level": "INFO",
        "metrics": False,
        "max_image_megabytes": -1,
        "oauth": False,
        "hashed_passwords": False,
        "feeds": {"enabled": True, **feeds, **more.pop("feeds", {})},
        "storage_driver": {"name": "db", "config": {}},
        "webhooks": {},
        "config": {},
        "labels": {"team": "security"},
        "node_selector": {"kubernetes.io/os": "linux"},
        "tolerations": [],
        "resources": {"api": {"limits": {"memory": "1Gi"}}},
        "storage": {"size": "20Gi", "class": "fast", "ephemeral": False},
        "scratch_size": "20Gi",
        "service_size": "8Gi",
        "service_type": "ClusterIP",
        "api_clients": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "jenkins"}}}],
        "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
        "dns_labels": {"k8s-app": "kube-dns"},
        "budget_version": "policy/v1",
        "folder": "/etc/anchore",
        "listen": "127.0.0.1",
        "port": 8228,
        "limits": {"api": {"mem_limit": "1g"}},
        **more,
    }
