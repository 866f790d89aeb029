# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""isolate_pod: the policy, the label, and what is said of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bulkhead_response.actions.isolate_pod import DETACHED, IsolatePod
from bulkhead_response.actions.isolation_policy import LABEL
from bulkhead_response.errors import ConfigError
from tests.unit.roles.response_engine.fake_cluster import POD, FakeCluster, a_pod, a_workload, acted, owned_by

_POLICIES = "/apis/networking.k8s.io/v1/namespaces/shop/networkpolicies"
_OURS = f"{_POLICIES}/bulkhead-isolated"
_LABELS = {"app": "web", "team": "blue"}


def _policy(name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _cluster(*more: dict[str, Any], owner: dict[str, Any] | None = None) -> FakeCluster:
    cluster = FakeCluster(a_pod(labels=_LABELS, **(owner or {})))
    for each in more:
        cluster.put(each, "networkpolicies" if each["kind"] == "NetworkPolicy" else "")
    return cluster


def test_nothing_goes_in_or_out() -> None:
    cluster = _cluster()
    outcome = acted(IsolatePod({}), cluster)
    assert (outcome.status, outcome.message) == ("done", "pod shop/web is isolated by NetworkPolicy bulkhead-isolated")
    assert cluster.objects[_OURS]["spec"] == {
        "podSelector": {"matchLabels": {LABEL: "bulkhead-isolated"}},
        "policyTypes": ["Ingress", "Egress"],
    }
    assert cluster.objects[POD]["metadata"]["labels"] == {**_LABELS, LABEL: "bulkhead-isolated"}
    assert [seen.method for seen in cluster.writes()] == ["POST", "PATCH"]


def test_what_is_let_through() -> None:
    cluster = _cluster()
    acted(IsolatePod({"allow_cidrs": ["192.0.2.0/24"], "allow_dns": True}), cluster)
    spec = cluster.objects[_OURS]["spec"]
    block = {"ipBlock": {"cidr": "192.0.2.0/24"}}
    assert spec["ingress"] == [{"from": [block]}]
    assert spec["egress"][0] == {"to": [block]}
    assert [port["protocol"] for port in spec["egress"][1]["ports"]] == ["UDP", "TCP"]


def test_the_second_time_there_is_nothing_to_do() -> None:
    cluster = _cluster()
    acted(IsolatePod({}), cluster)
    cluster.seen.clear()
    assert acted(IsolatePod({}), cluster).status == "already_done"
    assert not cluster.writes()


def test_a_policy_of_ours_that_was_changed_is_set_right() -> None:
    cluster = _cluster()
    acted(IsolatePod({}), cluster)
    cluster.objects[_OURS]["spec"]["ingress"] = [{}]
    cluster.objects[_OURS]["metadata"]["resourceVersion"] = "9"
    assert acted(IsolatePod({}), cluster).status == "done"
    assert "ingress" not in cluster.objects[_OURS]["spec"]
    assert cluster.writes()[-1].json["metadata"]["resourceVersion"] == "9"


def test_a_policy_of_somebody_else_stays() -> None:
    cluster = _cluster(_policy("bulkhead-isolated", podSelector={}))
    outcome = acted(IsolatePod({}), cluster)
    assert (outcome.status, "belongs to somebody else" in outcome.message) == ("refused", True)
    assert not cluster.writes()


def test_other_policies_may_still_let_something_through() -> None:
    everyone = _policy("open", podSelector={}, egress=[{}])
    closed = _policy("closed", podSelector={})
    others = _policy("others", podSelector={"matchLabels": {"app": "db"}}, ingress=[{}])
    outcome = acted(IsolatePod({}), _cluster(everyone, closed, others))
    assert outcome.details["still_allowed_by"] == ["open"]
    assert outcome.message.endswith("but open still allow some of its traffic")


def test_a_pod_on_the_network_of_its_node_cannot_be_isolated() -> None:
    cluster = FakeCluster(a_pod(spec={"hostNetwork": True}))
    assert acted(IsolatePod({}), cluster).status == "refused"
    assert not cluster.writes()


def test_it_is_taken_from_its_controller() -> None:
    owner = owned_by("ReplicaSet", "web-1", "rs-1")
    cluster = _cluster(a_workload("ReplicaSet", "web-1", "rs-1"), owner=owner)
    outcome = acted(IsolatePod({"detach": True}), cluster)
    metadata = cluster.objects[POD]["metadata"]
    assert outcome.details["detached"] == ["app"]
    assert metadata["labels"] == {"team": "blue", LABEL: "bulkhead-isolated"}
    assert json.loads(metadata["annotations"][DETACHED]) == {"app": "web"}
    assert acted(IsolatePod({"detach": True}), cluster).status == "already_done"


@pytest.mark.parametrize("kind", ["StatefulSet", "Rollout"])
def test_not_from_every_controller(kind: str) -> None:
    cluster = _cluster(a_workload("StatefulSet", "web", "s-1"), owner=owned_by(kind, "web", "s-1"))
    outcome = acted(IsolatePod({"detach": True}), cluster)
    assert outcome.status == "done"
    assert "not detached" in outcome.message
    assert cluster.objects[POD]["metadata"]["labels"]["app"] == "web"


def test_a_dry_run_only_looks() -> None:
    cluster = _cluster()
    outcome = acted(IsolatePod({}), cluster, dry_run=True)
    assert (outcome.status, "would be isolated" in outcome.message) == ("would_do", True)
    assert not cluster.writes()


@pytest.mark.parametrize(
    "params", [{"allow_cidrs": ["192.0.2.1/24"]}, {"allow_cidrs": ["x"]}, {"policy_name": "A"}, {"detach": "yes"}]
)
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        IsolatePod(params)
