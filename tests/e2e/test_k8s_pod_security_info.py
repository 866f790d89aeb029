# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_pod_security_info on a real API server, with what its controllers make of workloads."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

GOOD: dict[str, Any] = {
    "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
    "containers": [
        {
            "name": "main",
            "image": "registry.example.com/web:1",
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
    ],
}
PLAIN: dict[str, Any] = {"containers": [{"name": "main", "image": "web"}]}
JOB: dict[str, Any] = {**PLAIN, "restartPolicy": "Never"}
BAD: dict[str, Any] = {
    "hostPID": True,
    "containers": [{"name": "main", "image": "web", "securityContext": {"privileged": True}}],
}


def controller(kind: str, name: str, spec: dict[str, Any], replicas: int = 2) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    own = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": own}


def pod(name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": spec}


def job(name: str) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": {"spec": JOB}}}


@pytest.fixture
def shop(k8s: Kubernetes, k8s_namespace: str) -> str:
    things = [
        controller("Deployment", "good", GOOD),
        controller("Deployment", "plain", PLAIN),
        controller("ReplicaSet", "bare-set", PLAIN, replicas=0),
        pod("bad", BAD),
        job("once"),
    ]
    for thing in things:
        thing["metadata"]["namespace"] = k8s_namespace
    k8s.kubectl_apply(things)
    wait_for_pods(k8s, k8s_namespace, 6)
    return k8s_namespace


def wait_for_pods(cluster: Kubernetes, namespace: str, count: int) -> None:
    """Until the controllers have made them."""
    deadline = time.monotonic() + 30
    while len(cluster.kubectl("-n", namespace, "get", "pods", "-o", "name").split()) < count:
        assert time.monotonic() < deadline, "the controllers made no pods"
        time.sleep(0.1)


def info(cluster: Kubernetes, **options: Any) -> dict[str, Any]:
    found = run_module("k8s_pod_security_info", {"kubeconfig": str(cluster.kubeconfig), **options})
    assert not found.get("failed"), found
    return found


def rows(found: dict[str, Any]) -> dict[str, Any]:
    return {f"{row['kind']}/{row['name']}": (row["level"], row["pods"]) for row in found["workloads"]}


def test_workloads_are_judged_with_the_pods_made_of_them(k8s: Kubernetes, shop: str) -> None:
    found = info(k8s, namespaces=[shop], include_admitted=True)
    assert rows(found) == {
        "Deployment/good": ("restricted", 2),
        "Deployment/plain": ("baseline", 2),
        "ReplicaSet/bare-set": ("baseline", 0),
        "Job/once": ("baseline", 1),
        "Pod/bad": ("privileged", 1),
    }
    assert (found["version"], found["errors"]) == (k8s.cluster().version.text, [])
    (namespace,) = found["namespaces"]
    assert namespace["level"] == "privileged"
    assert namespace["in_the_way"]["baseline"] == ["Pod/bad"]


def test_those_denied_depend_on_level_and_rules(k8s: Kubernetes, shop: str) -> None:
    found = info(k8s, namespaces=[shop], level="baseline", version="latest")
    assert set(rows(found)) == {"Pod/bad"}
    assert {each["control"] for each in found["workloads"][0]["violations"]} == {"hostNamespaces", "privileged"}
    by_rules = info(k8s, namespaces=[shop], level="privileged", rules={"allowed_registries": ["registry.example.com"]})
    assert "Deployment/good" not in rows(by_rules)
    assert "Deployment/plain" in rows(by_rules)


def test_namespaces_are_selected_by_their_labels(k8s: Kubernetes, shop: str) -> None:
    k8s.kubectl("label", "namespace", shop, f"only={shop}", "pod-security.kubernetes.io/enforce=baseline")
    found = info(k8s, namespace_selector=f"only={shop}")
    assert [(row["namespace"], row["enforce"]) for row in found["namespaces"]] == [(shop, "baseline")]
    assert {row["namespace"] for row in found["workloads"]} == {shop}


def test_what_may_not_be_read_is_said_and_the_rest_goes_on(k8s: Kubernetes, shop: str) -> None:
    k8s.kubectl("-n", shop, "create", "role", "pods", "--verb=get,list", "--resource=pods")
    k8s.kubectl("-n", shop, "create", "rolebinding", "pods", "--role=pods", "--user=reader")
    arguments = {"kubeconfig": str(k8s.user("reader")), "namespaces": [shop], "level": "baseline"}
    found = run_module("k8s_pod_security_info", arguments)
    assert set(rows(found)) == {"Pod/bad"}
    assert any("deployments" in sentence for sentence in found["errors"])
    assert len(found["warnings"]) == len(found["errors"])


def test_a_namespace_that_is_not_there_is_named(k8s: Kubernetes) -> None:
    found = info(k8s, namespaces=["no-such-place"])
    assert found["errors"] == ["There is no namespace no-such-place"]
    assert len(found["warnings"]) == 1
