# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The right pod, or none."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bulkhead_response.actions.pod_target import PodGone, Refused, find_pod
from bulkhead_response.kubernetes_api import KubernetesApi
from tests.unit.roles.response_engine.answering import CONTAINER, Server, an_alert
from tests.unit.roles.response_engine.fake_cluster import FakeCluster, a_pod


def _found(existing: dict[str, Any] | None, **target: str) -> tuple[str, FakeCluster]:
    """(uid of the pod that is found, cluster)."""
    cluster = FakeCluster(*([existing] if existing else []))

    async def play() -> str:
        async with Server(cluster.answer) as server:
            api = KubernetesApi({"server": server.url})
            try:
                return (await find_pod(api, an_alert(**target).target)).uid
            finally:
                await api.close()

    return asyncio.run(play()), cluster


def _status_with(kind: str, state: dict[str, Any]) -> dict[str, Any]:
    return {kind: [{"name": "main", **state}]}


@pytest.mark.parametrize(
    "status",
    [
        _status_with("containerStatuses", {"containerID": f"containerd://{CONTAINER}"}),
        _status_with("initContainerStatuses", {"containerID": f"cri-o://{CONTAINER}"}),
        _status_with("ephemeralContainerStatuses", {"containerID": f"docker://{CONTAINER}"}),
        _status_with("containerStatuses", {"lastState": {"terminated": {"containerID": f"docker://{CONTAINER}"}}}),
        _status_with("containerStatuses", {"state": {"terminated": {"containerID": f"docker://{CONTAINER}"}}}),
    ],
)
@pytest.mark.parametrize("digits", [12, 64])
def test_a_container_id_tells_it(status: dict[str, Any], digits: int) -> None:
    uid, _cluster = _found(a_pod(status=status), pod_uid="", container_id=CONTAINER[:digits])
    assert uid == "uid-1"


def test_a_uid_tells_it_whatever_the_container() -> None:
    assert _found(a_pod(), pod_uid="uid-1", container_id="f" * 12)[0] == "uid-1"


def test_a_static_pod_is_told_by_the_hash_of_its_file() -> None:
    annotations = {"kubernetes.io/config.mirror": "h1", "kubernetes.io/config.hash": "h1"}
    assert _found(a_pod(annotations=annotations), pod_uid="h1")[0] == "uid-1"
    with pytest.raises(PodGone):
        _found(a_pod(annotations={"kubernetes.io/config.hash": "h1"}), pod_uid="h1")


@pytest.mark.parametrize("target", [{"pod_uid": "uid-0"}, {"pod_uid": "", "container_id": "f" * 12}])
def test_another_has_its_name(target: dict[str, str]) -> None:
    with pytest.raises(PodGone, match="another has its name"):
        _found(a_pod(), **target)


def test_it_is_gone() -> None:
    with pytest.raises(PodGone, match="shop/web is gone"):
        _found(None)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"pod": ""}, "names no pod"),
        ({"namespace": ""}, "names no pod"),
        ({"pod_uid": "", "container_id": ""}, "cannot be told to be the same pod"),
        ({"pod_uid": "", "container_id": "0123456789a"}, "cannot be told"),
        ({"pod_uid": "", "container_id": "host"}, "cannot be told"),
        ({"pod": "../../nodes/n"}, "is no name"),
        ({"namespace": "kube-system/pods/x?"}, "is no name"),
    ],
)
def test_an_alert_that_does_not_say_which(target: dict[str, str], reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        _found(a_pod(), **target)
