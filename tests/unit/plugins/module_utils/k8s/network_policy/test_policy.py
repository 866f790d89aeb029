# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkPolicy objects as they are read: what is left out has a meaning."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import (
    BlockPeer,
    is_network_policy,
    policy_from,
)


def spec(**given: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "n"}, "spec": given}


@pytest.mark.parametrize(
    ("given", "ingress", "egress", "ignored"),
    [
        ({}, True, False, ()),
        ({"podSelector": None, "ingress": None, "policyTypes": None}, True, False, ()),
        ({"egress": []}, True, False, ()),
        ({"egress": [{}]}, True, True, ()),
        ({"policyTypes": ["Egress"]}, False, True, ()),
        ({"policyTypes": ["Egress"], "ingress": [{}]}, False, True, ("ingress",)),
        ({"policyTypes": ["Ingress"], "egress": [{}]}, True, False, ("egress",)),
        ({"policyTypes": ["Ingress", "Egress"]}, True, True, ()),
    ],
)
def test_directions(given: dict[str, Any], ingress: bool, egress: bool, ignored: tuple[str, ...]) -> None:
    policy = policy_from(spec(**given))
    assert (policy.ingress is not None, policy.egress is not None) == (ingress, egress)
    assert policy.ignored == ignored
    assert policy.pods.everything


@pytest.mark.parametrize(
    ("rule", "everybody", "everything"),
    [
        ({}, True, True),
        ({"from": []}, True, True),
        ({"from": None, "ports": None}, True, True),
        ({"ports": [{"port": 80}]}, True, False),
        ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, True, True),
        ({"from": [{"ipBlock": {"cidr": "::/0"}}]}, True, True),
        ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}, True, False),
        ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, False, False),
        ({"from": [{"namespaceSelector": {}}]}, False, False),
        ({"from": [{}]}, False, False),
    ],
)
def test_how_open_a_rule_is(rule: dict[str, Any], everybody: bool, everything: bool) -> None:
    [read] = policy_from(spec(ingress=[rule])).ingress or ()
    assert (read.everybody, read.everything) == (everybody, everything)


@pytest.mark.parametrize(
    ("port", "text"),
    [
        ({"port": 80}, "80/TCP"),
        ({"port": "http", "protocol": "UDP"}, "http/UDP"),
        ({"protocol": "SCTP"}, "*/SCTP"),
        ({"port": 1, "endPort": 9}, "1-9/TCP"),
    ],
)
def test_ports_as_text(port: dict[str, Any], text: str) -> None:
    [rule] = policy_from(spec(ingress=[{"ports": [port]}])).ingress or ()
    assert rule.ports_text == text


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [
        ({}, True),
        ({"kind": "NetworkPolicy", "apiVersion": "networking.k8s.io/v1"}, True),
        ({"kind": "NetworkPolicy", "apiVersion": "crd.projectcalico.org/v1"}, False),
        ({"kind": "AdminNetworkPolicy", "apiVersion": "policy.networking.k8s.io/v1alpha1"}, False),
        ({"kind": "Ingress", "apiVersion": "networking.k8s.io/v1"}, False),
    ],
)
def test_kinds(raw: dict[str, Any], verdict: bool) -> None:
    assert is_network_policy(raw) is verdict


def test_a_block_that_is_none_holds_nothing() -> None:
    [rule] = policy_from(spec(ingress=[{"from": [{"ipBlock": {"cidr": None, "except": ["x"]}}]}])).ingress or ()
    [peer] = rule.peers or ()
    assert isinstance(peer, BlockPeer)
    assert not peer.holds("10.0.0.1")
    assert not peer.everywhere
