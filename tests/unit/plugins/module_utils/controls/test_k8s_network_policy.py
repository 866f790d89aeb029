# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_network_policy import (
    NETWORK_POLICY_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

KEPT_NAMESPACE: dict[str, Any] = {
    "network_policies": ["deny"],
    "network_pods": 2,
    "network_host_pods": 0,
    "network_without_dns": [],
    "network_default_deny_ingress": True,
    "network_default_deny_egress": True,
    "network_open_ingress": [],
    "network_open_egress": [],
}
BARE = {"network_policies": [], "network_default_deny_ingress": False, "network_default_deny_egress": False}
KEPT_WORKLOAD: dict[str, Any] = {
    "network_applies": True,
    "network_namespace_policies": 1,
    "network_ingress_policies": ["deny"],
    "network_egress_policies": ["deny"],
    "network_ingress_isolated": True,
    "network_egress_isolated": True,
    "network_ingress_everywhere": [],
    "network_egress_everywhere": [],
    "network_metadata_reachable": False,
}
KEPT_POLICY: dict[str, Any] = {
    "directions": ["ingress", "egress"],
    "pod_selector": "app=web",
    "namespace_has_pods": True,
    "selects": True,
    "selects_every_pod": False,
    "dead_peers": [],
    "ports_without_protocol": [],
    "ignored_rules": [],
    "udp_dns_missing": False,
    "ingress_everywhere": [],
    "egress_everywhere": [],
    "ingress_every_namespace": [],
    "egress_every_namespace": [],
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        (BARE, {"network_policy", "default_deny_ingress", "default_deny_egress"}),
        ({"network_default_deny_ingress": False}, {"default_deny_ingress"}),
        ({"network_default_deny_egress": False}, {"default_deny_egress"}),
        ({"network_without_dns": ["web-1"]}, {"dns_allowed"}),
        ({**BARE, "network_pods": 0}, {"network_policy", "default_deny_ingress", "default_deny_egress"}),
        ({**BARE, "network_pods": 0, "subject": {"kind": "Namespace", "name": "kube-public"}}, set()),
    ],
)
def test_namespace(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(NETWORK_POLICY_CONTROLS, "namespace", {**KEPT_NAMESPACE, **bad}) == fails


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"network_ingress_isolated": False}, {"ingress_isolated"}),
        ({"network_ingress_isolated": False, "network_applies": False}, set()),
        ({"network_ingress_isolated": False, "network_namespace_policies": 0}, set()),
        ({"network_ingress_everywhere": ["80/TCP"]}, {"ingress_from_anywhere"}),
        ({"network_egress_everywhere": ["every port"]}, {"egress_to_anywhere"}),
        ({"network_metadata_reachable": True}, {"metadata_service"}),
        ({"network_metadata_reachable": True, "network_egress_policies": []}, set()),
    ],
)
def test_workload(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(NETWORK_POLICY_CONTROLS, "workload", {**KEPT_WORKLOAD, **bad}) == fails


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"selects": False}, {"selects_nothing"}),
        ({"selects": False, "dead_peers": ["x"], "namespace_has_pods": False}, set()),
        ({"ingress_everywhere": ["80/TCP"]}, {"ingress_from_anywhere"}),
        ({"ingress_everywhere": ["80/TCP"], "directions": ["egress"]}, set()),
        ({"ingress_every_namespace": ["every port"]}, {"ingress_from_every_namespace"}),
        ({"egress_everywhere": ["every port"]}, {"egress_to_anywhere"}),
        ({"ignored_rules": ["egress"]}, {"ignored_rules"}),
        ({"dead_peers": ["pods app=x of the own namespace"]}, {"dead_peers"}),
        ({"udp_dns_missing": True}, {"dns_over_udp"}),
    ],
)
def test_network_policy(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(NETWORK_POLICY_CONTROLS, "network_policy", {**KEPT_POLICY, **bad}) == fails
