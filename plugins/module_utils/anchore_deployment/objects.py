# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every object of Anchore Engine on a cluster, from what is declared. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.credentials import (
    environment_text,
    restart_digest,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.database import (
    claim,
    database_pod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.engine_config import (
    config_text,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.network import (
    database_policy,
    engine_policy,
    selector,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.pod import engine_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    DATABASE_PORT,
    SERVICES,
    Service,
)

Deployment = Mapping[str, Any]
Object = dict[str, Any]


def kept_objects(deployment: Deployment) -> list[Object]:
    """What outlives the engine: the namespace, the secrets and the claim of the data. A set of its own."""
    objects = [_namespace(deployment)] if deployment["make_namespace"] else []
    objects.append(_secret(deployment, "credentials", deployment["credentials"]))
    if deployment["database"]["own"] and not deployment["storage"].get("ephemeral"):
        objects.append(_object(deployment, "v1", "PersistentVolumeClaim", "db", {"spec": claim(deployment["storage"])}))
    return objects


def engine_objects(deployment: Deployment) -> list[Object]:
    """The engine, ready to be applied as one set. `credentials` are those that are kept, `files` PEM texts by name.

    Raises AnchoreDeploymentError for what cannot be meant.
    """
    name = deployment["name"]
    config = config_text(deployment, {each.component: f"{name}-{each.component}" for each in SERVICES})
    kept = deployment["credentials"]
    digest = restart_digest(kept, config, *(f"{key}={text}" for key, text in sorted(deployment["files"].items())))
    objects = [
        _secret(deployment, "config", {"config.yaml": config}),
        _secret(deployment, "env", {"anchore.env": environment_text(kept, deployment["database"])}),
    ]
    if deployment["files"]:
        objects.append(_secret(deployment, "tls", deployment["files"]))
    if deployment["database"]["own"]:
        objects += _database(deployment)
    return objects + [each for service in SERVICES for each in _service(service, deployment, digest)]


def _service(service: Service, deployment: Deployment, digest: str) -> list[Object]:
    component = service.component
    labels = _labels(deployment, component)
    spec = {
        "replicas": int(deployment["analyzers"]) if component == "analyzer" else 1,
        # Two catalogs at a time would do the same work twice.
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": selector(deployment, component)},
        "template": engine_pod(service, deployment, labels=labels, digest=digest),
    }
    objects = [
        _account(deployment, component),
        _object(deployment, "apps/v1", "Deployment", component, {"spec": spec}),
        _object(
            deployment,
            "networking.k8s.io/v1",
            "NetworkPolicy",
            component,
            {"spec": engine_policy(service, deployment)},
        ),
        _address(deployment, component, service.port),
    ]
    if component == "analyzer" and int(deployment["analyzers"]) > 1:
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": selector(deployment, component)}}
        version = deployment["budget_version"]
        objects.append(_object(deployment, version, "PodDisruptionBudget", component, {"spec": budget}))
    return objects


def _database(deployment: Deployment) -> list[Object]:
    labels, kept = _labels(deployment, "db"), deployment["credentials"]
    spec: Object = {
        "serviceName": f"{deployment['name']}-db",
        "replicas": 1,
        "selector": {"matchLabels": selector(deployment, "db")},
        "template": database_pod(deployment, labels=labels, digest=restart_digest(kept)),
    }
    return [
        _account(deployment, "db"),
        _secret(deployment, "db", {"password": kept["db_password"]}),
        _object(deployment, "apps/v1", "StatefulSet", "db", {"spec": spec}),
        _object(deployment, "networking.k8s.io/v1", "NetworkPolicy", "db", {"spec": database_policy(deployment)}),
        _address(deployment, "db", DATABASE_PORT),
    ]


def _address(deployment: Deployment, component: str, port: int) -> Object:
    kind = deployment["service_type"] if component == "api" else "ClusterIP"
    target = "postgresql" if component == "db" else "api"
    spec = {
        "type": kind,
        "selector": selector(deployment, component),
        "ports": [{"name": target, "port": port, "targetPort": target, "protocol": "TCP"}],
    }
    return _object(deployment, "v1", "Service", component, {"spec": spec})


def _account(deployment: Deployment, component: str) -> Object:
    return _object(deployment, "v1", "ServiceAccount", component, {"automountServiceAccountToken": False})


def _secret(deployment: Deployment, suffix: str, texts: Mapping[str, str]) -> Object:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return _object(deployment, "v1", "Secret", suffix, {"type": "Opaque", "data": data})


def _namespace(deployment: Deployment) -> Object:
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    labels = {**(deployment.get("labels") or {}), **levels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": deployment["namespace"], "labels": labels}}


def _object(deployment: Deployment, version: str, kind: str, suffix: str, more: Mapping[str, Any]) -> Object:
    metadata = {
        "name": f"{deployment['name']}-{suffix}",
        "namespace": deployment["namespace"],
        "labels": _labels(deployment, suffix),
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _labels(deployment: Deployment, component: str) -> dict[str, str]:
    known = {"app.kubernetes.io/name": "anchore-engine", "app.kubernetes.io/part-of": "bulkhead"}
    return {**(deployment.get("labels") or {}), **known, **selector(deployment, component)}
