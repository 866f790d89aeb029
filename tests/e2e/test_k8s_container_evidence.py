# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""container_evidence of real pods, and a timeline of what the API server, the engine and the evidence tell of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.e2e.conftest import fresh_namespace
from tests.lab.ansible import run_module
from tests.lab.images import BASE
from tests.lab.kubernetes import Kubernetes

SECRET = "correct-horse-battery-9"
_POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "RequestResponse"}]}


def deployment(namespace: str) -> list[dict[str, Any]]:
    """A Deployment whose pod has a secret in its environment, a policy that selects it, and one that does not."""
    labels = {"app": "web"}
    script = f"echo payload >/tmp/payload; echo started; sleep 2147483647; echo {SECRET}"
    container = {
        "name": "main",
        "image": BASE,
        "imagePullPolicy": "Never",
        "command": ["sh", "-c", script],
        "env": [{"name": "DB_PASSWORD", "value": SECRET}, {"name": "MODE", "value": "production-mode"}],
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "terminationGracePeriodSeconds": 0}}
    meta = {"name": "web", "namespace": namespace, "annotations": {"password": SECRET}}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
    policies = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"podSelector": {"matchLabels": {"app": name}}},
        }
        for name in ("web", "other")
    ]
    return [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}, *policies]


def running_pod(cluster: Kubernetes, namespace: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        pods = json.loads(cluster.kubectl("get", "pods", "-n", namespace, "-l", "app=web", "-o", "json"))["items"]
        running = [pod for pod in pods if pod["status"].get("phase") == "Running"]
        if running:
            return dict(running[0])
        assert time.monotonic() < deadline, pods
        time.sleep(0.2)


def take(cluster: Kubernetes, folder: Path, pod: dict[str, Any], **options: Any) -> dict[str, Any]:
    meta = pod["metadata"]
    entry = {"namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"], **options.pop("entry", {})}
    common = {"folder": str(folder), "case": "INC-1", "kubeconfig": str(cluster.kubeconfig), "min_free_mb": 1}
    return run_module("container_evidence", {**common, "pods": [entry], **options})


def all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_everything_about_a_pod_is_kept_and_no_secret(k8s_full: Kubernetes, tmp_path: Path) -> None:
    with fresh_namespace(k8s_full) as namespace:
        k8s_full.kubectl_apply(deployment(namespace))
        pod = running_pod(k8s_full, namespace)
        k8s_full.kubectl(
            "create",
            "rolebinding",
            "web",
            "--clusterrole=view",
            f"--serviceaccount={namespace}:default",
            "-n",
            namespace,
        )
        engine = k8s_full.node.docker.docker_host
        result = take(k8s_full, tmp_path, pod, pod_containers=True, docker_host=engine)
        assert "failed" not in result, result["msg"]
        (row,) = result["evidence"]
        assert {part["name"]: part["reason"] for part in row["parts"] if part["status"] != "taken"} == {}
        path = Path(row["path"])
        assert SECRET.encode() not in all_bytes(path)
        assert b"production-mode" not in all_bytes(path)
        assert "started" in (path / "pod" / "logs" / "main.log").read_text()
        owners = json.loads((path / "pod" / "owners.json").read_text())
        assert [owner["object"]["kind"] for owner in owners] == ["ReplicaSet", "Deployment"]
        policies = json.loads((path / "pod" / "network_policies.json").read_text())
        assert [policy["metadata"]["name"] for policy in policies] == ["web"]
        access = json.loads((path / "pod" / "access.json").read_text())
        assert any(rule["binding"]["name"] == "web" for rule in access["rules"])
        assert json.loads((path / "pod" / "events.json").read_text())
        changed = json.loads((path / "containers" / "main" / "changed_files.json").read_text())
        assert "/tmp/payload" in [file["path"] for file in changed]
        processes = json.loads((path / "containers" / "main" / "processes.json").read_text())
        assert any(process["command"][:1] == ["sleep"] for process in processes)
        _once_it_is_gone(k8s_full, tmp_path, pod)


def _once_it_is_gone(cluster: Kubernetes, folder: Path, pod: dict[str, Any]) -> None:
    """What was taken is known; what was not is refused, and so is the pod that follows."""
    meta = pod["metadata"]
    cluster.kubectl("delete", "pod", meta["name"], "-n", meta["namespace"], "--force", "--grace-period=0")
    again = take(cluster, folder, pod)
    assert (again["changed"], again["evidence"][0]["action"]) == (False, "present")
    other = take(cluster, folder, pod, case="INC-2")
    assert other["failed"] is True
    assert "There is no pod" in other["msg"]
    successor = running_pod(cluster, meta["namespace"])
    wrong = take(cluster, folder, successor, entry={"uid": meta["uid"]}, case="INC-2")
    assert f"and {meta['uid']} was asked for" in wrong["msg"]
    assert run_module("container_evidence", {"folder": str(folder), "state": "verified"})["changed"] is False


def test_a_timeline_of_a_real_break_in(make_k8s: Callable[..., Kubernetes], tmp_path: Path) -> None:
    cluster = make_k8s("full", audit_policy=_POLICY)
    cluster.make_namespace("shop")
    cluster.kubectl_apply(deployment("shop"))
    pod = running_pod(cluster, "shop")
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    command = ["--", "sh", "-c", f"echo DB_PASSWORD={SECRET} >/tmp/loot"]
    cluster.kubectl("exec", "-n", "shop", name, *command)
    engine = cluster.node.docker.docker_host
    assert "failed" not in take(cluster, tmp_path, pod, pod_containers=True, docker_host=engine)
    cluster.kubectl("delete", "pod", name, "-n", "shop", "--force", "--grace-period=0")
    page = tmp_path / "timeline.html"
    sources = [
        {"type": "k8s_audit", "paths": [str(cluster.audit_log)]},
        {"type": "docker_events", "docker_host": engine},
        {"type": "evidence", "paths": [str(tmp_path)]},
    ]
    options = {"sources": sources, "pods": [f"shop/{name}"]}
    result = run_module("incident_timeline", {**options, "outputs": [{"format": "html", "path": str(page)}]})
    assert "failed" not in result, result["msg"]
    assert SECRET not in page.read_text()
    result = run_module("incident_timeline", options)
    assert SECRET not in json.dumps(result)
    assert [source["malformed"] for source in result["summary"]["sources"]] == [0, 0, 0]
    assert [event["time"] for event in result["events"]] == sorted(event["time"] for event in result["events"])
    told = {(event["source"], event["kind"]) for event in result["events"]}
    assert {("k8s_audit", "create pods/exec"), ("k8s_audit", "delete pods")} <= told
    assert {("docker_events", "container exec_start"), ("evidence", "file changed")} <= told
    assert {("evidence", "process started"), ("evidence", "evidence taken")} <= told
    mine = [subject for subject in result["subjects"] if uid in subject.get("pod_uids", ())]
    assert len(mine) == 1
    assert mine[0]["pods"] == [name]
    loot = next(event for event in result["events"] if event["summary"].startswith("/tmp/loot"))
    assert loot["subject"] == mine[0]["id"]
