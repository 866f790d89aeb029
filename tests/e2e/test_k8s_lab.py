# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's clusters are what they promise, and leave nothing behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.images import BASE
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.reaper import owned_processes

_EVERYTHING = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}


def _pod(name: str, command: list[str], **container: Any) -> dict[str, Any]:
    containers = [{"name": "main", "image": BASE, "command": command, **container}]
    labels = {"app": name}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": containers},
    }


def test_a_user_may_nothing_until_it_is_granted(k8s: Kubernetes, k8s_namespace: str) -> None:
    """A client certificate names a user and its groups; the aggregated role `view` has its rules."""
    alice = f"--kubeconfig={k8s.user('alice', ['lab-devs'])}"
    before = k8s.kubectl(alice, "auth", "can-i", "list", "pods", "-n", k8s_namespace, check=False)
    k8s.kubectl("create", "rolebinding", "devs", "--clusterrole=view", "--group=lab-devs", "-n", k8s_namespace)
    after = k8s.kubectl(alice, "auth", "can-i", "list", "pods", "-n", k8s_namespace)
    assert (before.strip(), after.strip()) == ("no", "yes")


def test_a_service_account_has_a_token(k8s: Kubernetes, k8s_namespace: str) -> None:
    account = f"--kubeconfig={k8s.service_account(k8s_namespace, 'default')}"
    assert f"system:serviceaccount:{k8s_namespace}:default" in k8s.kubectl(account, "get", "nodes", check=False)


def test_the_api_server_comes_back_with_its_state(make_k8s: Callable[..., Kubernetes]) -> None:
    cluster = make_k8s("api", admission=["AlwaysPullImages"], audit_policy=_EVERYTHING)
    cluster.kubectl_apply([_pod("first", ["true"])])
    cluster.stop_api()
    assert "refused" in cluster.kubectl("get", "pods", check=False)
    cluster.start_api(["--anonymous-auth=false"])
    assert cluster.kubectl("get", "pods", "-o=jsonpath={..imagePullPolicy}") == "Always"
    assert b"first" in cluster.etcd_get("/registry/pods/default/first")
    events = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    assert "create" in {event["verb"] for event in events if event.get("objectRef", {}).get("name") == "first"}


def test_a_flag_that_the_api_server_refuses_is_named(make_k8s: Callable[..., Kubernetes]) -> None:
    with pytest.raises(LabError, match="unknown flag: --no-such-flag"):
        make_k8s("api", api_flags=["--no-such-flag=1"])


def test_nothing_is_left_when_the_test_is_killed() -> None:
    script = (
        "import time\n"
        "from tests.lab.kubernetes import Kubernetes\n"
        "cluster = Kubernetes('api')\n"
        "cluster.start()\n"
        "print(cluster.workdir, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        workdir = Path(process.stdout.readline().strip())
        assert len(owned_processes(workdir)) == 2
        process.kill()
    deadline = time.monotonic() + 15
    while os.path.exists(workdir) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not os.path.exists(workdir)
    assert owned_processes(workdir) == []


def test_pods_run(k8s_full: Kubernetes) -> None:
    """Probes, logs, exec, ServiceAccount tokens, and another pod reached by its Service."""
    server = _pod("server", ["sh", "-c", "echo ready; while true; do echo hello | nc -l -p 8080; done"])
    client = _pod("client", ["sleep", "600"], readinessProbe={"exec": {"command": ["true"]}, "periodSeconds": 1})
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    k8s_full.make_namespace("pods-run")
    listing = {"apiVersion": "v1", "kind": "List", "items": [server, client, service]}
    k8s_full.kubectl("apply", "-n=pods-run", "-f-", input=json.dumps(listing))
    k8s_full.kubectl("wait", "-n=pods-run", "--for=condition=Ready", "pod/server", "pod/client", "--timeout=60s")

    assert k8s_full.kubectl("logs", "-n=pods-run", "server") == "ready\n"
    inside = ("exec", "-n=pods-run", "client", "--")
    assert k8s_full.kubectl(*inside, "cat", "/var/run/secrets/kubernetes.io/serviceaccount/namespace") == "pods-run"
    address = k8s_full.kubectl("get", "service", "server", "-n=pods-run", "-o=jsonpath={.spec.clusterIP}")
    assert k8s_full.kubectl(*inside, "nc", "-w", "10", address, "80") == "hello\n"


def test_the_api_server_can_be_a_static_pod(make_k8s: Callable[..., Kubernetes]) -> None:
    cluster = make_k8s("full", static_pod_api=True)
    cluster.stop_api()
    cluster.start_api(["--anonymous-auth=false", "--kubelet-timeout=7s"])
    assert "--kubelet-timeout=7s" in cluster.manifest.read_text()
    [pod] = json.loads(cluster.kubectl("get", "pods", "-n=kube-system", "-o=json"))["items"]
    assert pod["metadata"]["annotations"]["kubernetes.io/config.source"] == "file"
