# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on nodes: which node, and whether enough others are left."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.actions.cordon_node import CORDONED_BY, CordonNode
from bulkhead_response.actions.taint_node import TaintNode
from bulkhead_response.errors import ConfigError
from tests.unit.roles.response_engine.answering import Reply, Seen, an_alert
from tests.unit.roles.response_engine.fake_cluster import FakeCluster, a_pod, acted, status

_NODE = "/api/v1/nodes/node-1"
_ALONE = {"min_schedulable_nodes": 0}


def _node(name: str = "node-1", *, ready: str = "True", **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": name, "resourceVersion": "7"}
    conditions = [{"type": "Ready", "status": ready}]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata,
        "spec": spec,
        "status": {"conditions": conditions},
    }


def test_the_node_of_the_pod_is_cordoned() -> None:
    cluster = FakeCluster(a_pod(), _node(), _node("node-2"))
    assert acted(CordonNode({}), cluster).status == "done"
    assert cluster.objects[_NODE]["spec"]["unschedulable"] is True
    assert cluster.objects[_NODE]["metadata"]["annotations"] == {CORDONED_BY: "terminal shell"}
    assert acted(CordonNode({}), cluster).status == "already_done"
    assert len(cluster.writes()) == 1


def test_a_dry_run_only_looks() -> None:
    cluster = FakeCluster(a_pod(), _node(), _node("node-2"))
    assert acted(CordonNode({}), cluster, dry_run=True).status == "would_do"
    assert acted(TaintNode({}), cluster, dry_run=True).status == "would_do"
    assert not cluster.writes()


@pytest.mark.parametrize(
    "other",
    [
        _node("node-2", ready="False"),
        _node("node-2", unschedulable=True),
        _node("node-2", taints=[{"key": "k", "effect": "NoExecute"}]),
    ],
)
def test_the_last_node_is_spared(other: dict[str, Any]) -> None:
    cluster = FakeCluster(a_pod(), _node(), other)
    assert acted(CordonNode({}), cluster).status == "refused"
    assert not cluster.writes()
    assert acted(CordonNode(_ALONE), cluster).status == "done"


def test_a_pod_that_is_gone_was_where_the_alert_says() -> None:
    assert acted(CordonNode(_ALONE), FakeCluster(_node())).status == "done"
    assert acted(CordonNode(_ALONE), FakeCluster(_node()), an_alert(node="")).status == "refused"


def test_an_alert_about_no_pod() -> None:
    alert = an_alert(namespace="", pod="", pod_uid="", node="node-1")
    assert acted(CordonNode(_ALONE), FakeCluster(_node()), alert).status == "done"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"node": "node-9"}, "runs on node node-1, and the alert says node-9"),
        ({"pod_uid": "", "container_id": ""}, "cannot be told"),
        ({"namespace": "", "pod": "", "node": "../pods"}, "is no name"),
        ({"namespace": "", "pod": "", "node": "node-9"}, "there is no node node-9"),
    ],
)
def test_a_node_that_is_not_sure(target: dict[str, str], reason: str) -> None:
    outcome = acted(CordonNode(_ALONE), FakeCluster(a_pod(), _node()), an_alert(**target))
    assert (outcome.status, reason in outcome.message) == ("refused", True)


def test_other_taints_stay() -> None:
    foreign = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    old = {"key": "bulkhead.io/suspect", "value": "old", "effect": "NoSchedule"}
    cluster = FakeCluster(a_pod(), _node(taints=[foreign, old]))
    assert acted(TaintNode({"value": "new", **_ALONE}), cluster).message == (
        "node node-1 has got the taint bulkhead.io/suspect=new:NoSchedule"
    )
    assert cluster.objects[_NODE]["spec"]["taints"] == [foreign, {**old, "value": "new"}]
    assert cluster.writes()[0].json["metadata"] == {"uid": "node-1", "resourceVersion": "7"}
    assert acted(TaintNode({"value": "new", **_ALONE}), cluster).status == "already_done"


def test_a_node_that_changes_meanwhile_is_read_again() -> None:
    cluster = FakeCluster(a_pod(), _node())
    patches = 0

    def report(seen: Seen) -> Reply | None:
        nonlocal patches
        patches += seen.method == "PATCH"
        if seen.method == "PATCH" and patches == 1:
            cluster.objects[_NODE]["metadata"]["resourceVersion"] = "8"
            cluster.objects[_NODE]["spec"]["taints"] = [{"key": "late", "effect": "NoSchedule"}]
        return None

    cluster.before = report
    assert acted(TaintNode(_ALONE), cluster).status == "done"
    assert [taint["key"] for taint in cluster.objects[_NODE]["spec"]["taints"]] == ["late", "bulkhead.io/suspect"]


def test_a_node_that_never_stands_still() -> None:
    cluster = FakeCluster(a_pod(), _node())
    cluster.before = lambda seen: status(409) if seen.method == "PATCH" else None
    outcome = acted(TaintNode(_ALONE), cluster)
    assert (outcome.status, outcome.retry, len(cluster.writes())) == ("failed", True, 5)


@pytest.mark.parametrize(
    "params", [{"key": "a b"}, {"value": "a b"}, {"effect": "Never"}, {"min_schedulable_nodes": -1}, {"node": "x"}]
)
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        TaintNode(params)
