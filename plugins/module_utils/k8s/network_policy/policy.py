# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkPolicy objects (networking.k8s.io/v1) in the form in which they are judged. Pure: plain objects in.

Other kinds of policy (AdminNetworkPolicy, those of a network plugin) are no NetworkPolicy and are never read as one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.label_selector import (
    EVERYTHING,
    Selector,
    selector_from,
)

GROUP = "networking.k8s.io"
IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


@dataclass(frozen=True)
class PodPeer:
    """Pods of the policy's own namespace (`namespaces` None), or of the namespaces that a selector selects."""

    namespaces: Selector | None
    pods: Selector = EVERYTHING

    @property
    def everywhere(self) -> bool:
        """Whether these are all pods of all namespaces."""
        return self.namespaces is not None and self.namespaces.everything and self.pods.everything

    @property
    def text(self) -> str:
        """As a person would name them."""
        where = "the own namespace" if self.namespaces is None else f"namespaces {self.namespaces.text}"
        return f"pods {self.pods.text} of {where}"


@dataclass(frozen=True)
class BlockPeer:
    """Addresses of a block but for those of the excepted ones. `network` is None where the block is no CIDR."""

    network: IPNetwork | None
    excepted: tuple[IPNetwork, ...] = ()

    @property
    def everywhere(self) -> bool:
        """Whether it is every address of its family, some excepted or not."""
        return self.network is not None and self.network.prefixlen == 0

    def holds(self, ip: str) -> bool:
        """Whether an address is in the block."""
        address = _address(ip)
        if address is None or self.network is None or address not in self.network:
            return False
        return not any(address in network for network in self.excepted)

    @property
    def text(self) -> str:
        """As a person would name it."""
        beside = f" except {', '.join(map(str, self.excepted))}" if self.excepted else ""
        return f"{self.network}{beside}"


Peer = Union[PodPeer, BlockPeer]


@dataclass(frozen=True)
class PolicyPort:
    """A port of a rule: a number, a name that a container of the destination gives its port, or None for all."""

    protocol: str
    port: int | str | None
    end: int | None = None
    explicit_protocol: bool = True

    @property
    def text(self) -> str:
        """Such as 80/TCP or 8000-8100/TCP."""
        last = f"-{self.end}" if self.end else ""
        return f"{'*' if self.port is None else self.port}{last}/{self.protocol}"


@dataclass(frozen=True)
class Rule:
    """What one rule lets through. `peers` None is everybody, `ports` None every port of every protocol."""

    peers: tuple[Peer, ...] | None
    ports: tuple[PolicyPort, ...] | None

    @property
    def everybody(self) -> bool:
        """Whether any address at all is let through: no peers, or the block of all addresses."""
        return self.peers is None or any(peer.everywhere and isinstance(peer, BlockPeer) for peer in self.peers)

    @property
    def everything(self) -> bool:
        """Whether the rule takes the isolation back: everybody at every port, without an exception."""
        excepting = any(isinstance(peer, BlockPeer) and peer.excepted for peer in self.peers or ())
        return self.everybody and self.ports is None and not excepting

    @property
    def ports_text(self) -> str:
        """Such as 80/TCP, 53/UDP."""
        return "every port" if self.ports is None else ", ".join(port.text for port in self.ports)


@dataclass(frozen=True)
class Policy:
    """A policy. `ingress` or `egress` None: it does not concern that direction; empty: it lets nothing through."""

    namespace: str
    name: str
    pods: Selector
    ingress: tuple[Rule, ...] | None
    egress: tuple[Rule, ...] | None
    ignored: tuple[str, ...] = ()

    def pod_label_keys(self) -> Iterator[str]:
        """The labels of pods that its selectors ask for."""
        rules = (*(self.ingress or ()), *(self.egress or ()))
        peers = (peer for rule in rules for peer in rule.peers or () if isinstance(peer, PodPeer))
        for selector in (self.pods, *(peer.pods for peer in peers)):
            yield from (requirement.key for requirement in selector.requirements)

    def rules(self, direction: str) -> tuple[Rule, ...] | None:
        """The rules for `ingress` or `egress`."""
        return self.ingress if direction == "ingress" else self.egress


def is_network_policy(raw: Mapping[str, Any]) -> bool:
    """Whether an object is a NetworkPolicy of Kubernetes itself. Items of a list bear neither kind nor version."""
    version = str(raw.get("apiVersion") or f"{GROUP}/v1")
    return (raw.get("kind") or "NetworkPolicy") == "NetworkPolicy" and version.startswith(f"{GROUP}/")


def policy_from(raw: Mapping[str, Any]) -> Policy:
    """A NetworkPolicy object. policyTypes that are not given are Ingress, and Egress where there are egress rules."""
    metadata, spec = raw.get("metadata") or {}, raw.get("spec") or {}
    ingress, egress = spec.get("ingress") or (), spec.get("egress") or ()
    types = spec.get("policyTypes") or (["Ingress", "Egress"] if egress else ["Ingress"])
    return Policy(
        namespace=str(metadata.get("namespace") or "default"),
        name=str(metadata.get("name") or ""),
        pods=selector_from(spec.get("podSelector")),
        ingress=_rules(ingress, "from") if "Ingress" in types else None,
        egress=_rules(egress, "to") if "Egress" in types else None,
        ignored=_ignored({"ingress": ingress, "egress": egress}, types),
    )


def _ignored(given: Mapping[str, Iterable[Any]], types: Iterable[str]) -> tuple[str, ...]:
    """The directions whose rules nobody reads, because policyTypes leaves them out."""
    return tuple(direction for direction, rules in given.items() if rules and direction.capitalize() not in types)


def _rules(given: Iterable[Mapping[str, Any]], side: str) -> tuple[Rule, ...]:
    rules = [rule or {} for rule in given]
    return tuple(
        Rule(
            peers=tuple(peer for raw in rule[side] for peer in _peers(raw)) if rule.get(side) else None,
            ports=tuple(_port(port) for port in rule["ports"]) if rule.get("ports") else None,
        )
        for rule in rules
    )


def _peers(raw: Mapping[str, Any]) -> list[Peer]:
    """A peer, or none: one without any field selects nobody."""
    block = raw.get("ipBlock")
    if block is not None:
        excepted = (_network(cidr) for cidr in block.get("except") or ())
        return [BlockPeer(_network(block.get("cidr")), tuple(network for network in excepted if network is not None))]
    pods, namespaces = raw.get("podSelector"), raw.get("namespaceSelector")
    if pods is None and namespaces is None:
        return []
    return [PodPeer(None if namespaces is None else selector_from(namespaces), selector_from(pods))]


def _port(raw: Mapping[str, Any]) -> PolicyPort:
    protocol = raw.get("protocol")
    return PolicyPort(str(protocol or "TCP"), raw.get("port"), raw.get("endPort"), explicit_protocol=bool(protocol))


def _network(cidr: Any) -> IPNetwork | None:
    try:
        return ipaddress.ip_network(str(cidr), strict=False)
    except ValueError:
        return None


def _address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(ip)
    except ValueError:
        return None
