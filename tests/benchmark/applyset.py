# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_applyset with 500 objects, beside `kubectl apply --server-side` of the same, on the same API server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmark.audit import ship
from tests.benchmark.measure import Cost, median_of, run_once
from tests.lab.ansible import ansible_environment
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.programs import program
from tests.lab.progress import step

_OBJECTS = 500
_MODULE = "bulkhead.container_security.k8s_applyset"
_SET = "bench"
_RBAC = "rbac.authorization.k8s.io"

FIRST, UNCHANGED, PLAYBOOK = "k8s_applyset, first run", "k8s_applyset, unchanged", "ansible-playbook, one task"
KUBECTL = "kubectl apply --server-side"


def objects(namespace: str, count: int = _OBJECTS) -> list[dict[str, Any]]:
    """What a team deploys: five kinds in equal parts."""
    return [_object(number, namespace) for number in range(count)]


def _object(number: int, namespace: str) -> dict[str, Any]:
    meta = {"name": f"bench-{number}", "namespace": namespace}
    labels = {"app": f"bench-{number}"}
    container = {
        "name": "main",
        "image": "registry.example.com/app:1.0",
        "ports": [{"containerPort": 8080}],
        "resources": {"limits": {"cpu": "500m", "memory": "128Mi"}},
    }
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}
    kinds: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"settings": "x" * 200}},
        {"apiVersion": "v1", "kind": "Secret", "data": {"password": "eHh4eHh4eHh4"}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": False},
        {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "rules": [rule]},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"selector": {"matchLabels": labels}, "template": pod}},
    ]
    return {**kinds[number % len(kinds)], "metadata": meta}


class _Bench:
    """One API server, and what is applied to it: in each round to namespaces that are new."""

    def __init__(self, k8s: Kubernetes, folder: Path) -> None:
        self._k8s = k8s
        self._folder = folder
        self._source = folder / "objects.json"
        self._namespaces = 0
        self._fill(None)
        options = {"kubeconfig": str(k8s.kubeconfig), "name": _SET, "src": [str(self._source)]}
        self._program = [sys.executable, str(ship(_MODULE, options, folder))]

    def round(self) -> Iterator[tuple[str, Cost]]:
        """Each program once."""
        self._fill(self._new_namespace())
        kubectl = [program("kubectl"), f"--kubeconfig={self._k8s.kubeconfig}", f"--cache-dir={self._folder}/kubectl"]
        yield KUBECTL, run_once([*kubectl, "apply", "--server-side", "-f", str(self._source)])
        # What was applied before is forgotten, or the set would prune it.
        self._k8s.kubectl("delete", "configmap", _SET)
        self._fill(self._new_namespace())
        yield FIRST, run_once(self._program, ansible_environment())
        yield UNCHANGED, run_once(self._program, ansible_environment())
        yield PLAYBOOK, run_once(["ansible-playbook", str(self._play(self._new_namespace()))], ansible_environment())

    def _new_namespace(self) -> str:
        self._namespaces += 1
        self._k8s.make_namespace(f"bench-{self._namespaces}")
        return f"bench-{self._namespaces}"

    def _fill(self, namespace: str | None) -> None:
        items = objects(namespace) if namespace else []
        self._source.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))

    def _play(self, namespace: str) -> Path:
        options = {"kubeconfig": str(self._k8s.kubeconfig), "name": namespace, "definitions": objects(namespace)}
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [{_MODULE: options}]}
        file = self._folder / "play.json"
        file.write_text(json.dumps([play]))
        return file


def bench_applyset(runs: int) -> list[dict[str, Any]]:
    """One row a program: {program, cpu, wall, memory, requests?, writes?}; medians after a round that warms up."""
    with Kubernetes("api") as k8s:
        folder = k8s.workdir / "bench"
        folder.mkdir()
        bench = _Bench(k8s, folder)
        costs: dict[str, list[Cost]] = {}
        for number in range(runs + 1):
            with step(f"round {number} of {runs}"):
                for name, cost in bench.round():
                    costs.setdefault(name, []).append(cost)
    return [_row(name, median_of([name], every[1:])) for name, every in costs.items()]


def _row(name: str, cost: Cost) -> dict[str, Any]:
    row: dict[str, Any] = {"program": name, **cost.numbers()}
    if name in (FIRST, UNCHANGED):
        answer = json.loads(cost.output[cost.output.index("{") :])
        row |= {key: answer[key] for key in ("requests", "writes")}
    print(f"  {name:<28} cpu {cost.cpu:.3f} s, wall {cost.wall:.3f} s, {cost.memory:.0f} MB", flush=True)
    return row
