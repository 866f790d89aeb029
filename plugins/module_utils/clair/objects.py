# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every object of Clair on a cluster, from what is declared. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.database import (
    claim,
    database_pod,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.pod import (
    container_security,
    pod_base,
    secret,
    volume,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.clair.config import (
    API_PORT,
    DATABASE_DIR,
    INTROSPECTION_PORT,
    TLS_DIR,
    config,
)

Deployment = Mapping[str, Any]
Object = dict[str, Any]
# nobody, as the image of Clair says itself.
USER = 65534
DATABASE_PORT = 5432
CONFIG_FILE = "/etc/clair/config.yaml"
_COMPONENT, _INSTANCE = "app.kubernetes.io/component", "app.kubernetes.io/instance"


def kept_objects(deployment: Deployment) -> list[Object]:
    """What outlives Clair: the namespace, the secrets and the claim of the data. A set of its own."""
    objects = [_namespace(deployment)] if deployment["make_namespace"] else []
    objects.append(_secret(deployment, "credentials", deployment["secrets"]))
    if deployment["database"]["own"] and not deployment["storage"].get("ephemeral"):
        objects.append(_object(deployment, "v1", "PersistentVolumeClaim", "db", {"spec": claim(deployment["storage"])}))
    return objects


def clair_objects(deployment: Deployment) -> list[Object]:
    """What runs, ready to be applied as one set."""
    # JSON is YAML, and has one way to write a text.
    text = json.dumps(config(deployment), indent=2, sort_keys=True)
    spec = {
        "replicas": int(deployment["replicas"]),
        "selector": {"matchLabels": _selector(deployment, "clair")},
        "template": _pod(deployment, _digest(deployment, text)),
    }
    objects = [
        _secret(deployment, "config", {"config.yaml": text}),
        _account(deployment, "clair"),
        _object(deployment, "apps/v1", "Deployment", "clair", {"spec": spec}),
        _service(deployment, "clair", {"api": API_PORT}),
        _policy(deployment, "clair", _ingress(deployment), _egress(deployment)),
    ]
    return objects + (_database(deployment) if deployment["database"]["own"] else [])


def _pod(deployment: Deployment, digest: str) -> Object:
    name = deployment["name"]
    pairs = [
        volume("config", secret(f"{name}-config"), CONFIG_FILE, subPath="config.yaml", readOnly=True),
        volume("tmp", {"emptyDir": {"sizeLimit": deployment["scratch_size"]}}, "/tmp"),
    ]
    for key, path in ((deployment["tls_secret"], TLS_DIR), (deployment["database"]["ca_secret"], DATABASE_DIR)):
        if key:
            pairs.append(volume(path.rpartition("/")[2], secret(key), path, readOnly=True))
    asked: Object = {
        "httpGet": {"path": "/healthz", "port": "introspection"},
        "timeoutSeconds": 10,
        "periodSeconds": 10,
    }
    container = {
        "name": "clair",
        "image": deployment["image"],
        "imagePullPolicy": deployment["image_pull_policy"],
        "env": [
            {"name": "CLAIR_CONF", "value": CONFIG_FILE},
            {"name": "CLAIR_MODE", "value": "combo"},
            {"name": "TMPDIR", "value": "/tmp"},
        ],
        "ports": [_named("api", API_PORT), _named("introspection", INTROSPECTION_PORT)],
        # The first start makes the tables.
        "startupProbe": {**asked, "failureThreshold": 60},
        "livenessProbe": {**asked, "failureThreshold": 6},
        "readinessProbe": {**asked, "httpGet": {**asked["httpGet"], "path": "/readyz"}, "failureThreshold": 3},
        "resources": dict(deployment["resources"].get("clair") or {}),
        "securityContext": container_security(),
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [mount for mount, _volume in pairs],
    }
    spec = {**pod_base(deployment, f"{name}-clair", USER), "containers": [container]}
    return {
        "metadata": {"labels": _labels(deployment, "clair"), "annotations": {"bulkhead.io/clair-digest": digest}},
        "spec": {**spec, "volumes": [each for _mount, each in pairs]},
    }


def _database(deployment: Deployment) -> list[Object]:
    password = deployment["secrets"]["db_password"]
    labels = _labels(deployment, "db")
    spec: Object = {
        "serviceName": f"{deployment['name']}-db",
        "replicas": 1,
        "selector": {"matchLabels": _selector(deployment, "db")},
        "template": database_pod(deployment, labels=labels, digest=_digest(deployment, password)),
    }
    from_clair = [{"from": [{"podSelector": {"matchLabels": _selector(deployment, "clair")}}],
                   "ports": [{"protocol": "TCP", "port": DATABASE_PORT}]}]  # fmt: skip
    return [
        _account(deployment, "db"),
        _secret(deployment, "db", {"password": password}),
        _object(deployment, "apps/v1", "StatefulSet", "db", {"spec": spec}),
        _service(deployment, "db", {"postgresql": DATABASE_PORT}),
        _policy(deployment, "db", from_clair, []),
    ]


def _digest(deployment: Deployment, text: str) -> str:
    """Changes with what a pod reads when it starts. Keyed, so that nobody can try out what the secrets are."""
    key = deployment["secrets"]["digest_key"].encode()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def _ingress(deployment: Deployment) -> list[Object]:
    clients, scrapers = deployment["api_clients"], deployment["metrics_peers"]
    rules = [{"from": list(clients), "ports": [{"protocol": "TCP", "port": API_PORT}]}] if clients else []
    metrics = {"from": list(scrapers), "ports": [{"protocol": "TCP", "port": INTROSPECTION_PORT}]}
    return rules + ([metrics] if scrapers else [])


def _egress(deployment: Deployment) -> list[Object]:
    dns = {"namespaceSelector": {}, "podSelector": {"matchLabels": dict(deployment["dns_labels"])}}
    port = {"protocol": "TCP", "port": int(deployment["database"]["port"])}
    own = {"to": [{"podSelector": {"matchLabels": _selector(deployment, "db")}}]}
    return [
        {"to": [dns], "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]},
        # A policy knows no names, so that a database of one's own is known by its port.
        {**(own if deployment["database"]["own"] else {}), "ports": [port]},
        *deployment["egress"],
    ]


def _policy(deployment: Deployment, component: str, ingress: list[Object], egress: list[Object]) -> Object:
    spec = {
        "podSelector": {"matchLabels": _selector(deployment, component)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    }
    return _object(deployment, "networking.k8s.io/v1", "NetworkPolicy", component, {"spec": spec})


def _service(deployment: Deployment, component: str, ports: Mapping[str, int]) -> Object:
    rows = [{"name": name, "port": port, "targetPort": name, "protocol": "TCP"} for name, port in ports.items()]
    spec = {"type": "ClusterIP", "selector": _selector(deployment, component), "ports": rows}
    return _object(deployment, "v1", "Service", component, {"spec": spec})


def _named(name: str, port: int) -> Object:
    return {"name": name, "containerPort": port, "protocol": "TCP"}


def _account(deployment: Deployment, component: str) -> Object:
    return _object(deployment, "v1", "ServiceAccount", component, {"automountServiceAccountToken": False})


def _secret(deployment: Deployment, suffix: str, texts: Mapping[str, str]) -> Object:
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    return _object(deployment, "v1", "Secret", suffix, {"type": "Opaque", "data": data})


def _namespace(deployment: Deployment) -> Object:
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": deployment["namespace"], "labels": levels}}


def _object(deployment: Deployment, version: str, kind: str, suffix: str, more: Mapping[str, Any]) -> Object:
    metadata = {
        "name": f"{deployment['name']}-{suffix}",
        "namespace": deployment["namespace"],
        "labels": _labels(deployment, suffix),
    }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _selector(deployment: Deployment, component: str) -> dict[str, str]:
    return {_INSTANCE: deployment["name"], _COMPONENT: component}


def _labels(deployment: Deployment, component: str) -> dict[str, str]:
    known = {"app.kubernetes.io/name": "clair", "app.kubernetes.io/part-of": "bulkhead"}
    return {**known, **_selector(deployment, component)}
