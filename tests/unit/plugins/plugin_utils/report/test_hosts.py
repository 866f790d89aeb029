# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every host that should have been audited is accounted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.hosts import from_hosts, from_results
from tests.unit.plugins.plugin_utils.report.fleet import finding


class Inventory(dict[str, dict[str, Any]]):
    """hostvars, as far as they are used."""

    def raw_get(self, host_name: str) -> Mapping[str, Any]:
        return self[host_name]


def result(target: str) -> dict[str, Any]:
    return {"findings": [finding(target=target)], "target": target}


def test_hosts_without_a_result_were_not_audited() -> None:
    hosts = Inventory(web1={"docker": result("web1")}, web2={}, web3={"docker": {"failed": True, "msg": "No socket."}})
    audits = from_hosts(hosts, ["web1", "web2", "web3"], ["docker"])
    assert [(one.target, one.reason) for one in audits] == [
        ("web1", None),
        ("web2", "The host has no result in docker: unreachable, or never audited."),
        ("web3", "No socket."),
    ]


def test_all_variables_of_a_host_are_read() -> None:
    hosts = Inventory(web1={"docker": result("web1"), "k8s": result("web1")})
    assert len(from_hosts(hosts, ["web1"], ["docker", "k8s", "other"])) == 2


def test_what_a_host_skipped_does_not_count_where_another_audit_ran() -> None:
    skipped = {"skipped": True, "changed": False}
    hosts = Inventory(both={"docker": result("both"), "k8s": skipped}, none={"docker": skipped, "k8s": skipped})
    audits = from_hosts(hosts, ["both", "none"], ["docker", "k8s"])
    assert [(one.target, bool(one.reason)) for one in audits] == [("both", False), ("none", True), ("none", True)]


def test_a_host_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(ReportError, match="hosts: 'wbe1' is not in the inventory"):
        from_hosts(Inventory(), ["wbe1"], ["docker"])


def test_results_come_by_host_as_a_list_or_alone() -> None:
    by_host = from_results({"web1": {"findings": []}, "web2": {"failed": True}})
    assert [(one.target, bool(one.reason)) for one in by_host] == [("web1", False), ("web2", True)]
    assert [one.target for one in from_results([result("a"), result("b")])] == ["a", "b"]
    assert [one.target for one in from_results(result("a"))] == ["a"]
    assert [one.target for one in from_results({"results": [result("a"), result("b")]})] == ["a", "b"]


def test_a_result_without_a_target_in_a_list_is_refused() -> None:
    with pytest.raises(ReportError, match="results, item 1: the result has no target"):
        from_results([{"findings": []}])


def test_a_result_is_a_dictionary() -> None:
    with pytest.raises(ReportError, match="results, host web1: the result of an audit is a dictionary, not str"):
        from_results({"web1": "text"})
