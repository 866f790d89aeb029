# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may connect to whom: known cases, and agreement with a naive model on generated clusters."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import (
    Endpoint,
    address,
    pod_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import policy_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.traffic import Traffic

NAMESPACES = {"shop": {"team": "a"}, "bank": {"team": "b"}}


def pod(name: str, namespace: str = "shop", ip: str = "10.0.0.1", **spec: Any) -> dict[str, Any]:
    container = {"name": "c", "ports": [{"name": "http", "containerPort": 8080}]}
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name}},
        "spec": {"containers": [container], **spec},
        "status": {"podIP": ip, "podIPs": [{"ip": ip}]},
    }


WEB, DB, TELLER = (pod_from(raw) for raw in (pod("web"), pod("db", ip="10.0.0.2"), pod("t", "bank", "10.0.1.1")))


def policy(namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def ingress(*peers: Any, **rule: Any) -> dict[str, Any]:
    return policy(ingress=[{"from": list(peers), **rule}])


def allowed(policies: list[dict[str, Any]], source: Endpoint, target: Endpoint, port: int, protocol: str) -> bool:
    return Traffic(NAMESPACES, map(policy_from, policies)).allowed(source, target, port, protocol)


@pytest.mark.parametrize(
    ("policies", "web", "teller", "outside"),
    [
        ([], True, True, True),
        ([policy()], False, False, False),
        ([policy(podSelector={"matchLabels": {"app": "web"}})], True, True, True),
        ([policy(policyTypes=["Egress"], ingress=[])], False, True, True),
        ([policy(policyTypes=["Egress"], egress=[{}])], True, True, True),
        ([ingress()], True, True, True),
        ([ingress({})], False, False, False),
        ([ingress({"podSelector": {}})], True, False, False),
        ([ingress({"podSelector": None, "namespaceSelector": {}})], True, True, False),
        ([ingress({"namespaceSelector": {"matchLabels": {"team": "b"}}})], False, True, False),
        ([ingress({"namespaceSelector": {"matchLabels": {"team": "b"}}, "podSelector": {}})], False, True, False),
        (
            [
                ingress(
                    {"namespaceSelector": {"matchLabels": {"team": "b"}}, "podSelector": {"matchLabels": {"app": "x"}}}
                )
            ],
            False,
            False,
            False,
        ),
        ([ingress({"namespaceSelector": {"matchLabels": {"team": "b"}}}, {"podSelector": {}})], True, True, False),
        ([ingress({"ipBlock": {"cidr": "192.0.2.0/24"}})], False, False, True),
        ([ingress({"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.7/32"]}})], False, False, False),
        ([ingress({"ipBlock": {"cidr": "nonsense"}})], False, False, False),
        ([ingress({"ipBlock": {"cidr": "2001:db8::/32"}})], False, False, False),
        ([ingress({"ipBlock": {"cidr": "10.0.1.0/24"}})], False, True, False),
        ([policy(), ingress({"podSelector": {}})], True, False, False),
        ([policy("bank", policyTypes=["Egress"])], True, False, True),
        ([policy("bank", policyTypes=["Egress"], egress=[{"to": [{"namespaceSelector": {}}]}])], True, True, True),
    ],
)
def test_to_the_database(policies: list[dict[str, Any]], web: bool, teller: bool, outside: bool) -> None:
    sources = (WEB, TELLER, address("192.0.2.7"))
    assert [allowed(policies, source, DB, 5432, "TCP") for source in sources] == [web, teller, outside]


@pytest.mark.parametrize(
    ("port", "let_through"),
    [
        ({"port": 80}, {(80, "TCP")}),
        ({"port": 80, "protocol": "UDP"}, {(80, "UDP")}),
        ({"protocol": "UDP"}, {(80, "UDP"), (8080, "UDP"), (8090, "UDP")}),
        ({"port": "http"}, {(8080, "TCP")}),
        ({"port": "http", "protocol": "UDP"}, set()),
        ({"port": "none"}, set()),
        ({"port": 8080, "endPort": 8090}, {(8080, "TCP"), (8090, "TCP")}),
    ],
)
def test_ports(port: dict[str, Any], let_through: set[tuple[int, str]]) -> None:
    asked = [(number, protocol) for number in (80, 8080, 8090, 9000) for protocol in ("TCP", "UDP")]
    for policies in (
        [policy(ingress=[{"ports": [port]}])],
        [policy(policyTypes=["Egress"], egress=[{"ports": [port]}])],
    ):
        found = {(number, protocol) for number, protocol in asked if allowed(policies, WEB, DB, number, protocol)}
        assert found - {(9000, "UDP")} == let_through


def test_a_pod_reaches_itself_and_a_node_its_own_pods() -> None:
    here = pod_from(pod("web", nodeName="n1"))
    agent = pod_from(pod("agent", ip="192.0.2.1", nodeName="n1", hostNetwork=True))
    elsewhere = pod_from(pod("agent2", ip="192.0.2.2", nodeName="n2", hostNetwork=True))
    closed = [policy(policyTypes=["Ingress", "Egress"])]
    assert allowed(closed, here, here, 80, "TCP")
    assert allowed(closed, agent, here, 80, "TCP")
    assert allowed(closed, here, agent, 80, "TCP")
    assert not allowed(closed, elsewhere, here, 80, "TCP")
    # What shares its node's network is known by the node's address alone.
    assert not allowed([ingress({"podSelector": {}})], elsewhere, here, 80, "TCP")
    assert allowed([ingress({"ipBlock": {"cidr": "192.0.2.2/32"}})], elsewhere, here, 80, "TCP")


def test_the_direction_that_stops_a_connection_is_named() -> None:
    closed = [policy(), policy("bank", policyTypes=["Egress"])]
    traffic = Traffic(NAMESPACES, map(policy_from, closed))
    assert traffic.denied(TELLER, DB, 80) == ["egress", "ingress"]
    assert traffic.denied(WEB, DB, 80) == ["ingress"]
    assert traffic.denied(WEB, TELLER, 80) == []


# The same rules once more, as a person would work them out on the raw objects: slowly, and sharing no code.


def naive_selected(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    for key, value in selector.get("matchLabels", {}).items():
        if key not in labels or labels[key] != value:
            return False
    for row in selector.get("matchExpressions", []):
        key, values = row["key"], row.get("values", [])
        verdicts = {
            "In": key in labels and labels[key] in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }
        if not verdicts[row["operator"]]:
            return False
    return True


def naive_peer(peer: dict[str, Any], home: str, raw: dict[str, Any]) -> bool:
    where, labels = raw["metadata"]["namespace"], raw["metadata"]["labels"]
    if "ipBlock" in peer:
        ip = ipaddress.ip_address(raw["status"]["podIP"])
        blocked = [ipaddress.ip_network(cidr) for cidr in peer["ipBlock"].get("except", [])]
        return ip in ipaddress.ip_network(peer["ipBlock"]["cidr"]) and all(ip not in block for block in blocked)
    if "namespaceSelector" in peer:
        in_place = naive_selected(peer["namespaceSelector"], NAMESPACES[where])
    else:
        in_place = where == home and "podSelector" in peer
    return in_place and naive_selected(peer.get("podSelector", {}), labels)


def naive_port(port: dict[str, Any], number: int, protocol: str) -> bool:
    if port.get("protocol", "TCP") != protocol:
        return False
    if "port" not in port:
        return True
    wanted = {"http": 8080}.get(port["port"], port["port"]) if protocol == "TCP" else port["port"]
    if "endPort" in port:
        return int(port["port"]) <= number <= int(port["endPort"])
    return bool(wanted == number)


def naive_direction(
    policies: list[dict[str, Any]], direction: str, ends: tuple[dict[str, Any], dict[str, Any]], port: tuple[int, str]
) -> bool:
    this, other = ends
    isolated = False
    for each in policies:
        spec, home = each["spec"], each["metadata"]["namespace"]
        default = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
        if direction not in spec.get("policyTypes", default) or home != this["metadata"]["namespace"]:
            continue
        if not naive_selected(spec["podSelector"], this["metadata"]["labels"]):
            continue
        isolated = True
        for rule in spec.get(direction.lower(), []):
            peers = rule.get("from" if direction == "Ingress" else "to", [])
            open_to = not peers or any(naive_peer(peer, home, other) for peer in peers)
            ports = rule.get("ports", [])
            if open_to and (not ports or any(naive_port(row, *port) for row in ports)):
                return True
    return not isolated


LABEL = st.sampled_from(["app", "tier"])
VALUE = st.sampled_from(["x", "y"])
LABELS = st.dictionaries(LABEL, VALUE)
EXPRESSIONS = st.one_of(
    st.fixed_dictionaries(
        {"key": LABEL, "operator": st.sampled_from(["In", "NotIn"]), "values": st.lists(VALUE, min_size=1)}
    ),
    st.fixed_dictionaries({"key": LABEL, "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=2)}
)
SPACE_SELECTORS = st.sampled_from([{}, {"matchLabels": {"team": "a"}}, {"matchLabels": {"team": "z"}}])
BLOCKS = st.fixed_dictionaries(
    {"cidr": st.sampled_from(["10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0"])},
    optional={"except": st.just(["10.0.1.0/24"])},
)
PEERS = st.one_of(
    st.fixed_dictionaries({"ipBlock": BLOCKS}),
    st.fixed_dictionaries({}, optional={"podSelector": SELECTORS, "namespaceSelector": SPACE_SELECTORS}),
)
PORTS = st.one_of(
    st.fixed_dictionaries(
        {}, optional={"port": st.sampled_from([80, 8080, "http"]), "protocol": st.sampled_from(["TCP", "UDP"])}
    ),
    st.fixed_dictionaries({"port": st.just(80), "endPort": st.sampled_from([100, 9000])}),
)


def rules(side: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    rule = st.fixed_dictionaries({}, optional={side: st.lists(PEERS, max_size=2), "ports": st.lists(PORTS, max_size=2)})
    return st.lists(rule, max_size=2)


TYPES = st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]])
POLICIES = st.builds(
    lambda namespace, spec: {"metadata": {"name": "p", "namespace": namespace}, "spec": spec},
    st.sampled_from(list(NAMESPACES)),
    st.fixed_dictionaries(
        {"podSelector": SELECTORS},
        optional={"policyTypes": TYPES, "ingress": rules("from"), "egress": rules("to")},
    ),
)
PODS = st.builds(
    lambda namespace, labels, ip: {**pod("x", namespace, ip), "metadata": {"namespace": namespace, "labels": labels}},
    st.sampled_from(list(NAMESPACES)),
    LABELS,
    st.sampled_from(["10.0.0.1", "10.0.1.1", "192.0.2.1"]),
)


def named(raw: dict[str, Any], name: str) -> Endpoint:
    return pod_from({**raw, "metadata": {**raw["metadata"], "name": name}})


@settings(max_examples=400, deadline=None)
@given(
    st.lists(POLICIES, max_size=4),
    PODS,
    PODS,
    st.sampled_from([80, 90, 8080]),
    st.sampled_from(["TCP", "UDP"]),
)
def test_agrees_with_the_naive_model(
    policies: list[dict[str, Any]], source: dict[str, Any], target: dict[str, Any], port: int, protocol: str
) -> None:
    expected = naive_direction(policies, "Egress", (source, target), (port, protocol)) and naive_direction(
        policies, "Ingress", (target, source), (port, protocol)
    )
    assert allowed(policies, named(source, "a"), named(target, "b"), port, protocol) == expected
