# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects that run the webhook on a cluster, made of what is declared. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import (
    HEALTH,
    HTTPS,
    NAME_LABEL,
    AdmissionError,
    Declaration,
    merged,
    thing,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.pod import pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.settings import settings


def workload(declaration: Declaration) -> list[dict[str, Any]]:
    """All but how API servers come to ask it, for one set. Raises AdmissionError."""
    declared = merged(declaration)
    if not declared.get("image"):
        raise AdmissionError("image is missing: name the image of the webhook, by its digest (name@sha256:…)")
    text = json.dumps(settings(declared), indent=1, sort_keys=True) + "\n"
    objects = [_namespace(declared)] if declared["create_namespace"] else []
    objects += [
        thing(declared, "v1", "ServiceAccount", automountServiceAccountToken=False),
        thing(declared, "v1", "ConfigMap", "-config", data={"config.json": text}),
        thing(declared, "v1", "Secret", "-tls", type="Opaque", data=dict(declared["tls"])),
        thing(declared, "v1", "Secret", "-secrets", type="Opaque", data=dict(declared["secrets"])),
        thing(declared, "v1", "Service", spec=_service(declared)),
        thing(declared, "apps/v1", "Deployment", spec=_deployment(declared, text)),
    ]
    if declared["code"]:
        code = {path.replace("/", "."): content for path, content in declared["code"].items()}
        objects.append(thing(declared, "v1", "ConfigMap", "-code", data=code))
    if int(declared["replicas"]) > 1:
        budget = {"maxUnavailable": 1, "selector": {"matchLabels": _selector(declared)}}
        objects.append(thing(declared, declared["budget_version"], "PodDisruptionBudget", spec=budget))
    if declared["network_policy"]:
        objects.append(thing(declared, "networking.k8s.io/v1", "NetworkPolicy", spec=_network(declared)))
    return objects


def _selector(declared: Declaration) -> dict[str, str]:
    return {"app.kubernetes.io/name": declared["name"]}


def _namespace(declared: Declaration) -> dict[str, Any]:
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    # Before 1.21 nobody else sets the label with the name, by which the webhook leaves its own namespace alone.
    labels = {**levels, NAME_LABEL: declared["namespace"]}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": declared["namespace"], "labels": labels}}


def _service(declared: Declaration) -> dict[str, Any]:
    return {"selector": _selector(declared), "ports": [{"name": "https", "port": 443, "targetPort": "https"}]}


def _deployment(declared: Declaration, config: str) -> dict[str, Any]:
    sums = {"config": config, "code": json.dumps(declared["code"], sort_keys=True)}
    # Not of the secrets, which annotations would let others try out: the webhook reads them when they change.
    annotations = {f"bulkhead/{name}-sum": hashlib.sha256(text.encode()).hexdigest() for name, text in sums.items()}
    labels: Mapping[str, str] = thing(declared, "", "")["metadata"]["labels"]
    return {
        "replicas": int(declared["replicas"]),
        "revisionHistoryLimit": 3,
        "selector": {"matchLabels": _selector(declared)},
        "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": dict(labels), "annotations": annotations}, "spec": pod(declared)},
    }


def _network(declared: Declaration) -> dict[str, Any]:
    # API servers come from addresses of nodes, which no selector knows. TLS, and a client certificate, tell who it is.
    ingress: list[dict[str, Any]] = [{"ports": [{"port": HTTPS, "protocol": "TCP"}]}]
    if declared["metrics_from"]:
        ingress.append({"from": declared["metrics_from"], "ports": [{"port": HEALTH, "protocol": "TCP"}]})
    return {
        "podSelector": {"matchLabels": _selector(declared)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": declared["egress"],
    }
