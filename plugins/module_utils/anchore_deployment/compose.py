# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Compose file of Anchore Engine on a Docker host. Pure. Read by docker-compose 1.29 and by docker compose 2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment import database
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import (
    environment_text,
    restart_digest,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.engine_config import (
    config_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    CERTIFICATES,
    CONFIG_FILE,
    ENVIRONMENT_FILE,
    SCRATCH,
    SERVICE_DIR,
    SERVICES,
    SMALL_FOLDERS,
    USER,
    Service,
    environment,
    speaks_tls,
    start_command,
)

Deployment = Mapping[str, Any]
Object = dict[str, Any]
_HEALTH = {"interval": "5s", "timeout": "10s", "retries": 12, "start_period": "120s"}


def kept_files(deployment: Deployment) -> list[dict[str, Any]]:
    """What outlives the engine, as docker_host_files takes it: the folder of secrets, and what is kept in it."""
    folder = deployment["folder"]
    text = json.dumps(deployment["credentials"], indent=2, sort_keys=True) + "\n"
    return [
        {"path": folder, "directory": True, "owner": "0", "group": "0", "mode": "0700"},
        {"path": f"{folder}/secrets", "directory": True, "owner": "0", "group": "0", "mode": "0700"},
        {"path": f"{folder}/secrets/credentials.json", "secret": text, "owner": "0", "group": "0", "mode": "0600"},
    ]


def engine_files(deployment: Deployment) -> list[dict[str, Any]]:
    """The Compose file and what the containers read, as docker_host_files takes them.

    Who reads a secret inside a container owns it; the folder of secrets keeps everybody else on the host from it.
    """
    folder, kept = deployment["folder"], deployment["credentials"]
    reader, own = str(USER), str(deployment["database"]["user_id"])
    secrets = [
        (f"{folder}/secrets/anchore.env", environment_text(kept, deployment["database"]), reader),
        (f"{folder}/secrets/config.yaml", _config(deployment), reader),
        *((f"{folder}/secrets/{name}", text, reader) for name, text in sorted(deployment["files"].items())),
    ]
    if deployment["database"]["own"]:
        secrets.append((f"{folder}/secrets/db_password", kept["db_password"], own))
    return [
        *({"path": path, "secret": text, "owner": who, "group": "0", "mode": "0600"} for path, text, who in secrets),
        {
            "path": f"{folder}/compose.yaml",
            "content": json.dumps(compose_project(deployment), indent=2, sort_keys=True) + "\n",
            "owner": "0",
            "group": "0",
            "mode": "0600",
        },
    ]


def compose_project(deployment: Deployment) -> Object:
    """The project. Networks: `database` and `engine` lead nowhere, `outside` to registries and feeds."""
    digest = restart_digest(deployment["credentials"], _config(deployment), *sorted(deployment["files"].values()))
    own = deployment["database"]["own"]
    services = {each.component: _service(each, deployment, digest) for each in SERVICES}
    volumes: Object = {f"{each.component}-{what}": {} for each in SERVICES for what in ("service", "scratch")}
    if own:
        services["db"] = _database(deployment)
        volumes["db"] = {}
    networks: Object = {"engine": {"internal": True}, "outside": {}}
    return {
        "services": services,
        "volumes": volumes,
        "networks": {**networks, **({"database": {"internal": True}} if own else {})},
    }


def _config(deployment: Deployment) -> str:
    return config_text(deployment, {each.component: each.component for each in SERVICES})


def _service(service: Service, deployment: Deployment, digest: str) -> Object:
    component, own = service.component, deployment["database"]["own"]
    secrets = f"{deployment['folder']}/secrets"
    mounts = [
        _bind(f"{secrets}/config.yaml", CONFIG_FILE),
        _bind(f"{secrets}/anchore.env", ENVIRONMENT_FILE),
        *(_bind(f"{secrets}/{name}", f"{CERTIFICATES}/{name}") for name in sorted(deployment["files"])),
        {"type": "volume", "source": f"{component}-service", "target": SERVICE_DIR},
        {"type": "volume", "source": f"{component}-scratch", "target": SCRATCH},
    ]
    variables = {**environment(service, deployment), "ANCHORE_HOST_ID": f"{deployment['name']}-{component}"}
    # A database elsewhere is outside for every service, and a published port needs a network that leads out.
    outside = service.reaches_out or component == "api" or not own
    return {
        **_confined(deployment, component),
        "image": deployment["image"],
        "command": start_command(service),
        "user": f"{USER}:{USER}",
        "environment": variables,
        "labels": {"io.bulkhead.digest": digest},
        "volumes": mounts,
        "tmpfs": [_tmpfs(path, USER) for path in SMALL_FOLDERS.values()],
        "networks": ["engine", *(["database"] if own else []), *(["outside"] if outside else [])],
        "healthcheck": {"test": _health_command(service, deployment), **_HEALTH},
        "depends_on": _waits_for(component, own),
        **(_published(deployment, service.port) if component == "api" else {}),
    }


def _waits_for(component: str, own_database: bool) -> Object:
    """The catalog brings the tables up to date, so the others come after it."""
    first = ["db"] if component == "catalog" else ["catalog"]
    return {name: {"condition": "service_healthy"} for name in first if name != "db" or own_database}


def _health_command(service: Service, deployment: Deployment) -> list[str]:
    if not speaks_tls(service, deployment):
        return ["CMD", "curl", "-sSf", f"http://localhost:{service.port}/health"]
    return ["CMD", "curl", "-sSf", "--cacert", f"{CERTIFICATES}/ca.pem", f"https://localhost:{service.port}/health"]


def _published(deployment: Deployment, port: int) -> Object:
    return {"ports": [f"{deployment['listen']}:{deployment['port']}:{port}"]}


def _database(deployment: Deployment) -> Object:
    user = int(deployment["database"]["user_id"])
    ready = ["CMD", "pg_isready", "-q", "-h", "127.0.0.1", "-U", str(deployment["database"]["user"])]
    return {
        **_confined(deployment, "db"),
        "image": deployment["database_image"],
        # Compose puts variables in where there is a single $.
        "entrypoint": [part.replace("$", "$$") for part in database.start_command()],
        "command": [],
        "user": f"{user}:{user}",
        "environment": database.environment(deployment),
        "labels": {"io.bulkhead.digest": restart_digest(deployment["credentials"])},
        "volumes": [
            _bind(f"{deployment['folder']}/secrets/db_password", f"{database.PASSWORD_FOLDER}/password"),
            {"type": "volume", "source": "db", "target": database.DATA},
        ],
        "tmpfs": [_tmpfs("/var/run/postgresql", user), _tmpfs("/tmp", user)],
        "shm_size": "256m",
        "networks": ["database"],
        "healthcheck": {"test": ready, **_HEALTH},
    }


def _confined(deployment: Deployment, component: str) -> Object:
    limits = {"mem_limit": "4g", "pids_limit": 512, **(deployment["limits"].get(component) or {})}
    return {
        "restart": "unless-stopped",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "init": True,
        "logging": {"driver": "json-file", "options": {"max-size": "50m", "max-file": "3"}},
        **limits,
    }


def _bind(source: str, target: str) -> Object:
    return {"type": "bind", "source": source, "target": target, "read_only": True}


def _tmpfs(path: str, user: int) -> str:
    return f"{path}:uid={user},gid={user},mode=0700,size=512m"
