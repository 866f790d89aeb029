# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that is meant, and never its successor."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import SubjectGone
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_subject import find_pod
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from tests.unit.listed_cluster import ListedCluster

POD = {
    "metadata": {"namespace": "shop", "name": "web", "uid": "u-1"},
    "spec": {"nodeName": "n1"},
    "status": {"containerStatuses": [{"name": "c", "containerID": "docker://abc", "restartCount": 2}]},
}


def cluster(answer: Any = None) -> Any:
    return ListedCluster({"/api/v1/namespaces/shop/pods/web": answer or [POD]})


@pytest.mark.parametrize("uid", [None, "u-1"])
def test_it_is_found(uid: str | None) -> None:
    pod = find_pod(cluster(), {"namespace": "shop", "name": "web", "uid": uid})
    assert pod.as_dict()["containers"] == [{"name": "c", "id": "abc", "runtime": "docker", "restarts": 2}]
    assert pod.service_account == "default"


def test_another_one_of_the_same_name_is_refused() -> None:
    with pytest.raises(SubjectGone, match="another one now: its uid is u-1, and u-0 was asked for"):
        find_pod(cluster(), {"namespace": "shop", "name": "web", "uid": "u-0"})


def test_one_that_is_gone_and_one_that_may_not_be_seen_differ() -> None:
    with pytest.raises(SubjectGone, match="There is no pod shop/web"):
        find_pod(cluster(404), {"namespace": "shop", "name": "web"})
    with pytest.raises(ApiStatus):
        find_pod(cluster(403), {"namespace": "shop", "name": "web"})
