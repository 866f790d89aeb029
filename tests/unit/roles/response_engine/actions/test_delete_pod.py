# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""delete_pod: the pod of the alert, when it may go."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bulkhead_response.actions.delete_pod import DeletePod
from bulkhead_response.alert import Alert
from bulkhead_response.errors import ConfigError
from bulkhead_response.kubernetes_api import KubernetesApi
from tests.unit.roles.response_engine.answering import CONTAINER, Reply, Seen, Server, an_alert, run
from tests.unit.roles.response_engine.fake_cluster import POD, FakeCluster, a_pod, a_workload, acted, owned_by, status

IN_SET = {"labels": {"app": "web"}, **owned_by("ReplicaSet", "web-1", "rs-1")}
DEPLOYED = owned_by("Deployment", "web", "d-1")
BY_CONTAINER = an_alert(pod_uid="", container_id=CONTAINER[:12])


def _deployment(pods: int, **changes: Any) -> FakeCluster:
    """The pod of the alert and its siblings, all of a Deployment of three."""
    siblings = [a_pod(f"web-{number}", f"other-{number}", **IN_SET) for number in range(pods - 1)]
    sets = [a_workload("ReplicaSet", "web-1", "rs-1", owner=DEPLOYED), a_workload("Deployment", "web", "d-1")]
    return FakeCluster(a_pod(**{**IN_SET, **changes}), *siblings, *sets)


def test_it_is_deleted_with_its_uid_as_a_precondition() -> None:
    cluster = FakeCluster(a_pod())
    outcome = acted(DeletePod({"grace_period_seconds": 0}), cluster)
    assert (outcome.status, outcome.message) == ("done", "pod shop/web is deleted")
    assert cluster.writes()[0].json["preconditions"] == {"uid": "uid-1"}
    assert cluster.writes()[0].json["gracePeriodSeconds"] == 0
    assert [(seen.method, seen.path) for seen in cluster.seen] == [("DELETE", POD)]


def test_without_its_uid_it_is_looked_at_first() -> None:
    cluster = FakeCluster(a_pod())
    outcome = acted(DeletePod({}), cluster, BY_CONTAINER)
    assert (outcome.status, outcome.details["pod_uid"]) == ("done", "uid-1")
    assert cluster.writes()[0].json["preconditions"] == {"uid": "uid-1"}
    assert [(seen.method, seen.path) for seen in cluster.seen] == [("GET", POD), ("DELETE", POD)]


@pytest.mark.parametrize("unnamed", ["pod", "namespace"])
def test_an_alert_that_names_no_pod_sends_nothing(unnamed: str) -> None:
    cluster = FakeCluster(a_pod())
    assert acted(DeletePod({}), cluster, an_alert(**{unnamed: ""})).status == "refused"
    assert not cluster.seen


def test_its_own_grace_is_left_to_it() -> None:
    cluster = FakeCluster(a_pod())
    acted(DeletePod({}), cluster)
    assert "gracePeriodSeconds" not in cluster.writes()[0].json


def test_what_takes_its_name_in_between_stays() -> None:
    cluster = FakeCluster(a_pod())

    def replace(seen: Seen) -> Reply | None:
        if seen.method == "DELETE":
            cluster.put(a_pod(uid="uid-2"))
        return None

    cluster.before = replace
    outcome = acted(DeletePod({}), cluster)
    assert outcome.status == "already_done"
    assert cluster.objects[POD]["metadata"]["uid"] == "uid-2"


def test_it_goes_in_between() -> None:
    cluster = FakeCluster(a_pod())

    def go(seen: Seen) -> Reply | None:
        if seen.method == "DELETE":
            cluster.objects.clear()
        return None

    cluster.before = go
    assert acted(DeletePod({}), cluster).status == "already_done"


@pytest.mark.parametrize(("wanted", "again"), [({}, False), ({"grace_period_seconds": 0}, True)])
def test_what_ends_too_slowly_is_deleted_once_more(wanted: dict[str, Any], again: bool) -> None:
    ending = a_pod(deletionTimestamp="2026-05-01T10:00:00Z", deletionGracePeriodSeconds=30)
    cluster = FakeCluster(ending)
    assert acted(DeletePod(wanted), cluster, BY_CONTAINER).status == ("done" if again else "already_done")
    assert bool(cluster.writes()) is again


def test_a_dry_run_only_looks() -> None:
    cluster = _deployment(3)
    outcome = acted(DeletePod({"min_healthy_replicas": 1}), cluster, dry_run=True)
    assert outcome.status == "would_do"
    assert outcome.details["owners"] == ["ReplicaSet web-1", "Deployment web"]
    assert not cluster.writes()


@pytest.mark.parametrize("alert", [BY_CONTAINER, an_alert(pod_uid="h")])
def test_a_static_pod_is_refused(alert: Alert) -> None:
    """A container runtime calls the hash of its file its uid."""
    annotations = {"kubernetes.io/config.mirror": "h", "kubernetes.io/config.hash": "h"}
    cluster = FakeCluster(a_pod(annotations=annotations))
    outcome = acted(DeletePod({}), cluster, alert)
    assert outcome.status == "refused"
    assert "static pod" in outcome.message
    assert POD in cluster.objects


def test_a_static_pod_whose_mirror_an_alert_names_is_not_said_to_be_gone() -> None:
    outcome = acted(DeletePod({}), FakeCluster(a_pod(annotations={"kubernetes.io/config.mirror": "h"})))
    assert outcome.status == "failed"
    assert "static pod" in outcome.message


@pytest.mark.parametrize(
    ("minimum", "pods", "status"), [(2, 3, "done"), (3, 3, "refused"), ("33%", 2, "done"), ("67%", 3, "refused")]
)
def test_enough_must_be_left(minimum: int | str, pods: int, status: str) -> None:
    cluster = _deployment(pods)
    outcome = acted(DeletePod({"min_healthy_replicas": minimum}), cluster)
    assert outcome.status == status
    assert (POD in cluster.objects) is (status == "refused")


@pytest.mark.parametrize(
    "sibling",
    [
        {"deletionTimestamp": "2026-05-01T10:00:00Z"},
        {"status": {"conditions": [{"type": "Ready", "status": "False"}]}},
        {"ownerReferences": []},
    ],
)
def test_only_ready_siblings_that_stay_count(sibling: dict[str, Any]) -> None:
    cluster = _deployment(1)
    cluster.put(a_pod("web-2", "other", **{**IN_SET, **sibling}))
    assert acted(DeletePod({"min_healthy_replicas": 1}), cluster).status == "refused"


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("StatefulSet", {}),
        ("DaemonSet", {}),
        ("ReplicaSet", {"selector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "x"]}]}}),
    ],
)
def test_each_kind_of_owner_is_counted(kind: str, spec: dict[str, Any]) -> None:
    mine = {"labels": {"app": "web"}, **owned_by(kind, "web", "o-1")}
    cluster = FakeCluster(a_pod(**mine), a_pod("b", "b", **mine), a_workload(kind, "web", "o-1", **spec))
    assert acted(DeletePod({"min_healthy_replicas": 1}), cluster).status == "done"
    assert acted(DeletePod({"min_healthy_replicas": 1}), cluster, an_alert(pod="b", pod_uid="b")).status == "refused"


def test_two_at_once_do_not_take_both() -> None:
    """Each alone would leave one; together they must leave one as well."""
    mine = {"labels": {"app": "web"}, **owned_by("StatefulSet", "web", "o-1")}
    cluster = FakeCluster(a_pod(**mine), a_pod("b", "b", **mine), a_workload("StatefulSet", "web", "o-1"))

    async def play() -> list[str]:
        async with Server(cluster.answer) as server:
            api = KubernetesApi({"server": server.url})
            steps = [DeletePod({"min_healthy_replicas": 1}), DeletePod({"min_healthy_replicas": 1})]
            alerts = [an_alert(), an_alert(pod="b", pod_uid="b")]
            try:
                outcomes = await asyncio.gather(
                    *(run(step, alert, kubernetes=api) for step, alert in zip(steps, alerts, strict=True))
                )
            finally:
                await api.close()
            return sorted(outcome.status for outcome in outcomes)

    assert asyncio.run(play()) == ["done", "refused"]


def test_a_pod_alone_has_no_replicas() -> None:
    assert acted(DeletePod({"min_healthy_replicas": 1}), FakeCluster(a_pod())).status == "refused"


@pytest.mark.parametrize(
    ("kinds", "status"), [(["StatefulSet"], "done"), (["Deployment"], "refused"), (["ReplicaSet"], "refused")]
)
def test_kinds_of_owner_can_be_spared(kinds: list[str], status: str) -> None:
    assert acted(DeletePod({"spare_owner_kinds": kinds}), _deployment(1)).status == status


def test_a_pod_alone_can_be_spared() -> None:
    outcome = acted(DeletePod({"spare_owner_kinds": ["standalone"]}), FakeCluster(a_pod()))
    assert (outcome.status, outcome.message) == ("refused", "pod shop/web stands alone, which spare_owner_kinds names")


def test_an_owner_of_a_kind_of_its_own_is_named_only() -> None:
    cluster = FakeCluster(a_pod(**owned_by("Rollout", "web", "r-1", "argoproj.io/v1alpha1")))
    assert acted(DeletePod({"min_healthy_replicas": 1}), cluster).status == "refused"
    assert acted(DeletePod({"spare_owner_kinds": ["Rollout"]}), cluster).status == "refused"
    assert acted(DeletePod({"spare_owner_kinds": ["Job"]}), cluster).status == "done"


def test_what_is_forbidden_is_tried_again_for_a_server_that_just_started_knows_no_roles() -> None:
    cluster = FakeCluster(a_pod())
    cluster.before = lambda seen: status(403, "pods is forbidden") if seen.method == "DELETE" else None
    outcome = acted(DeletePod({}), cluster)
    assert (outcome.status, outcome.retry) == ("failed", True)
    assert "403 Forbidden: pods is forbidden" in outcome.message


def test_without_an_api_server() -> None:
    assert asyncio.run(run(DeletePod({}), an_alert())).status == "refused"


@pytest.mark.parametrize("minimum", ["0%", "101%", "x", "-1", -1, True, 1.5, "1"])
def test_a_minimum_that_is_none(minimum: Any) -> None:
    with pytest.raises(ConfigError, match="min_healthy_replicas"):
        DeletePod({"min_healthy_replicas": minimum})


def test_a_grace_that_is_none() -> None:
    with pytest.raises(ConfigError, match="grace_period_seconds"):
        DeletePod({"grace_period_seconds": -1})
