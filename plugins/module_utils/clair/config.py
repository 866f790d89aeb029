# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""config.yaml of Clair 4 in combo mode, and the secrets that it holds. Pure.

Source: Documentation/reference/config.md and the package config of Clair.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.errors import ClairError

Deployment = Mapping[str, Any]
API_PORT, INTROSPECTION_PORT = 6060, 8089
TLS_DIR, DATABASE_DIR = "/etc/clair/tls", "/etc/clair/database"


def kept_secrets(stored: Mapping[str, str], fresh: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """What a deployment keeps: what is declared, else what is kept already, else what is new. Raises ClairError."""
    psk = given.get("psk") or stored.get("psk") or base64.b64encode(fresh["auth_secret"].encode()).decode()
    try:
        base64.b64decode(psk, validate=True)
    except ValueError:
        raise ClairError("psk must be base64") from None
    password = given.get("db_password") or stored.get("db_password") or fresh["db_password"]
    if any(not letter.isprintable() for letter in password):
        raise ClairError("database_password must be one line of text")
    return {"psk": psk, "db_password": password, "digest_key": stored.get("digest_key") or fresh["digest_key"]}


def config(deployment: Deployment) -> dict[str, Any]:
    """The configuration as data. What the user gives goes over it, section by section."""
    connection = _connection(deployment)
    made: dict[str, Any] = {
        "http_listen_addr": f":{API_PORT}",
        "introspection_addr": f":{INTROSPECTION_PORT}",
        "log_level": deployment["log_level"],
        "indexer": {"connstring": connection, "migrations": True, "airgap": bool(deployment["airgap"])},
        "matcher": {"connstring": connection, "migrations": True, "disable_updaters": bool(deployment["airgap"])},
        "auth": {"psk": {"key": deployment["secrets"]["psk"], "iss": list(deployment["issuers"])}},
        "metrics": {"name": "prometheus"},
    }
    if deployment.get("updaters") is not None:
        made["updaters"] = {"sets": list(deployment["updaters"])}
    if deployment["notifier"]:
        made["notifier"] = {"connstring": connection, "migrations": True, **deployment["notifier"]}
    if deployment["tls_secret"]:
        made["tls"] = {"cert": f"{TLS_DIR}/tls.crt", "key": f"{TLS_DIR}/tls.key"}
    for name, section in deployment["config"].items():
        both = isinstance(section, Mapping) and isinstance(made.get(name), Mapping)
        made[name] = {**made[name], **section} if both else section
    return made


def _connection(deployment: Deployment) -> str:
    """The connection string of libpq, in which a value stands in quotes."""
    database = deployment["database"]
    parts = {
        "host": database["host"],
        "port": database["port"],
        "dbname": database["name"],
        "user": database["user"],
        "password": deployment["secrets"]["db_password"],
        "sslmode": database["sslmode"],
    }
    if database["ca_secret"]:
        parts["sslrootcert"] = f"{DATABASE_DIR}/ca.crt"
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in parts.items())


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
