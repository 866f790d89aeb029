# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an alert in NATS to a pod that is gone: our rulebook, our playbook, a real API server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.e2e.eda_rulebook import NEEDS_EDA, Rulebook, alert, provide, publish
from tests.lab.kubernetes import Kubernetes
from tests.lab.nats import Nats
from tests.tooling.environments import EDA

pytestmark = NEEDS_EDA


def _pods(cluster: Kubernetes, namespace: str) -> dict[str, str]:
    """{name: uid} of the pods that are not being deleted."""
    found = json.loads(cluster.kubectl("get", "pods", "-n", namespace, "-o", "json"))["items"]
    metadata = [pod["metadata"] for pod in found]
    return {each["name"]: each["uid"] for each in metadata if not each.get("deletionTimestamp")}


def _inventory(cluster: Kubernetes, namespace: str) -> dict[str, Any]:
    steps = [{"action": "delete_pod", "params": {"grace_period_seconds": 0}}]
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": EDA.program("python"),
        "respond_kubeconfig": str(cluster.kubeconfig),
        "response_engine_allowed_namespaces": [namespace],
        "response_engine_rules": [{"name": "shell", "match": {"rules": ["Terminal shell"]}, "steps": steps}],
    }
    return {"all": {"hosts": {"localhost": variables}}}


def test_the_pod_of_an_alert_is_gone_and_no_other(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    for name in ("web", "other", "namesake"):
        k8s.kubectl("run", name, "-n", k8s_namespace, "--image=registry.example.com/web:1", "--restart=Never")
    uids = _pods(k8s, k8s_namespace)
    alerts = [alert(name, namespace=k8s_namespace) for name in ("web", "namesake")]
    alerts[0]["output_fields"]["k8s.pod.uid"] = uids["web"]
    alerts[1]["output_fields"]["k8s.pod.uid"] = uids["other"]
    with Nats() as server:
        asyncio.run(provide(server))
        rulebook = Rulebook(server, tmp_path)
        (tmp_path / "inventory.yml").write_text(json.dumps(_inventory(k8s, k8s_namespace)))
        rulebook.set("respond_namespaces", [k8s_namespace])
        rulebook.set("respond_playbook", "bulkhead.container_security.respond")
        publish(server, *reversed(alerts))
        try:
            rulebook.start()
            # The other alert was answered before this one.
            rulebook.wait(lambda: "web" not in _pods(k8s, k8s_namespace))
        finally:
            rulebook.end()
    assert set(_pods(k8s, k8s_namespace)) == {"other", "namesake"}
    assert "response_engine_decisions" in rulebook.log.read_text()
