# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL of the engine's own: a StatefulSet of one pod, whose password is the one that its Secret says.

A password that is changed in the Secret is set by the pod itself when it starts anew, over the socket that only the
pod has. So a rotation that breaks off is finished by whoever starts the pod, and nobody has to run a command in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.pod import (
    DIGEST,
    container_security,
    pod_base,
    secret,
    volume,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    DATABASE_PORT,
)

Deployment = Mapping[str, Any]
Object = dict[str, Any]
PASSWORD_FOLDER = "/run/secrets/database"
DATA = "/var/lib/postgresql/data"
# psql reads the password itself: it is in no command line, in no variable and, where the command fails, in no log.
_SET_PASSWORD = r"""
SET log_min_error_statement = panic;
\set password `cat /run/secrets/database/password`
ALTER ROLE :"user" PASSWORD :'password';
"""
_START = f"""(
until psql -q -X -v ON_ERROR_STOP=1 -v user="$POSTGRES_USER" -U "$POSTGRES_USER" -d postgres >/dev/null 2>&1 <<'SQL'
{_SET_PASSWORD.strip()}
SQL
do sleep 1; done
) &
exec docker-entrypoint.sh postgres -c password_encryption=scram-sha-256
"""


def start_command() -> list[str]:
    """How the container starts: PostgreSQL, and beside it what sets the password once the server answers."""
    return ["sh", "-c", _START]


def environment(deployment: Deployment) -> dict[str, str]:
    """The variables of the image, none of them a secret."""
    database = deployment["database"]
    return {
        "PGDATA": f"{DATA}/pgdata",
        "POSTGRES_USER": str(database["user"]),
        "POSTGRES_DB": str(database["name"]),
        "POSTGRES_PASSWORD_FILE": f"{PASSWORD_FOLDER}/password",
        "POSTGRES_INITDB_ARGS": "--data-checksums --auth-host=scram-sha-256",
    }


def database_pod(deployment: Deployment, *, labels: Mapping[str, str], digest: str) -> Object:
    """The template of the one pod."""
    name = f"{deployment['name']}-db"
    pairs = [
        volume("password", secret(name), PASSWORD_FOLDER, readOnly=True),
        volume("run", {"emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}, "/var/run/postgresql"),
        volume("tmp", {"emptyDir": {"sizeLimit": "1Gi"}}, "/tmp"),
        volume("shm", {"emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}}, "/dev/shm"),
    ]
    kept = {"persistentVolumeClaim": {"claimName": name}}
    data = {"emptyDir": {}} if deployment["storage"].get("ephemeral") else kept
    spec = {
        **pod_base(deployment, name, int(deployment["database"]["user_id"])),
        "containers": [_container(deployment, [mount for mount, _volume in pairs])],
        "volumes": [*(each for _mount, each in pairs), {"name": "data", **data}],
    }
    return {"metadata": {"labels": dict(labels), "annotations": {DIGEST: digest}}, "spec": spec}


def _container(deployment: Deployment, mounts: list[Object]) -> Object:
    ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-U", str(deployment["database"]["user"])]
    asked = {"exec": {"command": ready}, "timeoutSeconds": 5, "periodSeconds": 10}
    return {
        "name": "postgresql",
        "image": deployment["database_image"],
        "imagePullPolicy": deployment["image_pull_policy"],
        "command": start_command(),
        "env": [{"name": name, "value": value} for name, value in environment(deployment).items()],
        "ports": [{"name": "postgresql", "containerPort": DATABASE_PORT, "protocol": "TCP"}],
        "startupProbe": {**asked, "failureThreshold": 60},
        "livenessProbe": {**asked, "failureThreshold": 6},
        "readinessProbe": {**asked, "failureThreshold": 3},
        "resources": dict(deployment["resources"].get("db") or {}),
        "securityContext": container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [*mounts, {"name": "data", "mountPath": DATA}],
    }


def claim(storage: Mapping[str, Any]) -> Object:
    """The spec of the claim of the volume that keeps the data."""
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage.get("size") or "20Gi"}},
        **({"storageClassName": storage["class"]} if storage.get("class") else {}),
    }
