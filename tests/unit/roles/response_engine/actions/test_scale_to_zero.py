# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""scale_to_zero: the outermost workload that can be scaled."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.actions.scale_to_zero import REPLICAS_BEFORE, ScaleToZero
from tests.unit.roles.response_engine.fake_cluster import FakeCluster, a_pod, a_workload, acted, owned_by

_APPS = "/apis/apps/v1/namespaces/shop"


def _deployed(**changes: Any) -> FakeCluster:
    owner = owned_by("Deployment", "web", "d-1")
    sets = a_workload("ReplicaSet", "web-1", "rs-1", owner=owner)
    deployment = a_workload("Deployment", "web", "d-1", **changes)
    cluster = FakeCluster(a_pod(**owned_by("ReplicaSet", "web-1", "rs-1")), sets, deployment)
    scale = {"metadata": {"name": "web", "namespace": "shop", "uid": "d-1"}, "spec": {"replicas": 3}}
    cluster.objects[f"{_APPS}/deployments/web/scale"] = scale
    return cluster


def test_the_deployment_and_not_its_replica_set() -> None:
    cluster = _deployed()
    outcome = acted(ScaleToZero({}), cluster)
    assert (outcome.status, outcome.message) == ("done", "Deployment web is scaled from 3 to zero")
    assert outcome.details == {"owner": "Deployment web", "replicas_before": 3}
    [write] = cluster.writes()
    assert write.path == f"{_APPS}/deployments/web/scale"
    assert write.json == {"metadata": {"uid": "d-1"}, "spec": {"replicas": 0}}


def test_the_former_number_can_be_noted() -> None:
    cluster = _deployed()
    acted(ScaleToZero({"annotate": True}), cluster)
    assert [seen.path.rpartition("/")[2] for seen in cluster.writes()] == ["web", "scale"]
    assert cluster.objects[f"{_APPS}/deployments/web"]["metadata"]["annotations"] == {REPLICAS_BEFORE: "3"}


def test_there_is_nothing_to_do() -> None:
    cluster = _deployed(replicas=0)
    assert acted(ScaleToZero({}), cluster).status == "already_done"
    assert not cluster.writes()


def test_a_dry_run_only_looks() -> None:
    cluster = _deployed()
    assert acted(ScaleToZero({}), cluster, dry_run=True).status == "would_do"
    assert not cluster.writes()


@pytest.mark.parametrize("kind", ["DaemonSet", "Job", ""])
def test_what_cannot_be_scaled(kind: str) -> None:
    cluster = FakeCluster(a_pod(**(owned_by(kind, "web", "o-1") if kind else {})))
    cluster.put(a_workload(kind or "DaemonSet", "web", "o-1"))
    assert acted(ScaleToZero({}), cluster).status == "refused"
    assert not cluster.writes()


def test_who_may_scale_it_up_again_is_named() -> None:
    above = owned_by("Rollout", "web", "r-1", "argoproj.io/v1alpha1")
    cluster = FakeCluster(a_pod(**owned_by("ReplicaSet", "web-1", "rs-1")))
    cluster.put(a_workload("ReplicaSet", "web-1", "rs-1", owner=above))
    assert "its controller Rollout web may scale it up again" in acted(ScaleToZero({}), cluster, dry_run=True).message


def test_of_a_pod_that_is_gone_the_owner_is_not_known() -> None:
    assert acted(ScaleToZero({}), FakeCluster()).status == "failed"
