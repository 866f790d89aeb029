# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of scripted lists: owners of owners, pods that are over, and parts that may not be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.info import info_of_cluster

PLAIN = {"containers": [{"name": "a", "image": "x"}]}
OPTIONS: dict[str, Any] = {
    "level": "restricted",
    "version": None,
    "namespaces": [],
    "exclude_namespaces": [],
    "namespace_selector": None,
    "rules": {},
    "exempt_runtime_classes": [],
    "include_admitted": False,
}


def metadata(name: str, owner: str = "", namespace: str = "shop") -> dict[str, Any]:
    kind, _slash, maker = owner.partition("/")
    owners = [{"kind": kind, "name": maker, "controller": True}] if owner else []
    return {"name": name, "namespace": namespace, "ownerReferences": owners}


def pod(name: str, owner: str = "", phase: str = "Running") -> dict[str, Any]:
    return {"metadata": metadata(name, owner), "spec": PLAIN, "status": {"phase": phase}}


class Scripted:
    """Answers lists by their path; a status in the place of a list is an error."""

    version = Version(1, 30, "v1.30.1")

    def __init__(self, lists: Mapping[str, Any]) -> None:
        self._lists = lists

    def pages(self, path: str, **_options: object) -> Iterator[dict[str, Any]]:
        found = self._lists.get(path.rpartition("/")[2], [])
        if isinstance(found, int):
            raise ApiStatus(found, {"message": "no"}, f"GET {path}")
        for item in found:
            yield {"items": [item]}

    def get(self, path: str) -> Any:
        return {"metadata": metadata(path.rpartition("/")[2]), "spec": {"template": {"spec": PLAIN}}}


def info(lists: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    return info_of_cluster({**OPTIONS, **options}, cast(Any, Scripted(lists)))


def rows(found: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    return [(row["kind"], row["name"], row["pods"]) for row in found["workloads"]]


def test_pods_belong_to_the_maker_of_their_maker() -> None:
    template = {"spec": {"template": {"spec": PLAIN}}}
    job = {"metadata": metadata("report-1", "CronJob/report"), **template}
    cron = {"metadata": metadata("report"), "spec": {"jobTemplate": template}}
    lists = {
        "deployments": [{"metadata": metadata("web"), **template}],
        "replicasets": [{"metadata": metadata("web-1", "Deployment/web")}, {"metadata": metadata("alone")}],
        "cronjobs": [cron],
        "jobs": [job],
        "pods": [
            pod("web-1-a", "ReplicaSet/web-1"),
            pod("report-1-a", "Job/report-1"),
            pod("old", "ReplicaSet/web-1", "Succeeded"),
            pod("strange", "Rollout/x"),
        ],
    }
    found = info(lists)
    assert rows(found) == [
        ("CronJob", "report", 1),
        ("Deployment", "web", 1),
        ("Pod", "strange", 1),
        ("ReplicaSet", "alone", 0),
    ]
    assert (found["version"], found["errors"]) == ("1.30", [])


def test_a_controller_without_a_template_makes_no_pods() -> None:
    assert rows(info({"replicationcontrollers": [{"metadata": metadata("empty"), "spec": {}}]})) == []


def test_what_may_not_be_read_does_not_hide_the_rest() -> None:
    found = info({"deployments": 403, "namespaces": 403, "pods": [pod("a")]}, namespaces=["shop"])
    assert rows(found) == [("Pod", "a", 1)]
    assert len(found["errors"]) == 2
    assert found["namespaces"][0]["enforce"] is None


@pytest.mark.parametrize("lists", [{"namespaces": 401}, {"deployments": 401}])
def test_refused_credentials_end_it(lists: dict[str, int]) -> None:
    with pytest.raises(ApiStatus, match="credentials"):
        info(lists)


def test_a_selector_needs_the_labels_of_namespaces() -> None:
    with pytest.raises(ApiStatus):
        info({"namespaces": 403}, namespace_selector="a=b")
    namespaces = [{"metadata": {"name": "blog", "labels": {"a": "b"}}}]
    found = info({"namespaces": namespaces, "pods": [pod("a")]}, namespace_selector="a=b")
    assert (rows(found), [row["namespace"] for row in found["namespaces"]]) == ([], ["blog"])
