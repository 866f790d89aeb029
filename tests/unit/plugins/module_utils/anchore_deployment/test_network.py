# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak to whom: what the specs say."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.network import (
    database_policy,
    engine_policy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import SERVICES
from tests.unit.anchore_declaration import declared


def test_services_reach_each_other_the_database_and_dns() -> None:
    for service in SERVICES:
        spec = engine_policy(service, declared(egress=[]))
        dns, among, database = spec["egress"]
        assert {(each["protocol"], each["port"]) for each in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
        assert dns["to"][0]["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}
        assert sorted(each["port"] for each in among["ports"]) == [8082, 8083, 8084, 8087, 8228]
        assert among["to"] == spec["ingress"][0]["from"]
        assert database["ports"] == database_policy(declared())["ingress"][0]["ports"]


def test_an_address_of_ipv6_is_one_address() -> None:
    there = declared(database={"own": False, "host": "2001:db8::9"})
    assert {"ipBlock": {"cidr": "2001:db8::9/128"}} in engine_policy(SERVICES[2], there)["egress"][2]["to"]


def test_nobody_reaches_the_api_where_nobody_is_declared() -> None:
    api = engine_policy(SERVICES[0], declared(api_clients=[]))
    assert len(api["ingress"]) == 1
