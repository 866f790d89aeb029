# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pod whose egress is isolated can still ask the cluster's DNS."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import Endpoint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import (
    BlockPeer,
    Rule,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.traffic import (
    Traffic,
    port_allowed,
)

# The label that CoreDNS and kube-dns pods bear in every distribution.
DNS_NAMESPACE = "kube-system"
DNS_LABELS = {"k8s-app": "kube-dns"}
_PORT = (53, "UDP")


def dns_allowed(traffic: Traffic, pod: Endpoint) -> bool:
    """Whether UDP port 53 of the cluster's DNS pods is let through, or of any block of addresses.

    A block counts whatever it holds, because a node-local cache has an address of the node's choice.
    """
    server = Endpoint(DNS_NAMESPACE, "dns", labels=DNS_LABELS)
    isolating = traffic.isolating(pod, "egress")
    return not isolating or any(
        port_allowed(rule, server, _PORT) and (traffic.peer_allowed(rule, policy, server) or _names_a_block(rule))
        for policy in isolating
        for rule in policy.egress or ()
    )


def _names_a_block(rule: Rule) -> bool:
    return any(isinstance(peer, BlockPeer) for peer in rule.peers or ())
