# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Namespaces of every kind, and the network policies that cover some of them, or seem to."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.cast.members import Member, labelled

WORKSHOP = "cast-workshop"
"""Where the workloads are: its policies cover every pod, both ways, so that no finding there is about the network."""
SHOP = "cast-shop"

_ENFORCE = "pod-security.kubernetes.io/enforce"
_PREFIX = "k8s.namespace."
_NETWORKING = "networking.k8s.io/v1"
_UNCOVERED = ("network_policy", "default_deny_ingress", "default_deny_egress")


def policy(name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    """A network policy; by default for every pod of the namespace."""
    return labelled("NetworkPolicy", name, namespace, api=_NETWORKING, spec={"podSelector": {}, **spec})


def _namespace(name: str, fails: tuple[str, ...], *more: dict[str, Any], level: str = "") -> Member:
    labels = {_ENFORCE: level} if level else {}
    return Member("Namespace", name, "", (labelled("Namespace", name, labels=labels), *more), fails, _PREFIX)


def _deny(namespace: str, *directions: str) -> dict[str, Any]:
    return policy(f"deny-{'-'.join(directions).lower()}", namespace, policyTypes=list(directions))


def _quota(namespace: str) -> dict[str, Any]:
    return labelled("ResourceQuota", "quota", namespace, spec={"hard": {"pods": "200"}})


_DNS = {
    "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
}


def _allow_dns(namespace: str) -> dict[str, Any]:
    return policy("allow-dns", namespace, policyTypes=["Egress"], egress=[_DNS])


NAMESPACES: tuple[Member, ...] = (
    _namespace(
        WORKSHOP,
        (),
        _deny(WORKSHOP, "Ingress", "Egress"),
        _allow_dns(WORKSHOP),
        _quota(WORKSHOP),
        level="privileged",
    ),
    # Nothing runs in these yet, and nothing would keep from the network what will.
    _namespace("cast-unlabelled", _UNCOVERED),
    _namespace("cast-baseline", _UNCOVERED, level="baseline"),
    _namespace("cast-restricted", _UNCOVERED, level="restricted"),
    # Policies that cover some pods, or one direction.
    _namespace(
        SHOP,
        ("default_deny_ingress", "default_deny_egress"),
        policy("web", SHOP, podSelector={"matchLabels": {"app": "web"}}, ingress=[{"ports": [{"port": 8080}]}]),
        _quota(SHOP),
        level="restricted",
    ),
    _namespace("cast-open", _UNCOVERED, _quota("cast-open"), level="restricted"),
)
