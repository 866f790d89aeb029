# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workloads are subjects: what makes Pods, once, and Pods that nothing makes."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists, Namespaces
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.network import Network
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.workloads import (
    MOST_ALIKE,
    WorkloadCollector,
    Workloads,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.coverage import Coverage
from tests.unit.listed_cluster import ListedCluster

Object = dict[str, Any]
PODS, DEPLOYMENTS = "/api/v1/pods", "/apis/apps/v1/deployments"
REPLICA_SETS, JOBS = "/apis/apps/v1/replicasets", "/apis/batch/v1/jobs"
EMPTY: dict[str, list[Object] | int] = {
    path: []
    for path in (
        *(PODS, DEPLOYMENTS, REPLICA_SETS, JOBS, "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets"),
        *("/api/v1/replicationcontrollers", "/apis/batch/v1beta1/cronjobs"),
    )
}


def owner(api_version: str, kind: str, name: str) -> list[Object]:
    return [{"apiVersion": api_version, "kind": kind, "name": name, "controller": True}]


def spec(**more: Any) -> Object:
    return {"containers": [{"name": "main", "image": "registry.test/main:1"}], **more}


def made(name: str, owners: list[Object] | None = None, **more: Any) -> Object:
    metadata: Object = {"name": name, "namespace": "shop", **more.pop("metadata", {})}
    if owners:
        metadata["ownerReferences"] = owners
    return {"metadata": metadata, **more}


def pod(name: str, owners: list[Object] | None = None, **more: Any) -> Object:
    return made(name, owners, spec=more.pop("spec", spec()), **more)


def templated(name: str, owners: list[Object] | None = None) -> Object:
    return made(name, owners, spec={"template": {"spec": spec()}})


def collected(lists: dict[str, Any], **options: Any) -> Workloads:
    cluster: Any = ListedCluster({**EMPTY, **lists}, options.pop("version", (1, 20)))
    network = Network(Coverage((), ()))
    namespaces = Namespaces(**options.pop("namespaces", {}))
    return WorkloadCollector(
        Lists(cluster, namespaces), lambda *_parts: {}, options.pop("automount", {}), network
    ).collect()


def names(found: Workloads) -> list[tuple[str, str]]:
    return [(each["subject"]["kind"], each["subject"]["name"]) for each in found.subjects]


def test_a_deployment_stands_for_its_replica_sets_and_pods() -> None:
    found = collected(
        {
            DEPLOYMENTS: [templated("web")],
            REPLICA_SETS: [made("web-1", owner("apps/v1", "Deployment", "web"))],
            PODS: [pod("web-1-a", owner("apps/v1", "ReplicaSet", "web-1"))],
        }
    )
    assert names(found) == [("Deployment", "web")]
    assert found.usage.images["registry.test/main:1"].users.first == ["Deployment shop/web"]


def test_a_replica_set_that_nothing_owns_is_read_whole() -> None:
    whole = templated("alone")
    path = "/apis/apps/v1/namespaces/shop/replicasets/alone"
    assert names(collected({REPLICA_SETS: [whole], path: [whole]})) == [("ReplicaSet", "alone")]


def test_a_custom_resource_of_a_known_name_is_not_taken_for_it() -> None:
    """A Job of another group is none that was listed: its Pods are judged as that Job, once."""
    owners = owner("batch.example.com/v1", "Job", "training")
    found = collected({PODS: [pod("training-a", owners), pod("training-b", owners)]})
    assert names(found) == [("Job", "training")]


def test_pods_of_what_may_not_be_read_are_judged_as_it() -> None:
    found = collected({JOBS: 403, PODS: [pod("once-a", owner("batch/v1", "Job", "once"))]})
    assert names(found) == [("Job", "once")]
    assert "may not be read" in found.errors[0]


def test_refused_credentials_end_it() -> None:
    with pytest.raises(ApiStatus, match="credentials are refused"):
        collected({DEPLOYMENTS: 401})


@pytest.mark.parametrize(("count", "subjects"), [(MOST_ALIKE, MOST_ALIKE), (MOST_ALIKE + 1, 1)])
def test_bare_pods_that_are_many_and_alike_are_one_subject(count: int, subjects: int) -> None:
    pods = [pod(f"p{number:03}", spec=spec(nodeName=f"node{number}")) for number in range(count)]
    found = collected({PODS: pods})
    assert len(found.subjects) == subjects
    assert found.subjects[0]["pods"] == count // subjects
    assert found.usage.workloads == {"shop": count}


def test_pods_that_differ_are_subjects_of_their_own() -> None:
    other = spec(hostNetwork=True)
    pods = [pod(f"p{number:03}") for number in range(MOST_ALIKE + 1)]
    assert names(collected({PODS: [*pods, pod("other", spec=other)]})) == [("Pod", "p000"), ("Pod", "other")]


@pytest.mark.parametrize(
    ("said", "account", "mounted"),
    [
        ({}, {}, True),
        ({"automountServiceAccountToken": False}, {}, False),
        ({}, {("shop", "default"): False}, False),
        ({"automountServiceAccountToken": True}, {("shop", "default"): False}, True),
        ({}, {("shop", "default"): None}, True),
    ],
)
def test_whether_a_token_is_mounted(said: Object, account: dict[tuple[str, str], bool | None], mounted: bool) -> None:
    (subject,) = collected({PODS: [pod("p", spec=spec(**said))]}, automount=account).subjects
    assert subject["token_mounted"] is mounted


def test_a_static_pod_mounts_no_token() -> None:
    static = pod("etcd-node1", metadata={"annotations": {"kubernetes.io/config.mirror": "x"}})
    assert collected({PODS: [static]}).subjects[0]["token_mounted"] is False


def test_cron_jobs_are_of_the_version_that_the_cluster_serves() -> None:
    job = made("nightly", spec={"jobTemplate": {"spec": {"template": {"spec": spec()}}}})
    for version, group in (((1, 20), "v1beta1"), ((1, 25), "v1")):
        found = collected({f"/apis/batch/{group}/cronjobs": [job]}, version=version)
        assert names(found) == [("CronJob", "nightly")]


def test_the_digests_that_run_under_a_name() -> None:
    status = {"containerStatuses": [{"name": "main", "imageID": "docker-pullable://registry.test/main@sha256:abc"}]}
    found = collected({PODS: [pod("p", status=status)]})
    assert found.usage.images["registry.test/main:1"].digests == {"sha256:abc"}


def test_namespaces_that_are_left_out() -> None:
    assert collected({PODS: [pod("p")]}, namespaces={"exclude": ["sh*"]}).subjects == []


def test_named_namespaces_are_listed_one_by_one() -> None:
    cluster: Any = ListedCluster({"/api/v1/namespaces/shop/pods": [pod("p")]})
    collector = WorkloadCollector(
        Lists(cluster, Namespaces(only=["shop"])), lambda *_parts: {}, {}, Network(Coverage((), ()))
    )
    assert names(collector.collect()) == [("Pod", "p")]
    assert all("/namespaces/shop/" in path for path, _accept in cluster.asked)


def test_a_hostile_pod_breaks_nothing() -> None:
    labels = {"a\x1b[31m": "\u202e", "b" * 300: ""}
    hostile = pod("p", metadata={"labels": labels, "annotations": {"big": "x" * 10_000_000}})
    (subject,) = collected({PODS: [hostile]}).subjects
    assert len(str(subject)) < 5000


@pytest.mark.parametrize(
    ("namespace", "annotations", "expected"),
    [
        ("kube-system", {"kubernetes.io/config.mirror": "x"}, True),
        ("kube-system", {}, False),
        ("shop", {"kubernetes.io/config.mirror": "x"}, False),
    ],
)
def test_a_static_pod_of_the_control_plane_is_told(namespace: str, annotations: dict[str, str], expected: bool) -> None:
    metadata = {"namespace": namespace, "annotations": annotations}
    command = {"containers": [{"name": "main", "image": "registry.test/etcd:1", "command": ["etcd", "--name=a"]}]}
    [subject] = collected({PODS: [pod("etcd-node1", metadata=metadata, spec=command)]}).subjects
    assert subject["control_plane"] is expected
