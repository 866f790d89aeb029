# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""config.yaml of Anchore Engine 1.1.0, made of what is declared. Pure.

Secrets stand in it as ${ANCHORE_…}: the engine puts them in when it reads the file, from ANCHORE_ENV_FILE.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.errors import (
    AnchoreDeploymentError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    CERTIFICATES,
    SCRATCH,
    SERVICE_DIR,
    SERVICES,
    Service,
    speaks_tls,
)

Deployment = Mapping[str, Any]
_URL = "postgresql://${ANCHORE_DB_USER}:${ANCHORE_DB_PASSWORD}@${ANCHORE_DB_HOST}:${ANCHORE_DB_PORT}/${ANCHORE_DB_NAME}"
_PROTECTED = ("credentials", "default_admin_password", "keys")


def config_text(deployment: Deployment, hosts: Mapping[str, str]) -> str:
    """The text, which is JSON, and so YAML. hosts: where each component is reached by the others.

    Raises AnchoreDeploymentError where `config` would put a secret into the file, or is no configuration.
    """
    config = _merged(_config(deployment, hosts), _declared(deployment))
    return json.dumps(config, indent=2, sort_keys=True) + "\n"


def _declared(deployment: Deployment) -> Mapping[str, Any]:
    declared = deployment.get("config") or {}
    for key in _PROTECTED:
        if key in declared:
            raise AnchoreDeploymentError(f"config: {key} is set by options of its own, for it holds secrets")
    return dict(declared)


def _config(deployment: Deployment, hosts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "service_dir": SERVICE_DIR,
        "tmp_dir": SCRATCH,
        "log_level": deployment["log_level"],
        "host_id": "${ANCHORE_HOST_ID}",
        "internal_ssl_verify": bool(deployment["internal_tls"]),
        "auto_restart_services": False,
        "allow_awsecr_iam_auto": False,
        "server_request_timeout_seconds": 180,
        "max_compressed_image_size_mb": int(deployment["max_image_megabytes"]),
        "metrics": {"enabled": bool(deployment["metrics"]), "auth_disabled": False},
        "default_admin_password": "${ANCHORE_ADMIN_PASSWORD}",
        "default_admin_email": deployment["admin_email"],
        **({"webhooks": dict(deployment["webhooks"])} if deployment.get("webhooks") else {}),
        **_authentication(deployment),
        "credentials": {"database": _database(deployment["database"])},
        "services": {each.section: _service(each, deployment, hosts[each.component]) for each in SERVICES},
    }


def _authentication(deployment: Deployment) -> dict[str, Any]:
    hashed, oauth = bool(deployment["hashed_passwords"]), bool(deployment["oauth"])
    if hashed and not oauth:
        # The services log in to each other with passwords that could no longer be read.
        raise AnchoreDeploymentError("hashed_passwords needs oauth: the services speak to each other with its tokens")
    authentication = {
        "user_authentication": {
            "oauth": {"enabled": oauth, "default_token_expiration_seconds": 3600},
            "hashed_passwords": hashed,
        }
    }
    return {**authentication, **({"keys": {"secret": "${ANCHORE_AUTH_SECRET}"}} if oauth else {})}


def _database(database: Mapping[str, Any]) -> dict[str, Any]:
    mode = str(database.get("sslmode") or "disable")
    arguments: dict[str, Any] = {"timeout": 120, "ssl": False, "sslmode": mode}
    if mode.startswith("verify"):
        arguments["sslrootcert"] = f"{CERTIFICATES}/database-ca.pem"
    return {
        "db_connect": _URL,
        "db_connect_args": arguments,
        "db_pool_size": 30,
        "db_pool_max_overflow": 100,
    }


def _service(service: Service, deployment: Deployment, host: str) -> dict[str, Any]:
    common: dict[str, Any] = {
        "enabled": True,
        "require_auth": True,
        "endpoint_hostname": host,
        "listen": "0.0.0.0",
        "port": service.port,
    }
    if speaks_tls(service, deployment):
        files = {"ssl_cert": f"{CERTIFICATES}/cert.pem", "ssl_key": f"{CERTIFICATES}/key.pem"}
        common |= {"ssl_enable": True, **files}
    own = {"catalog": _catalog, "analyzer": _analyzer, "policy_engine": _policy_engine}.get(service.section)
    return {**common, **(own(deployment) if own else {})}


def _catalog(deployment: Deployment) -> dict[str, Any]:
    return {
        "cycle_timer_seconds": 1,
        "cycle_timers": {"notifications": 30},
        "event_log": {"notification": {"enabled": bool(deployment.get("webhooks")), "level": ["error"]}},
        "object_store": {
            "compression": {"enabled": False, "min_size_kbytes": 100},
            "storage_driver": dict(deployment["storage_driver"]),
        },
    }


def _analyzer(deployment: Deployment) -> dict[str, Any]:
    return {
        "cycle_timer_seconds": 1,
        "cycle_timers": {"image_analyzer": 1},
        "max_threads": 1,
        "analyzer_driver": "nodocker",
        # A hints file in an image would tell the engine what is in that image.
        "enable_hints": False,
        "enable_owned_package_filtering": True,
    }


def _policy_engine(deployment: Deployment) -> dict[str, Any]:
    feeds = deployment["feeds"]
    names = ("grypedb", "vulnerabilities", "nvdv2", "github", "packages")
    urls = {"grypedb": feeds["grypedb_url"]}
    groups = {name: {"enabled": name in feeds["groups"], "url": urls.get(name, feeds["url"])} for name in names}
    return {
        "cycle_timer_seconds": 1,
        "cycle_timers": {"feed_sync": int(feeds["interval"]), "feed_sync_checker": 3600, "grypedb_sync": 60},
        "vulnerabilities": {
            "provider": feeds["provider"],
            "sync": {
                "enabled": bool(feeds["enabled"]),
                "ssl_verify": True,
                "connection_timeout_seconds": 3,
                "read_timeout_seconds": 180,
                "data": groups,
            },
        },
    }


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """`more` over `base`, mapping by mapping."""
    merged = dict(base)
    for key, value in more.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
