# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falcosidekick, which takes Falco's alerts and passes them on to many kinds of receivers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.network import (
    dns,
    policy,
    port,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.pod import labels

Object = dict[str, Any]
Options = Mapping[str, Any]
NAME = "falcosidekick"
PORT = 2801
_CONFIG = "/etc/falcosidekick/config.yaml"


def sidekick_objects(options: Options) -> list[Object]:
    """Its account, configuration, pods, Service and network policy. `sidekick`: image, config, replicas, tls_secret."""
    sidekick = options["sidekick"]
    content = json.dumps(sidekick["config"], sort_keys=True)  # JSON is YAML
    metadata = {"name": NAME, "namespace": options["namespace"], "labels": labels(NAME)}
    selector = {"app.kubernetes.io/name": NAME}
    secret = {"config.yaml": base64.b64encode(content.encode()).decode()}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False},
        {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": secret},
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": sidekick["replicas"],
                "selector": {"matchLabels": selector},
                "template": _template(options, hashlib.sha256(content.encode()).hexdigest()),
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": selector, "ports": [{"name": "alerts", "port": PORT, "targetPort": "alerts"}]},
        },
        *_policies(options),
    ]


def sidekick_url(options: Options) -> str:
    """Where Falco reaches it: over TLS where it has a certificate."""
    scheme = "https" if options["sidekick"].get("tls_secret") else "http"
    return f"{scheme}://{NAME}.{options['namespace']}.svc:{PORT}/"


def _policies(options: Options) -> list[Object]:
    if not options["network_policy"]:
        return []
    falco = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "falco"}}}
    ingress: Object = {"from": [falco], "ports": [port(PORT)]}
    # Whom it tells stands in its configuration, in seventy forms; its egress is what the user declares.
    return [policy(options["namespace"], NAME, [ingress], [dns(options), *options["sidekick"]["egress"]])]


def _template(options: Options, checksum: str) -> Object:
    sidekick = options["sidekick"]
    mounts: list[Object] = [{"name": "config", "mountPath": "/etc/falcosidekick", "readOnly": True}]
    volumes: list[Object] = [{"name": "config", "secret": {"secretName": NAME, "defaultMode": 0o440}}]
    if sidekick.get("tls_secret"):
        mounts.append({"name": "tls", "mountPath": "/etc/certs", "readOnly": True})
        volumes.append({"name": "tls", "secret": {"secretName": sidekick["tls_secret"], "defaultMode": 0o440}})
    container = {
        "name": NAME,
        "image": sidekick["image"],
        "imagePullPolicy": options["image_pull_policy"],
        "args": ["-c", _CONFIG],
        "ports": [{"name": "alerts", "containerPort": PORT, "protocol": "TCP"}],
        # Behind TLS it answers /ping without TLS elsewhere, where that is configured; that it listens is told by both.
        "readinessProbe": {"tcpSocket": {"port": "alerts"}, "periodSeconds": 10},
        "livenessProbe": {"tcpSocket": {"port": "alerts"}, "periodSeconds": 20},
        "resources": sidekick["resources"],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": mounts,
    }
    identity = {"runAsNonRoot": True, "runAsUser": 1234, "runAsGroup": 1234, "fsGroup": 1234}
    return {
        "metadata": {"labels": labels(NAME), "annotations": {"bulkhead.io/config": checksum}},
        "spec": {
            "serviceAccountName": NAME,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": {**identity, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": volumes,
        },
    }
