# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may connect to the pods of NATS, as a NetworkPolicy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLIENT, _CLUSTER, _MONITOR, _DNS = 4222, 6222, 8222, 53


def network_policy(workload: Mapping[str, Any], cluster: bool, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Clients reach the port for clients, monitors that for monitoring, pods each other; the pods reach nobody else.

    `clients` and `monitors` are lists of NetworkPolicyPeers. The kubelet's probes pass any policy.
    """
    selector = {"matchLabels": {"app.kubernetes.io/instance": workload["name"]}}
    ingress = [_rule("from", list(workload["clients"]), _CLIENT)] if workload.get("clients") else []
    if workload.get("monitors"):
        ingress.append(_rule("from", list(workload["monitors"]), _MONITOR))
    egress: list[dict[str, Any]] = []
    if cluster:
        ingress.append(_rule("from", [{"podSelector": selector}], _CLUSTER))
        egress.append(_rule("to", [{"podSelector": selector}], _CLUSTER))
        # Routes are names.
        egress.append({"ports": [{"port": _DNS, "protocol": protocol} for protocol in ("UDP", "TCP")]})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": dict(metadata),
        "spec": {
            "podSelector": selector,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def _rule(side: str, peers: list[Any], port: int) -> dict[str, Any]:
    return {side: peers, "ports": [{"port": port, "protocol": "TCP"}]}
