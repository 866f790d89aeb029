# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_access_info on a real API server, which is asked the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

RBAC = "rbac.authorization.k8s.io"


def _info(k8s: Kubernetes, *questions: dict[str, Any], **options: Any) -> dict[str, Any]:
    result = run_module("k8s_access_info", {"kubeconfig": str(k8s.kubeconfig), "questions": questions, **options})
    assert not result.get("failed"), result
    return result


def _grant(namespace: str) -> list[dict[str, Any]]:
    """A group that deploys, and reads what is aggregated into a role of its own making."""
    labels = {f"{namespace}/aggregate": "true"}
    pods = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods/*", "pods/log"]}
    deploy = {"verbs": ["patch"], "apiGroups": ["apps"], "resources": ["*"], "resourceNames": ["web"]}
    names = {"leaf": f"{namespace}-leaf", "sum": f"{namespace}-sum"}
    api = {"apiVersion": f"{RBAC}/v1"}
    return [
        {**api, "kind": "ClusterRole", "metadata": {"name": names["leaf"], "labels": labels}, "rules": [pods, deploy]},
        {
            **api,
            "kind": "ClusterRole",
            "metadata": {"name": names["sum"], "labels": labels},  # it selects itself too
            "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": labels}]},
            "rules": [],
        },
        {
            **api,
            "kind": "RoleBinding",
            "metadata": {"name": "deployers", "namespace": namespace},
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": names["sum"]},
            "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": "system:serviceaccounts:ci"}],
        },
    ]


def _await_aggregation(k8s: Kubernetes, name: str) -> None:
    cluster = k8s.cluster()
    path = f"/apis/{RBAC}/v1/clusterroles/{name}"
    k8s.processes.wait("aggregated role", lambda: bool(cluster.get(path)["rules"]), ["kube-controller-manager"])


def test_three_directions_and_the_servers_own_answer(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """The controller fills in the aggregated role; of manifests we compute the same."""
    objects = _grant(k8s_namespace)
    k8s.kubectl_apply(objects)
    robot = {"subject": "ServiceAccount:ci/robot", "namespace": k8s_namespace}
    asked: list[dict[str, Any]] = [
        {**robot, "verb": "patch", "resource": "deployments", "name": "web"},
        {**robot, "verb": "patch", "resource": "deployments"},
        {**robot, "verb": "get", "resource": "pods/log"},
        {**robot, "verb": "get", "resource": "pods/exec"},
        {"subject": "kate", "groups": ["system:masters"], "verb": "delete", "resource": "nodes"},
        {"subject": "system:anonymous", "verb": "get", "non_resource_url": "/version"},
        {"subject": "system:anonymous", "verb": "get", "non_resource_url": "/metrics"},
        {"verb": "get", "resource": "pods/log", "namespace": k8s_namespace},
        robot,
    ]
    try:
        k8s.kubectl(
            "wait", "--for=jsonpath={.rules[1].verbs[0]}=patch", f"clusterrole/{k8s_namespace}-sum", check=False
        )
        result = _info(k8s, *asked, verify=True)
    finally:
        k8s.kubectl("delete", "clusterrole", f"{k8s_namespace}-leaf", f"{k8s_namespace}-sum")
    answers = result["answers"]
    assert [given.get("allowed") for given in answers] == [True, False, True, False, True, True, False, None, None]
    assert [given.get("server_allowed") for given in answers] == [given.get("allowed") for given in answers]
    assert not result.get("warnings")
    group = {"kind": "Group", "name": "system:serviceaccounts:ci"}
    assert group in answers[7]["subjects"]
    assert [path["binding"]["name"] for path in answers[0]["paths"]] == ["deployers"]
    mine = [found for found in answers[8]["rules"] if found["namespace"] == k8s_namespace]
    assert [found["subject"] for found in mine] == [group, group]

    offline = run_module("k8s_access_info", {"definitions": objects, "questions": asked[:4]})
    assert [given["allowed"] for given in offline["answers"]] == [True, False, True, False]
    assert offline["requests"] == 0


def test_what_asks_nothing_is_refused(k8s: Kubernetes) -> None:
    result = run_module("k8s_access_info", {"kubeconfig": str(k8s.kubeconfig), "questions": [{"namespace": "x"}]})
    assert result["failed"]
    assert result["msg"] == "questions[0] asks nothing: it needs a subject, or a verb with a resource, or both"
