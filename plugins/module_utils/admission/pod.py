# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod of the webhook: restricted, without a token, its files read-only. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import (
    ETC,
    HEALTH,
    HTTPS,
    Declaration,
)

CODE = "/opt/bulkhead-admission"
_USER = 65532
_ENVIRONMENT = [{"name": "PYTHONDONTWRITEBYTECODE", "value": "1"}, {"name": "PYTHONUNBUFFERED", "value": "1"}]


def pod(declared: Declaration) -> dict[str, Any]:
    """The spec of the pods."""
    found = {
        "serviceAccountName": declared["name"],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 45,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [_apart(declared)]}},
        "containers": [_container(declared)],
        "volumes": _volumes(declared),
        "imagePullSecrets": [{"name": name} for name in declared["image_pull_secrets"]],
        "nodeSelector": declared["node_selector"],
        "tolerations": declared["tolerations"],
        "priorityClassName": declared["priority_class"],
    }
    return {key: value for key, value in found.items() if value not in ("", [], {})}


def _apart(declared: Declaration) -> dict[str, Any]:
    selector = {"matchLabels": {"app.kubernetes.io/name": declared["name"]}}
    return {"weight": 100, "podAffinityTerm": {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}}


def _container(declared: Declaration) -> dict[str, Any]:
    return {
        "name": "webhook",
        "image": declared["image"],
        "imagePullPolicy": declared["image_pull_policy"],
        "command": declared["command"],
        "args": ["--config", f"{ETC}/config/config.json"],
        **({"workingDir": CODE} if declared["code"] else {}),
        "env": _ENVIRONMENT,
        "ports": [{"name": "https", "containerPort": HTTPS}, {"name": "health", "containerPort": HEALTH}],
        "resources": declared["resources"],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "startupProbe": _probe("/healthz", periodSeconds=1, failureThreshold=60),
        "livenessProbe": _probe("/healthz", periodSeconds=10, failureThreshold=6),
        "readinessProbe": _probe("/readyz", periodSeconds=2, failureThreshold=2),
        "volumeMounts": _mounts(declared),
    }


def _probe(path: str, **more: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "health"}, "timeoutSeconds": 5, **more}


def _mounts(declared: Declaration) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "mountPath": f"{ETC}/{name}", "readOnly": True} for name in ("config", "tls", "secrets")
    ]
    found.append({"name": "tmp", "mountPath": "/tmp"})
    return found + ([{"name": "code", "mountPath": CODE, "readOnly": True}] if declared["code"] else [])


def _volumes(declared: Declaration) -> list[dict[str, Any]]:
    name = declared["name"]
    found: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": f"{name}-config"}},
        # 0440: the group is that of the pod.
        {"name": "tls", "secret": {"secretName": f"{name}-tls", "defaultMode": 0o440}},
        {"name": "secrets", "secret": {"secretName": f"{name}-secrets", "defaultMode": 0o440}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
    ]
    if declared["code"]:
        # The keys of a ConfigMap have no slash.
        items = [{"key": path.replace("/", "."), "path": path} for path in sorted(declared["code"])]
        found.append({"name": "code", "configMap": {"name": f"{name}-code", "items": items}})
    return found
