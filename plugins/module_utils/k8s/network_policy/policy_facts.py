# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of one network policy: what it selects, what it lets through, and what in it does nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import Endpoint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import (
    PodPeer,
    Policy,
    Rule,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.traffic import (
    DIRECTIONS,
    Traffic,
)


def policy_facts(
    policy: Policy, traffic: Traffic, own: Sequence[Endpoint], everybody: Sequence[Endpoint]
) -> dict[str, Any]:
    """A subject of the scope network_policy. own: the kinds of pods in its namespace; everybody: those of the cluster.

    directions: those that it concerns. selects: whether a running pod is selected. selects_every_pod.
    {ingress,egress}_everywhere: ports at which any address is let through, as text. {ingress,egress}_every_namespace:
    ports at which every pod of the cluster is. dead_peers: peers that are no running pod. ports_without_protocol.
    ignored_rules: directions whose rules policyTypes leaves out. udp_dns_missing: port 53 is let out for TCP alone.
    """
    facts: dict[str, Any] = {
        "subject": {"kind": "NetworkPolicy", "name": policy.name, "namespace": policy.namespace},
        "directions": [direction for direction in DIRECTIONS if policy.rules(direction) is not None],
        "pod_selector": policy.pods.text,
        "namespace_has_pods": bool(own),
        "selects": any(pod.subject_to_policies and policy.pods.matches(pod.labels) for pod in own),
        "selects_every_pod": policy.pods.everything,
        "dead_peers": sorted(set(_dead_peers(policy, traffic, own, everybody))),
        "ports_without_protocol": sorted(set(_without_protocol(policy))),
        "ignored_rules": list(policy.ignored),
        "udp_dns_missing": _udp_dns_missing(policy),
    }
    for direction in DIRECTIONS:
        rules = policy.rules(direction) or ()
        facts[f"{direction}_everywhere"] = sorted({rule.ports_text for rule in rules if rule.everybody})
        facts[f"{direction}_every_namespace"] = sorted({rule.ports_text for rule in rules if _every_namespace(rule)})
    return facts


def _every_namespace(rule: Rule) -> bool:
    return any(isinstance(peer, PodPeer) and peer.everywhere for peer in rule.peers or ())


def _rules(policy: Policy) -> list[Rule]:
    return [*(policy.ingress or ()), *(policy.egress or ())]


def _dead_peers(policy: Policy, traffic: Traffic, own: Sequence[Endpoint], everybody: Sequence[Endpoint]) -> list[str]:
    peers = {peer for rule in _rules(policy) for peer in rule.peers or () if isinstance(peer, PodPeer)}
    return [
        peer.text
        for peer in peers
        if not any(traffic.is_peer(peer, policy, pod) for pod in (own if peer.namespaces is None else everybody))
    ]


def _without_protocol(policy: Policy) -> list[str]:
    return [port.text for rule in _rules(policy) for port in rule.ports or () if not port.explicit_protocol]


def _udp_dns_missing(policy: Policy) -> bool:
    """Names are asked over UDP: a rule for port 53 without a protocol is one for TCP, and lets few questions out."""
    rules = policy.egress or ()
    ports = [port for rule in rules for port in rule.ports or () if port.port == 53]
    if any(rule.ports is None for rule in rules):
        return False
    return bool(ports) and all(port.protocol != "UDP" for port in ports)
