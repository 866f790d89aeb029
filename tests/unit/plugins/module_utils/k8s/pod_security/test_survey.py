# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who would be denied, and what a namespace could be labelled."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.survey import Survey, summary
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.verdict import Judge
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.workload import (
    Workload,
    workloads_in,
)
from tests.unit.plugins.module_utils.k8s.pod_security.pod_cases import GOOD

PLAIN = {"containers": [{"name": "a", "image": "x:1"}]}
HOST = {**PLAIN, "hostPID": True}


def survey(level: str = "restricted", **options: Any) -> Survey:
    return Survey(Judge(level, "1.30", **options))


def workload(kind: str, name: str, spec: Any, owner: str = "", namespace: str = "shop") -> Workload:
    return Workload(kind, namespace, name, {}, spec, owner)


def names(found: Survey) -> list[tuple[str, str, int, bool]]:
    return [(row["kind"], row["name"], row["pods"], row["denied"]) for row in found.rows()]


def test_pods_that_are_as_their_template_are_counted_with_it() -> None:
    found = survey()
    found.add(workload("Deployment", "web", PLAIN))
    for number in range(3):
        volume = {"name": f"kube-api-access-{number}", "projected": {}}
        found.add_pod(workload("Pod", f"web-{number}", {**PLAIN, "volumes": [volume]}, "Deployment/web"))
    assert names(found) == [("Deployment", "web", 3, True)]


def test_a_pod_that_was_changed_is_told_apart() -> None:
    found = survey("baseline")
    found.add(workload("Deployment", "web", PLAIN))
    for number in range(3):
        found.add_pod(workload("Pod", f"web-{number}", HOST, "Deployment/web"))
    assert names(found) == [("Deployment", "web", 3, False), ("Pod", "web-0", 3, True)]
    (pod,) = (row for row in found.rows() if row["kind"] == "Pod")
    assert (pod["owner"], pod["names"]) == ("Deployment/web", ["web-0", "web-1", "web-2"])


def test_bare_pods_are_rows_of_their_own_while_they_are_few() -> None:
    found = survey()
    for number in range(3):
        found.add_pod(workload("Pod", f"few-{number}", PLAIN))
    for number in range(30):
        found.add_pod(workload("Pod", f"many-{number}", PLAIN, namespace="blog"))
    assert names(found) == [("Pod", "many-0", 30, True), *(("Pod", f"few-{n}", 1, True) for n in range(3))]


def test_a_namespace_can_have_the_level_of_its_worst_workload() -> None:
    found = survey()
    found.add(workload("Deployment", "good", GOOD["spec"]))
    found.add(workload("Deployment", "plain", PLAIN))
    found.add(workload("Deployment", "good", GOOD["spec"], namespace="blog"))
    found.add(workload("DaemonSet", "agent", HOST, namespace="node"))
    found.rows()
    labels = {"shop": {"pod-security.kubernetes.io/enforce": "privileged"}, "blog": None, "empty": {}}
    rows = {row["namespace"]: row for row in found.namespaces(labels)}
    assert {name: (row["level"], row["enforce"]) for name, row in rows.items()} == {
        "blog": ("restricted", None),
        "empty": ("restricted", "privileged"),
        "node": ("privileged", None),
        "shop": ("baseline", "privileged"),
    }
    assert (
        rows["shop"]["suggestion"] == "shop can be labelled baseline today, restricted after mending Deployment/plain"
    )
    assert rows["node"]["in_the_way"] == {"baseline": ["DaemonSet/agent"], "restricted": ["DaemonSet/agent"]}
    assert rows["shop"]["suggested_labels"] == {
        "pod-security.kubernetes.io/enforce": "baseline",
        "pod-security.kubernetes.io/enforce-version": "v1.30",
        "pod-security.kubernetes.io/audit": "restricted",
        "pod-security.kubernetes.io/audit-version": "v1.30",
        "pod-security.kubernetes.io/warn": "restricted",
        "pod-security.kubernetes.io/warn-version": "v1.30",
    }


def test_rules_and_exemptions_count() -> None:
    found = survey("baseline", rules={"forbid_latest": True}, exempt_runtime_classes=frozenset({"kata"}))
    found.add(workload("Deployment", "latest", {"containers": [{"name": "a", "image": "x"}]}))
    found.add(workload("Deployment", "kata", {**HOST, "runtimeClassName": "kata"}))
    assert names(found) == [("Deployment", "kata", 0, False), ("Deployment", "latest", 0, True)]
    assert summary(found.rows()) == {
        "workloads": 2,
        "denied": 1,
        "levels": {"privileged": 1, "baseline": 1, "restricted": 0},
        "controls": {"forbid_latest": 1},
    }


@pytest.mark.parametrize("options", [("strict", "1.30", {}), ("baseline", "30", {}), ("baseline", "1.30", {"no": 1})])
def test_what_cannot_be_judged_by_is_refused_at_once(options: tuple[str, str, Any]) -> None:
    with pytest.raises(K8sError):
        Judge(*options)


@pytest.mark.parametrize(
    ("definition", "found"),
    [
        ({"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}, "spec": PLAIN}, [("Pod", "b", "a")]),
        ({"kind": "Deployment", "metadata": {"name": "a"}, "spec": {"template": {"spec": PLAIN}}},
         [("Deployment", "default", "a")]),
        ({"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": PLAIN}}}}},
         [("CronJob", "default", "")]),
        ({"kind": "PodTemplate", "template": {"spec": PLAIN}}, [("PodTemplate", "default", "")]),
        ({"kind": "Rollout", "spec": {"template": {"spec": PLAIN}}}, [("Rollout", "default", "")]),
        ({"kind": "Certificate", "spec": {"template": {"spec": {}}}}, []),
        ({"kind": "List", "items": [{"kind": "Pod", "spec": PLAIN}, None, 5]}, [("Pod", "default", "")]),
        ({"kind": "ConfigMap", "data": {}}, []),
        ({"kind": "Pod", "metadata": "x", "spec": 5}, [("Pod", "default", "")]),
        ({"kind": "CronJob", "spec": {"jobTemplate": 5}}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_workloads_are_found_in_definitions(definition: Any, found: list[tuple[str, str, str]]) -> None:
    assert [(each.kind, each.namespace, each.name) for each in workloads_in(definition)] == found
