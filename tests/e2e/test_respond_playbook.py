# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""respond.yml on a real API server: one alert, answered by hand, by the same rules as those of the engine."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes

_DELETE = [{"action": "delete_pod"}]


def make_pod(k8s: Kubernetes, namespace: str) -> str:
    """The uid of a pod called web."""
    metadata = {"name": "web", "namespace": namespace}
    spec = {"containers": [{"name": "web", "image": "x"}]}
    k8s.kubectl_apply([{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}])
    return k8s.kubectl("-n", namespace, "get", "pod", "web", "-o=jsonpath={.metadata.uid}")


def alert_about(namespace: str, uid: str) -> str:
    """As Falco sends it; its output would do harm if it were a template."""
    fields = {"k8s.ns.name": namespace, "k8s.pod.name": "web", "k8s.pod.uid": uid}
    found = {"rule": "Shell", "priority": "Notice", "output": "{{ lookup('pipe', 'false') }}", "output_fields": fields}
    return json.dumps({**found, "time": "2026-01-01T00:00:00.000000000Z", "source": "syscall", "tags": []})


def respond(k8s: Kubernetes, alert: str, *, check: bool = False, **variables: Any) -> PlaybookResult:
    given = {"respond_kubeconfig": str(k8s.kubeconfig), "respond_steps": _DELETE, **variables}
    given.setdefault("respond_alert_base64", base64.b64encode(alert.encode()).decode())
    return run_playbook("respond.yml", extra_vars=given, check=check)


def statuses(run: PlaybookResult) -> list[str]:
    [facts] = [task["result"]["ansible_facts"] for task in run.tasks if task["action"].endswith("set_fact")]
    return [decision["status"] for decision in facts["response_engine_decisions"]]


def test_the_pod_of_the_alert_and_no_other(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    uid = make_pod(k8s, k8s_namespace)
    alert, allowed = alert_about(k8s_namespace, uid), [k8s_namespace]
    looked = respond(k8s, alert, check=True, response_engine_allowed_namespaces=allowed).check()
    assert statuses(looked) == ["dry_run"]
    assert looked.changed == []
    told = respond(k8s, alert, response_engine_allowed_namespaces=allowed, response_engine_dry_run=True).check()
    assert statuses(told) == ["dry_run"]
    outside = respond(k8s, alert, response_engine_allowed_namespaces=["elsewhere"]).check()
    assert statuses(outside) == ["protected"]
    another = alert_about(k8s_namespace, "00000000-0000-4000-8000-000000000000")
    respond(k8s, another, response_engine_allowed_namespaces=allowed).check()
    assert k8s.kubectl("-n", k8s_namespace, "get", "pod", "web", "-o=jsonpath={.metadata.uid}") == uid

    file = tmp_path / "alert.json"
    file.write_text(alert)
    options: dict[str, Any] = {"response_engine_allowed_namespaces": allowed, "respond_alert_file": str(file)}
    given = {"respond_kubeconfig": str(k8s.kubeconfig), "respond_steps": _DELETE, **options}
    done = run_playbook("respond.yml", extra_vars=given).check()
    assert statuses(done) == ["acted"]
    assert done.changed
    # No kubelet has it, so that it is gone at once.
    assert not k8s.kubectl("-n", k8s_namespace, "get", "pod", "web", "--ignore-not-found")


def test_what_cannot_be_answered(k8s: Kubernetes) -> None:
    nowhere = respond(k8s, "{}")
    assert nowhere.rc != 0
    assert "response_engine_allowed_namespaces" in nowhere.stdout
    poison = respond(k8s, "no alert", response_engine_allowed_namespaces=["shop"])
    assert poison.rc != 0
    assert "JSON" in poison.stdout
