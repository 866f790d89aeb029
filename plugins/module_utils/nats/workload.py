# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that run NATS on Kubernetes, made of what is declared. Pure.

One StatefulSet of one or of three pods, two Services, what they read, and who may connect to them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config import nats_config, restart_digest
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.declaration import known, merged
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.network import network_policy
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.pod import CONFIG_KEY, pod_template

Settings = Mapping[str, Any]

WORKLOAD = (
    "name",
    "namespace",
    "make_namespace",
    "replicas",
    "image",
    "image_pull_policy",
    "image_pull_secrets",
    "command",
    "reloader_image",
    "cluster_domain",
    "storage",
    "resources",
    "labels",
    "user_id",
    "spread",
    "budget_version",
    "clients",
    "monitors",
    "service_type",
    "server",
    "files",
)
"""What is declared of the workload; `server` is what nats_config takes, `files` are the TLS files by name."""
CLIENT, CLUSTER, MONITOR = 4222, 6222, 8222
_TLS = "/etc/nats/tls"


def server_settings(workload: Settings) -> dict[str, Any]:
    """The declaration of the server with what the pod decides: addresses, paths and routes."""
    name, replicas = workload["name"], int(workload["replicas"])
    settings = {
        **workload["server"],
        # The server reads it from the environment of the pod, so that one text serves all pods.
        "server_name": "$POD_NAME",
        "listen": f"0.0.0.0:{CLIENT}",
        "monitor": f"0.0.0.0:{MONITOR}",
        "pid_file": "/run/nats/nats.pid",
        "tls": {**_tls_files(""), **(workload["server"].get("tls") or {})},
        "jetstream": {"store_dir": "/data", **(workload["server"].get("jetstream") or {})},
    }
    if replicas > 1:
        host = f"{name}-headless.{workload['namespace']}.svc"
        routes = [f"tls://{name}-{index}.{host}:{CLUSTER}" for index in range(replicas)]
        settings["cluster"] = {
            "name": name,
            "listen": f"0.0.0.0:{CLUSTER}",
            "routes": routes,
            "tls": _tls_files("cluster-"),
        }
    return settings


def _tls_files(prefix: str) -> dict[str, str]:
    return {f"{part}_file": f"{_TLS}/{prefix}{part}.pem" for part in ("cert", "key", "ca")}


def certificate_names(name: str, namespace: str, cluster_domain: str) -> list[str]:
    """The names by which clients and the other pods reach a server."""
    service = f"{name}.{namespace}.svc"
    headless = f"{name}-headless.{namespace}.svc"
    names = [name, f"{name}.{namespace}", service, f"{service}.{cluster_domain}"]
    return [*names, f"*.{headless}", f"*.{headless}.{cluster_domain}", "localhost", "127.0.0.1"]


def nats_objects(workload: Settings) -> list[dict[str, Any]]:
    """Every object, for one set. Raises NatsError for a declaration that cannot be meant."""
    known(workload, WORKLOAD, "")
    replicas = int(workload["replicas"])
    if replicas not in (1, 3, 5):
        raise NatsError(f"replicas is {replicas}: JetStream decides by majority, with 1, 3 or 5 servers")
    if not workload.get("image"):
        raise NatsError("image is missing: name the image of nats-server, best by its digest (nats@sha256:…)")
    text = configuration(workload)
    objects = [_namespace(workload)] if workload.get("make_namespace") else []
    objects += [
        _object(workload, "v1", "ServiceAccount", "", {"automountServiceAccountToken": False}),
        _tls_secret(workload),
        _config_object(workload, text),
        _service(workload, headless=False),
        _service(workload, headless=True),
        _stateful_set(workload, text),
        network_policy(workload, replicas > 1, _metadata(workload, "")),
    ]
    return objects + ([_disruption_budget(workload)] if replicas > 1 else [])


def configuration(workload: Settings) -> str:
    """The text that every pod reads. The name of the pod is a variable, which only stands without quotes."""
    return nats_config(server_settings(workload)).replace('server_name: "$POD_NAME"', "server_name: $POD_NAME")


def keeps_secrets(workload: Settings) -> bool:
    """Whether the configuration holds what must not be shown. A public nkey is no secret, the hash of a password is."""
    return any(
        user.get("auth") == "password"
        for account in merged(workload["server"])["accounts"]
        for user in account.get("users") or ()
    )


def _metadata(workload: Settings, suffix: str) -> dict[str, Any]:
    labels = {**(workload.get("labels") or {}), "app.kubernetes.io/name": "nats", **_selector(workload)}
    return {"name": workload["name"] + suffix, "namespace": workload["namespace"], "labels": labels}


def _selector(workload: Settings) -> dict[str, str]:
    return {"app.kubernetes.io/instance": workload["name"]}


def _object(workload: Settings, version: str, kind: str, suffix: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": _metadata(workload, suffix), **more}


def _namespace(workload: Settings) -> dict[str, Any]:
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": workload["namespace"], "labels": {**(workload.get("labels") or {}), **labels}},
    }


def _tls_secret(workload: Settings) -> dict[str, Any]:
    data = {name: base64.b64encode(text.encode()).decode() for name, text in (workload.get("files") or {}).items()}
    return _object(workload, "v1", "Secret", "-tls", {"type": "Opaque", "data": data})


def _config_object(workload: Settings, text: str) -> dict[str, Any]:
    if keeps_secrets(workload):
        data = {CONFIG_KEY: base64.b64encode(text.encode()).decode()}
        return _object(workload, "v1", "Secret", "-config", {"type": "Opaque", "data": data})
    return _object(workload, "v1", "ConfigMap", "-config", {"data": {CONFIG_KEY: text}})


def _service(workload: Settings, *, headless: bool) -> dict[str, Any]:
    ports = [{"name": "client", "port": CLIENT, "targetPort": "client", "protocol": "TCP"}]
    spec: dict[str, Any] = {"selector": _selector(workload), "ports": ports}
    if not headless:
        spec["type"] = workload.get("service_type") or "ClusterIP"
        return _object(workload, "v1", "Service", "", {"spec": spec})
    ports += [
        {"name": "cluster", "port": CLUSTER, "targetPort": "cluster", "protocol": "TCP"},
        {"name": "monitor", "port": MONITOR, "targetPort": "monitor", "protocol": "TCP"},
    ]
    # Servers have to find each other before any of them is ready.
    spec.update(clusterIP="None", publishNotReadyAddresses=True)
    return _object(workload, "v1", "Service", "-headless", {"spec": spec})


def _disruption_budget(workload: Settings) -> dict[str, Any]:
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": _selector(workload)}}
    version = str(workload.get("budget_version") or "policy/v1")
    return _object(workload, version, "PodDisruptionBudget", "", {"spec": spec})


def _stateful_set(workload: Settings, text: str) -> dict[str, Any]:
    storage = workload.get("storage") or {}
    spec: dict[str, Any] = {
        "serviceName": f"{workload['name']}-headless",
        "replicas": int(workload["replicas"]),
        # A cluster that starts anew needs a majority, which pods that wait for each other never have.
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": _selector(workload)},
        "template": pod_template(
            workload,
            labels=_metadata(workload, "")["labels"],
            digest=_digest(workload, text),
            secret_config=keeps_secrets(workload),
        ),
    }
    if not storage.get("ephemeral"):
        spec["volumeClaimTemplates"] = [_claim(storage)]
    return _object(workload, "apps/v1", "StatefulSet", "", {"spec": spec})


def _claim(storage: Mapping[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": storage.get("size") or "10Gi"}},
    }
    if storage.get("class"):
        spec["storageClassName"] = storage["class"]
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}


def _digest(workload: Settings, text: str) -> str:
    """Pods are made anew when this changes. A reloader beside the server takes care of what a reload is enough for."""
    if workload.get("reloader_image"):
        return restart_digest(text)
    whole = [text, json.dumps(workload.get("files") or {}, sort_keys=True)]
    return hashlib.sha256("\n".join(whole).encode()).hexdigest()[:16]
