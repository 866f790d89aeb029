# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that runs nats-server: no root, no capability, no token, nothing written but the data and the pid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Workload = Mapping[str, Any]

CONFIG_KEY = "nats.conf"
CONFIG_FILE = f"/etc/nats/config/{CONFIG_KEY}"
_PORTS = {"client": 4222, "cluster": 6222, "monitor": 8222}
_MOUNTS = {"config": "/etc/nats/config", "tls": "/etc/nats/tls", "data": "/data", "run": "/run/nats"}
_READ_ONLY = ("config", "tls")
_GRACE_SECONDS = 60


def pod_template(workload: Workload, *, labels: Mapping[str, str], digest: str, secret_config: bool) -> dict[str, Any]:
    """The template of the pods. Another digest makes them anew."""
    user = int(workload.get("user_id") or 1000)
    spec: dict[str, Any] = {
        "serviceAccountName": workload["name"],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "shareProcessNamespace": bool(workload.get("reloader_image")),
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "initContainers": [_validator(workload)],
        "containers": [_server(workload)],
        "volumes": _volumes(workload, secret_config),
    }
    if workload.get("reloader_image"):
        spec["containers"].append(_reloader(workload))
    if workload.get("image_pull_secrets"):
        spec["imagePullSecrets"] = [{"name": name} for name in workload["image_pull_secrets"]]
    if int(workload["replicas"]) > 1:
        spec["affinity"] = _apart(workload)
    return {
        "metadata": {"labels": dict(labels), "annotations": {"bulkhead.io/nats-config": digest}},
        "spec": spec,
    }


def _server(workload: Workload) -> dict[str, Any]:
    ports = [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in _PORTS.items()]
    probe = {"path": "/healthz", "port": "monitor", "scheme": "HTTP"}
    alive = {**probe, "path": "/healthz?js-enabled-only=true"}
    return {
        **_container(workload, "nats", ["--config", CONFIG_FILE], ("config", "tls", "data", "run")),
        "ports": ports,
        # JetStream may take long to read what it has kept; until then the server only is not ready.
        "startupProbe": {"httpGet": alive, "failureThreshold": 90, "periodSeconds": 2},
        "readinessProbe": {"httpGet": probe, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 3},
        "livenessProbe": {"httpGet": alive, "periodSeconds": 30, "timeoutSeconds": 5, "failureThreshold": 3},
        # The server first tells its clients to go elsewhere, and ends when they have.
        "lifecycle": {"preStop": {"exec": {"command": [*_command(workload), "--signal", "ldm=/run/nats/nats.pid"]}}},
        "resources": dict(workload.get("resources") or {}),
    }


def _validator(workload: Workload) -> dict[str, Any]:
    """What a wrong configuration says, it says here, while the pods that have a right one go on."""
    arguments = ["-t", "--config", CONFIG_FILE]
    return {
        **_container(workload, "validate", arguments, ("config", "tls", "data", "run")),
        "resources": dict(workload.get("resources") or {}),
    }


def _container(workload: Workload, name: str, arguments: list[str], mounts: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "image": workload["image"],
        "imagePullPolicy": workload.get("image_pull_policy") or "IfNotPresent",
        "command": [*_command(workload), *arguments],
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
        "volumeMounts": [_mount(mount) for mount in mounts],
        "securityContext": _confined(),
    }


def _command(workload: Workload) -> list[str]:
    return list(workload.get("command") or ["nats-server"])


def _reloader(workload: Workload) -> dict[str, Any]:
    """It looks at the files, which the kubelet brings up to date, and sends SIGHUP to the server."""
    watched = ["cert.pem", "key.pem", "ca.pem"]
    if int(workload["replicas"]) > 1:
        watched += [f"cluster-{name}" for name in watched]
    arguments = ["-pid", "/run/nats/nats.pid", "-config", CONFIG_FILE]
    for name in watched:
        arguments += ["-config", f"/etc/nats/tls/{name}"]
    return {
        "name": "reloader",
        "image": workload["reloader_image"],
        "imagePullPolicy": workload.get("image_pull_policy") or "IfNotPresent",
        "args": arguments,
        "volumeMounts": [_mount(mount) for mount in ("config", "tls", "run")],
        "securityContext": _confined(),
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
    }


def _confined() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def _mount(name: str) -> dict[str, Any]:
    return {"name": name, "mountPath": _MOUNTS[name], **({"readOnly": True} if name in _READ_ONLY else {})}


def _volumes(workload: Workload, secret_config: bool) -> list[dict[str, Any]]:
    name = workload["name"]
    config: dict[str, Any] = {"configMap": {"name": f"{name}-config"}}
    if secret_config:
        config = {"secret": {"secretName": f"{name}-config", "defaultMode": 0o440}}
    volumes = [
        {"name": "config", **config},
        {"name": "tls", "secret": {"secretName": f"{name}-tls", "defaultMode": 0o440}},
        {"name": "run", "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}},
    ]
    storage = workload.get("storage") or {}
    if storage.get("ephemeral"):
        volumes.append({"name": "data", "emptyDir": {"sizeLimit": storage.get("size") or "10Gi"}})
    return volumes


def _apart(workload: Workload) -> dict[str, Any]:
    """Two servers on one node would be lost together, and with them the majority."""
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": {"app.kubernetes.io/instance": workload["name"]}},
    }
    if workload.get("spread") == "preferred":
        weighed = {"weight": 100, "podAffinityTerm": term}
        return {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [weighed]}}
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
