# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network policies that do what they seem to do, and such that do not."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.cast.members import Member, labelled
from tests.lab.kubernetes.cast.namespaces import FAULTY, SHOP, WORKSHOP

_PREFIX = "k8s.network_policy."
_WEB = {"podSelector": {"matchLabels": {"app": "web"}}}
_UDP, _TCP = ({"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP"))
_DNS_PODS = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
_HTTP = {"ports": [{"port": 8080}]}


def _policy(name: str, namespace: str, fails: tuple[str, ...], **spec: Any) -> Member:
    """A network policy; for every pod of the namespace where `spec` does not say otherwise."""
    body = {"podSelector": {}, **spec}
    made = labelled("NetworkPolicy", name, namespace, api="networking.k8s.io/v1", spec=body)
    return Member("NetworkPolicy", name, namespace, (made,), fails, _PREFIX)


def _faulty(name: str, fails: tuple[str, ...], **spec: Any) -> Member:
    return _policy(name, FAULTY, fails, **{**_WEB, **spec})


POLICIES: tuple[Member, ...] = (
    _policy("deny", WORKSHOP, (), policyTypes=["Ingress", "Egress"]),
    # The lab has no DNS server.
    _policy(
        "allow-dns",
        WORKSHOP,
        ("dead_peers",),
        policyTypes=["Egress"],
        egress=[{"to": [_DNS_PODS], "ports": [_UDP, _TCP]}],
    ),
    _policy("web", SHOP, ("ingress_from_anywhere",), **_WEB, ingress=[_HTTP]),
    _faulty("kept", (), ingress=[{"from": [_WEB], **_HTTP}]),
    _faulty("selects-nothing", ("selects_nothing",), podSelector={"matchLabels": {"app": "gone"}}),
    _faulty("from-every-namespace", ("ingress_from_every_namespace",), ingress=[{"from": [{"namespaceSelector": {}}]}]),
    _faulty(
        "from-a-peer-that-is-gone",
        ("dead_peers",),
        ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "gone"}}}]}],
    ),
    _faulty(
        "to-every-address",
        ("egress_to_anywhere",),
        policyTypes=["Egress"],
        egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}],
    ),
    _faulty("rules-left-out", ("ignored_rules",), policyTypes=["Ingress"], egress=[{"to": [_WEB]}]),
    _faulty("dns-by-tcp-alone", ("dns_over_udp",), policyTypes=["Egress"], egress=[{"to": [_WEB], "ports": [_TCP]}]),
)
