# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies cover, from plain objects."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.coverage import Coverage

NAMESPACES: list[dict[str, Any]] = [
    {"metadata": {"name": "shop", "labels": {"team": "a"}}},
    {"metadata": {"name": "bank"}},
    {"metadata": {"name": "kube-system", "labels": {"kubernetes.io/metadata.name": "kube-system"}}},
]
DNS = {
    "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
    "ports": [{"port": 53, "protocol": "UDP"}],
}


def policy(name: str = "p", namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"podSelector": {}, **spec}}


def pod(name: str, namespace: str = "shop", *, phase: str = "Running", **spec: Any) -> dict[str, Any]:
    labels = spec.pop("labels", {"app": name})
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"metadata": metadata, "spec": spec, "status": {"phase": phase}}


def covered(*policies: dict[str, Any], pods: tuple[dict[str, Any], ...] = (), others: Any = ()) -> Coverage:
    coverage = Coverage(NAMESPACES, policies, others)
    for each in pods or (pod("web"), pod("db")):
        coverage.see(each)
    return coverage


@pytest.mark.parametrize(
    ("policies", "ingress", "egress"),
    [
        ([], False, False),
        ([policy()], True, False),
        ([policy(policyTypes=["Ingress", "Egress"])], True, True),
        ([policy(policyTypes=["Egress"])], False, True),
        ([policy(egress=[DNS])], True, True),
        ([policy(egress=[{}])], True, False),
        ([policy(ingress=[{}])], False, False),
        ([policy(), policy("open", ingress=[{}])], False, False),
        ([policy(), policy("one", ingress=[{}], podSelector={"matchLabels": {"app": "web"}})], True, False),
        ([policy(podSelector={"matchLabels": {"app": "web"}})], False, False),
        ([policy(ingress=[{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])], False, False),
        ([policy(ingress=[{"ports": [{"port": 80}]}])], True, False),
        ([policy(namespace="bank")], False, False),
    ],
)
def test_default_deny(policies: list[dict[str, Any]], ingress: bool, egress: bool) -> None:
    facts = covered(*policies).namespace_facts("shop")
    assert (facts["network_default_deny_ingress"], facts["network_default_deny_egress"]) == (ingress, egress)


def test_pods_left_out_are_named_and_those_that_have_ended_or_share_the_node_s_network_are_not() -> None:
    only_web = policy(podSelector={"matchLabels": {"app": "web"}})
    pods = (pod("web"), pod("db"), pod("done", phase="Succeeded"), pod("proxy", hostNetwork=True))
    facts = covered(only_web, pods=pods).namespace_facts("shop")
    assert facts["network_open_ingress"] == ["db"]
    assert facts["network_open_egress"] == ["db", "web"]
    assert (facts["network_pods"], facts["network_host_pods"]) == (2, 1)


@pytest.mark.parametrize(
    ("egress", "without"),
    [
        ([], ["db", "web"]),
        ([DNS], []),
        ([{}], []),
        ([{"ports": [{"port": 53}]}], ["db", "web"]),
        ([{"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": [{"port": 53, "protocol": "UDP"}]}], []),
        ([{"to": [{"podSelector": {}}]}], ["db", "web"]),
    ],
)
def test_dns_of_pods_whose_egress_is_isolated(egress: list[Any], without: list[str]) -> None:
    facts = covered(policy(policyTypes=["Egress"], egress=egress)).namespace_facts("shop")
    assert facts["network_without_dns"] == without


def test_facts_of_a_workload() -> None:
    coverage = covered(
        policy("web", podSelector={"matchLabels": {"app": "web"}}, ingress=[{"ports": [{"port": 443}]}]),
        policy("out", policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]),
    )
    web = coverage.workload_facts("shop", {"app": "web"}, host_network=False)
    assert web["network_ingress_policies"] == ["web"]
    assert web["network_ingress_isolated"]
    assert web["network_ingress_everywhere"] == ["443/TCP"]
    assert not web["network_egress_isolated"]
    assert web["network_metadata_reachable"]
    db = coverage.workload_facts("shop", {"app": "db"}, host_network=False)
    assert not db["network_ingress_isolated"]
    host = coverage.workload_facts("shop", {"app": "web"}, host_network=True)
    assert not host["network_applies"]
    assert not host["network_ingress_isolated"]


def test_the_metadata_address_can_be_excepted() -> None:
    block = {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}
    facts = covered(policy(policyTypes=["Egress"], egress=[{"to": [{"ipBlock": block}]}])).workload_facts(
        "shop", {"app": "web"}, host_network=False
    )
    assert not facts["network_metadata_reachable"]
    assert facts["network_egress_isolated"]
    assert facts["network_egress_everywhere"] == ["every port"]


def test_facts_of_a_policy() -> None:
    odd = policy(
        "odd",
        podSelector={"matchLabels": {"app": "wbe"}},
        policyTypes=["Ingress"],
        ingress=[{"from": [{"namespaceSelector": {}}, {"podSelector": {"matchLabels": {"app": "gone"}}}]}],
        egress=[{"ports": [{"port": 53}]}],
    )
    [facts] = covered(odd).policy_subjects()
    assert facts["subject"] == {"kind": "NetworkPolicy", "name": "odd", "namespace": "shop"}
    assert not facts["selects"]
    assert facts["ignored_rules"] == ["egress"]
    assert facts["ingress_every_namespace"] == ["every port"]
    assert facts["ingress_everywhere"] == []
    assert facts["dead_peers"] == ["pods app=gone of the own namespace"]
    [tcp] = covered(policy(egress=[{"ports": [{"port": 53}]}])).policy_subjects()
    assert tcp["udp_dns_missing"]
    assert tcp["ports_without_protocol"] == ["53/TCP"]
    assert tcp["egress_everywhere"] == ["53/TCP"]


def admin(kind: str = "AdminNetworkPolicy", **subject: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": "cluster"},
        "spec": {"subject": subject, "ingress": [{"action": "Deny", "from": [{"namespaces": {}}]}]},
    }


@pytest.mark.parametrize(
    ("other", "in_doubt"),
    [
        (admin(namespaces={}), True),
        (admin("BaselineAdminNetworkPolicy", namespaces={"matchLabels": {"team": "a"}}), True),
        (admin(namespaces={"matchLabels": {"team": "b"}}), False),
        (admin(pods={"namespaceSelector": {}, "podSelector": {}}), True),
        ({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"namespace": "bank"}}, False),
        ({"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"namespace": "shop"}}, True),
        ({"apiVersion": "projectcalico.org/v3", "kind": "GlobalNetworkPolicy", "metadata": {"name": "g"}}, True),
    ],
)
def test_a_policy_of_another_kind_is_never_read_as_a_network_policy_but_makes_blame_unknown(
    other: dict[str, Any], in_doubt: bool
) -> None:
    for coverage in (covered(others=[other]), covered(other)):
        facts = coverage.namespace_facts("shop")
        assert facts["network_policies"] == []
        assert ("network_default_deny_ingress" in facts.get("unknown", {})) is in_doubt


def test_what_network_policies_do_well_is_not_in_doubt() -> None:
    facts = covered(policy(policyTypes=["Ingress", "Egress"], egress=[DNS]), others=[admin(namespaces={})])
    assert "unknown" not in facts.namespace_facts("shop")


def test_labels_that_no_selector_asks_for_make_no_difference() -> None:
    pods = tuple(pod(f"web-{number}", labels={"app": "web", "hash": str(number)}) for number in range(150))
    coverage = covered(policy(podSelector={"matchLabels": {"app": "db"}}), pods=pods)
    assert [group.count for group in coverage.groups("shop")] == [150]
    assert coverage.namespace_facts("shop")["network_open_ingress"] == sorted(f"web-{number}" for number in range(100))
