# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pods of the engine's services: no root, no capability, no token, and nothing written but what they must."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    CERTIFICATES,
    CONFIG_FILE,
    SCRATCH,
    SERVICE_DIR,
    SMALL_FOLDERS,
    USER,
    Service,
    environment,
    speaks_tls,
    start_command,
)

Deployment = Mapping[str, Any]
Object = dict[str, Any]
DIGEST = "bulkhead.io/anchore-digest"


def engine_pod(service: Service, deployment: Deployment, *, labels: Mapping[str, str], digest: str) -> Object:
    """The template of a service's pods. Another digest makes them anew."""
    pairs = _volumes(deployment)
    container = {
        "name": service.component,
        "image": deployment["image"],
        "imagePullPolicy": deployment["image_pull_policy"],
        "args": start_command(service),
        "env": _environment(service, deployment),
        "ports": [{"name": "api", "containerPort": service.port, "protocol": "TCP"}],
        **_probes(service, deployment),
        "resources": dict(deployment["resources"].get(service.component) or {}),
        "securityContext": container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [mount for mount, _volume in pairs],
    }
    spec = {**pod_base(deployment, f"{deployment['name']}-{service.component}", USER), "containers": [container]}
    return {
        "metadata": {"labels": dict(labels), "annotations": {DIGEST: digest}},
        "spec": {**spec, "volumes": [volume for _mount, volume in pairs]},
    }


def pod_base(deployment: Deployment, account: str, user: int) -> Object:
    """What the pods of services and database have in common."""
    secrets = deployment.get("image_pull_secrets") or ()
    return {
        "serviceAccountName": account,
        "automountServiceAccountToken": False,
        # Kubernetes would add ANCHORE_API_PORT and others, and the engine puts such variables into its configuration.
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **({"imagePullSecrets": [{"name": name} for name in secrets]} if secrets else {}),
        **({"nodeSelector": dict(deployment["node_selector"])} if deployment.get("node_selector") else {}),
        **({"tolerations": list(deployment["tolerations"])} if deployment.get("tolerations") else {}),
    }


def container_security() -> Object:
    """What no container of ours may do."""
    return {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}


def volume(name: str, source: Object, path: str, **more: Any) -> tuple[Object, Object]:
    """(mount, volume)."""
    return {"name": name, "mountPath": path, **more}, {"name": name, **source}


def secret(name: str, mode: int = 0o440) -> Object:
    """The source of a volume whose files are those of a Secret."""
    return {"secret": {"secretName": name, "defaultMode": mode}}


def _environment(service: Service, deployment: Deployment) -> list[Object]:
    plain = [{"name": name, "value": value} for name, value in environment(service, deployment).items()]
    own = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    return [*plain, {"name": "ANCHORE_HOST_ID", "valueFrom": own}]


def _probes(service: Service, deployment: Deployment) -> Object:
    scheme = "HTTPS" if speaks_tls(service, deployment) else "HTTP"
    asked = {"httpGet": {"path": "/health", "port": "api", "scheme": scheme}, "timeoutSeconds": 10, "periodSeconds": 10}
    return {
        # At the first start a service waits for the database and its tables, and an upgrade may take long.
        "startupProbe": {**asked, "failureThreshold": 180},
        "livenessProbe": {**asked, "failureThreshold": 6},
        "readinessProbe": {**asked, "failureThreshold": 3},
    }


def _volumes(deployment: Deployment) -> list[tuple[Object, Object]]:
    name = deployment["name"]
    small = {"emptyDir": {"sizeLimit": "1Gi"}}
    pairs = [
        volume("config", secret(f"{name}-config"), CONFIG_FILE, subPath="config.yaml", readOnly=True),
        volume("secrets", secret(f"{name}-env"), "/run/secrets/anchore", readOnly=True),
        volume("service", {"emptyDir": {"sizeLimit": deployment["service_size"]}}, SERVICE_DIR),
        volume("scratch", {"emptyDir": {"sizeLimit": deployment["scratch_size"]}}, SCRATCH),
        *(volume(each, dict(small), path) for each, path in SMALL_FOLDERS.items()),
    ]
    if certificates_secret(deployment):
        pairs.append(volume("certificates", secret(certificates_secret(deployment)), CERTIFICATES, readOnly=True))
    return pairs


def certificates_secret(deployment: Deployment) -> str:
    """The Secret with cert.pem, key.pem and authorities; empty where there is none."""
    made = f"{deployment['name']}-tls" if deployment["files"] else ""
    return str(deployment.get("tls_secret") or made)
