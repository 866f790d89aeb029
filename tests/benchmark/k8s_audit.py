# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_audit against a cluster of 10,000 Pods, beside an empty module and kubectl that only fetches the same kinds."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmark.audit import ship
from tests.benchmark.k8s_population import populate
from tests.benchmark.measure import Cost, medians_of
from tests.lab.ansible import ansible_environment
from tests.lab.kubernetes import Kubernetes
from tests.lab.progress import step

PODS, ROLES, SECRETS = 10_000, 3_000, 5_000
_KINDS = "pods,deployments,replicasets,namespaces,serviceaccounts,secrets,roles,rolebindings"


def bench_k8s_audit(runs: int) -> list[dict[str, Any]]:
    """[{program, cpu, wall, memory, …}]: medians of an empty module, k8s_audit, and kubectl."""
    with Kubernetes("api") as cluster, tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as folder:
        with step(f"{PODS} Pods, {ROLES} roles with a binding each, {SECRETS} Secrets"):
            populate(cluster, pods=PODS, roles=ROLES, secrets=SECRETS)
        with step(f"{runs} runs"):
            rows = _measured(cluster, Path(folder), runs)
    for row in rows:
        print(f"  {row['program']:<22} {row['cpu']:6.2f} s CPU  {row['wall']:6.2f} s  {row['memory']:6.0f} MB")
    return rows


def _measured(cluster: Kubernetes, folder: Path, runs: int) -> list[dict[str, Any]]:
    arguments = {"kubeconfig": str(cluster.kubeconfig), "target": "bench"}
    kubectl = [cluster.kubectl_program, f"--kubeconfig={cluster.kubeconfig}", "get", _KINDS, "-A", "-o=json"]
    commands = [
        [sys.executable, str(ship("bench_empty", {"docker_host": "none"}, folder))],
        [sys.executable, str(ship("bulkhead.container_security.k8s_audit", arguments, folder))],
        ["/bin/sh", "-c", '"$@" >/dev/null', "sh", *kubectl],
    ]
    empty, audit, fetched = medians_of(runs, commands, ansible_environment())
    return [_row("bench_empty", empty), {**_row("k8s_audit", audit), **_answered(audit)}, _row("kubectl get", fetched)]


def _row(program: str, cost: Cost) -> dict[str, Any]:
    return {"program": program, **cost.numbers()}


def _answered(cost: Cost) -> dict[str, Any]:
    answer = json.loads(cost.output[cost.output.index("{") :])
    return {"requests": answer["requests"], "findings": len(answer["findings"])}
