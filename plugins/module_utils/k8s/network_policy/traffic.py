# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether policies let one endpoint talk to another: the rules of NetworkPolicy, to the letter.

Policies add up: a pod that a policy selects for a direction is isolated in it, and then only what some rule of some
such policy lets through may pass. A connection needs the egress of its source and the ingress of its destination.
A pod may always talk to itself, and a node to the pods that it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import Endpoint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import (
    BlockPeer,
    Peer,
    Policy,
    PolicyPort,
    Rule,
)

Namespaces = Mapping[str, Mapping[str, str]]
DIRECTIONS = ("ingress", "egress")


class Traffic:
    """The policies of a cluster, and the labels of its namespaces by name."""

    def __init__(self, namespaces: Namespaces, policies: Iterable[Policy]) -> None:
        self._namespaces = namespaces
        self._by_namespace: dict[str, list[Policy]] = {}
        for policy in policies:
            self._by_namespace.setdefault(policy.namespace, []).append(policy)

    def policies(self, namespace: str) -> list[Policy]:
        """Those of a namespace."""
        return self._by_namespace.get(namespace, [])

    def isolating(self, pod: Endpoint, direction: str) -> list[Policy]:
        """The policies by which a pod is isolated for `ingress` or `egress`; none for what no policy concerns."""
        if not pod.subject_to_policies or pod.namespace is None:
            return []
        return [
            policy
            for policy in self.policies(pod.namespace)
            if policy.rules(direction) is not None and policy.pods.matches(pod.labels)
        ]

    def allowed(self, source: Endpoint, destination: Endpoint, port: int, protocol: str = "TCP") -> bool:
        """Whether a connection may be made. A named port in a rule is looked up in the destination."""
        if _always_allowed(source, destination):
            return True
        return not self.denied(source, destination, port, protocol)

    def denied(self, source: Endpoint, destination: Endpoint, port: int, protocol: str = "TCP") -> list[str]:
        """The directions in which policies stop a connection: `egress` at its source, `ingress` at the other end."""
        sides = {"egress": (source, destination), "ingress": (destination, source)}
        return [
            direction
            for direction, (pod, peer) in sides.items()
            if not self._lets_through(pod, peer, direction, destination, (port, protocol))
        ]

    def _lets_through(
        self, pod: Endpoint, peer: Endpoint, direction: str, destination: Endpoint, port: tuple[int, str]
    ) -> bool:
        isolating = self.isolating(pod, direction)
        return not isolating or any(
            port_allowed(rule, destination, port) and self.peer_allowed(rule, policy, peer)
            for policy in isolating
            for rule in policy.rules(direction) or ()
        )

    def peer_allowed(self, rule: Rule, policy: Policy, endpoint: Endpoint) -> bool:
        """Whether an endpoint is among the peers of a rule."""
        return rule.peers is None or any(self.is_peer(peer, policy, endpoint) for peer in rule.peers)

    def is_peer(self, peer: Peer, policy: Policy, endpoint: Endpoint) -> bool:
        """Whether a peer of a rule is, or includes, this endpoint."""
        if isinstance(peer, BlockPeer):
            return any(peer.holds(ip) for ip in endpoint.ips)
        if not endpoint.subject_to_policies or endpoint.namespace is None:
            return False
        if peer.namespaces is None:
            return endpoint.namespace == policy.namespace and peer.pods.matches(endpoint.labels)
        labels = self._namespaces.get(endpoint.namespace, {})
        return peer.namespaces.matches(labels) and peer.pods.matches(endpoint.labels)


def _always_allowed(source: Endpoint, destination: Endpoint) -> bool:
    if source is destination:
        return True
    if source.namespace is not None and (source.namespace, source.name) == (destination.namespace, destination.name):
        return True
    # What runs in a node's network is the node: it reaches its own pods, and they reach it.
    same_node = bool(source.node) and source.node == destination.node
    return same_node and (source.host_network or destination.host_network)


def port_allowed(rule: Rule, destination: Endpoint, wanted: tuple[int, str]) -> bool:
    """Whether a rule lets a (port, protocol) of the destination through."""
    return rule.ports is None or any(_is_port(port, destination, wanted) for port in rule.ports)


def _is_port(port: PolicyPort, destination: Endpoint, wanted: tuple[int, str]) -> bool:
    number, protocol = wanted
    if port.protocol != protocol:
        return False
    if port.port is None:
        return True
    if isinstance(port.port, str):
        return destination.ports.get((port.port, protocol)) == number
    return port.port <= number <= port.end if port.end is not None else port.port == number
