# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a short declaration to NetworkPolicy objects. Pure.

    {"namespaces": [{"name": "shop", "default_deny": ["ingress", "egress"], "dns": true, ...}],
     "flows": [{"from": {"namespace": "shop", "pods": {"app": "web"}}, "to": {...}, "ports": [5432, "53/UDP"]}],
     "exemptions": [{"namespace": "shop", "pods": {...}, "directions": ["egress"], "reason": "..."}],
     "dns": {"namespace": ..., "labels": {...}, "addresses": [...], "ports": [53]},
     "blocked_addresses": ["169.254.169.254/32"], "namespace_label": "kubernetes.io/metadata.name",
     "prefix": "bulkhead", "protected_namespaces": ["kube-system"]}

A policy for a direction isolates the pods that it selects. So one is made only in a namespace that is declared, and
only for a direction that is denied there by default: a flow never closes what was open.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.flow import (
    Flow,
    Side,
    flow_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.ports import policy_ports

Object = dict[str, Any]
Given = Mapping[str, Any]
DIRECTIONS = ("ingress", "egress")
REASON = "bulkhead.io/reason"
_EVERY_ADDRESS = ("0.0.0.0/0", "::/0")


def network_policies(declaration: Given) -> list[Object]:
    """The objects. What allows comes first, lest what is needed be cut off meanwhile. Raises K8sError."""
    namespaces = _namespaces(declaration)
    flows = [flow_from(raw, list(namespaces)) for raw in declaration.get("flows") or ()]
    objects = [made for flow in flows for made in _of_flow(flow, namespaces, declaration)]
    objects += [
        made
        for number, raw in enumerate(declaration.get("exemptions") or (), 1)
        for made in _of_exemption(raw, number, namespaces, declaration)
    ]
    objects += [made for space in namespaces.values() for made in _of_namespace(space, declaration)]
    return _without_twins(objects)


def _namespaces(declaration: Given) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for raw in declaration.get("namespaces") or ():
        name = raw["name"]
        if name in found:
            raise K8sError(f"Namespace {name} is declared twice")
        odd = [each for each in raw.get("default_deny") or () if each not in DIRECTIONS]
        if odd:
            raise K8sError(f"Namespace {name}: default_deny takes ingress and egress, not {odd[0]!r}")
        protected = declaration.get("protected_namespaces") or ()
        if name in protected and _denied(raw):
            raise K8sError(
                f"Namespace {name} is one of the cluster itself, which a policy can stop;"
                " take it out of the protected namespaces where that is meant"
            )
        found[name] = raw
    return found


def _denied(space: Given) -> Sequence[str]:
    """The directions that a namespace denies by default: both, where it does not say."""
    given = space.get("default_deny")
    return DIRECTIONS if given is None else [each for each in DIRECTIONS if each in given]


def _of_namespace(space: Given, declaration: Given) -> list[Object]:
    name, denied = space["name"], _denied(space)
    found: list[Object] = []
    if space.get("allow_same_namespace"):
        rules: dict[str, list[Any]] = {
            "ingress": [{"from": [{"podSelector": {}}]}],
            "egress": [{"to": [{"podSelector": {}}]}],
        }
        same = {direction: rules[direction] for direction in denied}
        found += [_policy(declaration, name, "allow-same-namespace", {}, same)] if same else []
    if "egress" in denied and space.get("dns", True):
        found.append(_policy(declaration, name, "allow-dns", {}, {"egress": [_dns_rule(declaration)]}))
    if "egress" not in denied and space.get("block_addresses", True) and declaration.get("blocked_addresses"):
        rule = {"to": [{"namespaceSelector": {}}, *_blocks(_EVERY_ADDRESS, declaration["blocked_addresses"])]}
        found.append(_policy(declaration, name, "block-addresses", {}, {"egress": [rule]}))
    closed = [_policy(declaration, name, "default-deny", {}, {key: [] for key in denied})] if denied else []
    return found + closed


def _dns_rule(declaration: Given) -> Object:
    dns = declaration.get("dns") or {}
    peers: list[Object] = [
        {
            "namespaceSelector": {"matchLabels": dns.get("namespace_labels") or _by_name("kube-system", declaration)},
            "podSelector": {"matchLabels": dns.get("labels") or {"k8s-app": "kube-dns"}},
        }
    ]
    peers += [{"ipBlock": {"cidr": _cidr(address, "dns")}} for address in dns.get("addresses") or ()]
    ports = [{"port": port, "protocol": protocol} for port in dns.get("ports") or [53] for protocol in ("UDP", "TCP")]
    return {"to": peers, "ports": ports}


def _of_flow(flow: Flow, namespaces: Mapping[str, Given], declaration: Given) -> list[Object]:
    ports = policy_ports(flow.ports, f"Flow {flow.name}")
    sides = {"egress": (flow.source, flow.target, "to"), "ingress": (flow.target, flow.source, "from")}
    found = []
    for direction, (own, other, key) in sides.items():
        for name in own.namespaces:
            if name not in namespaces or direction not in _denied(namespaces[name]):
                continue
            rule = {**_peers(other, key, name, declaration), **({"ports": ports} if ports else {})}
            found.append(_policy(declaration, name, f"{flow.name}-{direction}", own.pods, {direction: [rule]}))
    if not {*flow.source.namespaces, *flow.target.namespaces} & set(namespaces):
        raise K8sError(f"Flow {flow.name}: none of its namespaces is declared, so that no policy could be made for it")
    return found


def _peers(side: Side, key: str, home: str, declaration: Given) -> Object:
    """The `from` or `to` of a rule in the namespace `home`; nothing for everybody.

    Pods of the same namespace need no selector of it, and so not its label either.
    """
    if not side.given:
        return {}
    if side.blocks:
        blocked = declaration.get("blocked_addresses") or () if key == "to" else ()
        return {key: _blocks([_cidr(block, "flows") for block in side.blocks], [*side.excepted, *blocked])}
    pods = {"podSelector": {"matchLabels": dict(side.pods)}} if side.pods else {}
    if side.namespace_labels is not None:
        return {key: [{"namespaceSelector": {"matchLabels": dict(side.namespace_labels)}, **pods}]}
    own = pods or {"podSelector": {}}
    return {
        key: [
            own if name == home else {"namespaceSelector": {"matchLabels": _by_name(name, declaration)}, **pods}
            for name in side.namespaces
        ]
    }


def _of_exemption(raw: Given, number: int, namespaces: Mapping[str, Given], declaration: Given) -> list[Object]:
    name, pods = raw["namespace"], raw.get("pods") or {}
    if name not in namespaces:
        raise K8sError(f"Exemption {number}: namespace {name} is not declared, so that nothing is denied there")
    if not pods:
        raise K8sError(f"Exemption {number}: pods must name labels; one for every pod is no default deny at all")
    wanted = raw.get("directions") or DIRECTIONS
    open_again: dict[str, list[Any]] = {
        direction: [{}] for direction in _denied(namespaces[name]) if direction in wanted
    }
    if not open_again:
        return []
    made = _policy(declaration, name, f"exempt-{raw.get('name') or number}", pods, open_again)
    if raw.get("reason"):
        made["metadata"]["annotations"] = {REASON: str(raw["reason"])}
    return [made]


def _policy(declaration: Given, namespace: str, name: str, pods: Given, rules: Mapping[str, list[Any]]) -> Object:
    spec: Object = {"podSelector": {"matchLabels": dict(pods)} if pods else {}}
    spec["policyTypes"] = [direction.capitalize() for direction in DIRECTIONS if direction in rules]
    spec.update({direction: rows for direction, rows in rules.items() if rows})
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"{declaration.get('prefix') or 'bulkhead'}-{name}", "namespace": namespace},
        "spec": spec,
    }


def _by_name(namespace: str, declaration: Given) -> dict[str, str]:
    return {declaration.get("namespace_label") or "kubernetes.io/metadata.name": namespace}


def _blocks(cidrs: Sequence[str], excepted: Sequence[str]) -> list[Object]:
    """Blocks of addresses, each less the exceptions that are a part of it."""
    beside = [_cidr(each, "except") for each in excepted]
    return [{"ipBlock": _block(cidr, [each for each in beside if _inside(each, cidr)])} for cidr in cidrs]


def _block(cidr: str, excepted: Sequence[str]) -> Object:
    return {"cidr": cidr, "except": sorted(set(excepted))} if excepted else {"cidr": cidr}


def _inside(inner: str, outer: str) -> bool:
    """Whether a block is a part of another, and smaller: the API takes no exception that is the whole block."""
    small, large = ipaddress.ip_network(inner), ipaddress.ip_network(outer)
    if isinstance(small, ipaddress.IPv4Network) and isinstance(large, ipaddress.IPv4Network):
        return small.subnet_of(large) and small != large
    if isinstance(small, ipaddress.IPv6Network) and isinstance(large, ipaddress.IPv6Network):
        return small.subnet_of(large) and small != large
    return False


def _cidr(text: str, where: str) -> str:
    """A block of addresses, or one address, as CIDR. Raises K8sError."""
    try:
        return str(ipaddress.ip_network(str(text)))
    except ValueError as exc:
        raise K8sError(f"{where}: {text!r} is no block of addresses such as 10.0.0.0/8 ({exc})") from exc


def _without_twins(objects: Sequence[Object]) -> list[Object]:
    """Each policy once: what is declared twice in the same words is meant once. Raises K8sError for other namesakes."""
    seen: dict[tuple[str, str], Object] = {}
    for each in objects:
        namespace, name = each["metadata"]["namespace"], each["metadata"]["name"]
        if seen.setdefault((namespace, name), each) != each:
            raise K8sError(
                f"Two policies would be called {name} in namespace {namespace}: give the flows names of their own"
            )
    return list(seen.values())
