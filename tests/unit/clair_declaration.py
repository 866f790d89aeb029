# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment of Clair as the role clair declares it, for the tests of what is made of it."""

from __future__ import annotations

from typing import Any

SECRETS = {"psk": "cHNr", "db_password": "hush'quiet", "digest_key": "KEY"}


def declared(**more: Any) -> dict[str, Any]:
    """The declaration, with more or other keys."""
    database = {"own": True, "host": "clair-db", "port": 5432, "name": "clair", "user": "clair", "user_id": 999}
    return {
        "name": "clair",
        "namespace": "clair",
        "make_namespace": True,
        "image": "clair@sha256:x",
        "database_image": "postgres@sha256:x",
        "image_pull_policy": "IfNotPresent",
        "image_pull_secrets": ["pull"],
        "replicas": 1,
        "secrets": dict(SECRETS),
        "issuers": ["bulkhead"],
        "log_level": "info",
        "airgap": False,
        "updaters": None,
        "notifier": {},
        "config": {},
        "tls_secret": "",
        "resources": {"clair": {"limits": {"memory": "4Gi"}}},
        "storage": {"size": "20Gi", "class": "", "ephemeral": False},
        "scratch_size": "10Gi",
        "node_selector": {},
        "tolerations": [],
        "api_clients": [],
        "metrics_peers": [],
        "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
        "dns_labels": {"k8s-app": "kube-dns"},
        **more,
        "database": {**database, "sslmode": "disable", "ca_secret": "", **more.get("database", {})},
    }
