# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scope `kubelet`: the configuration that each runs with, through the API server's proxy.

That proxy reaches everything that the kubelet serves, so that it is used when asked for alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster, Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.kubelet import (
    DERIVED,
    FIELDS,
    kubelet_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

Facts = dict[str, Any]

NOT_ASKED = (
    "A kubelet's configuration is read through nodes/proxy, a powerful permission: set kubelet_configz to do so."
)


def list_nodes(cluster: Cluster) -> list[Facts]:
    """The Node objects. Raises K8sError."""
    return [node for page in cluster.pages("/api/v1/nodes") for node in page.get("items") or ()]


def collect_kubelets(cluster: Cluster, nodes: list[Facts]) -> list[Facts]:
    """A subject a node; what cannot be read of one is in its `unknown`."""
    return in_parallel(partial(_kubelet, cluster), nodes)


def _kubelet(cluster: Cluster, node: Mapping[str, Any]) -> Facts:
    name = str(node["metadata"]["name"])
    subject = {"subject": {"kind": "Node", "name": name}}
    try:
        answer = cluster.get(f"/api/v1/nodes/{name}/proxy/configz")
        configuration = answer["kubeletconfig"]
    except (K8sError, KeyError, TypeError) as exc:
        reason = str(exc) if isinstance(exc, K8sError) else f"{name}: its /configz holds no configuration"
        return {**subject, "unknown": dict.fromkeys((*FIELDS, *DERIVED), reason)}
    return {**subject, **kubelet_facts(configuration, node_version(node)), "unknown": {}}


def node_version(node: Mapping[str, Any]) -> Version:
    """The version of a node's kubelet."""
    text = str(((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion") or "v0.0")
    parts = [part for part in text.lstrip("v").split(".")[:2] if part.isdigit()]
    major, minor = map(int, parts) if len(parts) == 2 else (0, 0)
    return Version(major, minor, text)
