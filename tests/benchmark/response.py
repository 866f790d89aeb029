# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response runner: how fast an alert is answered, how many it takes, how soon it is ready, what it weighs."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import nats

from tests.e2e.response_doubles import double
from tests.e2e.response_stage import ResponseStage, alert, response_stage
from tests.lab.kubernetes import Kubernetes
from tests.lab.progress import step

_RATE, _ALERTS, _BURST = 100, 1000, 100_000
_SAME_PODS, _STARTS = 50, 5
_NAMESPACE = "shop"
# The API server itself says when it had answered a request.
_DELETIONS = {"level": "Metadata", "verbs": ["delete"], "resources": [{"group": "", "resources": ["pods"]}]}
_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [_DELETIONS, {"level": "None"}],
}


def bench_response(alerts: int = _ALERTS, burst: int = _BURST) -> dict[str, float]:
    """{p50, p99, own_p50: seconds from publish to accepted delete; rate, rate_of_a_core: a second; start; memory}.

    own_p50 is without what the step took; start is in seconds, memory in MB.
    """
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as folder:
        result = _latency(Path(folder, "latency"), alerts)
        busy = _throughput(Path(folder, "burst"), burst)
    result = {**result, **busy, "memory": max(result["memory"], busy["memory"])}
    for name, value in result.items():
        print(f"  {name:<24} {value:.4f}", flush=True)
    return result


def _latency(folder: Path, alerts: int) -> dict[str, float]:
    with Kubernetes("api", audit_policy=_POLICY) as k8s, response_stage(folder) as stage:
        stage.make_streams()
        stage.config["rules"] = [{"name": "shells", "steps": [{"action": "delete_pod"}]}]
        certificate, key = k8s.workdir / "pki" / "admin.crt", k8s.workdir / "pki" / "admin.key"
        files = {"ca_file": str(k8s.ca_file), "cert_file": str(certificate), "key_file": str(key)}
        stage.config["kubernetes"] = {"server": k8s.url, **files}
        with step(f"{alerts} pods"):
            uids = _make_pods(k8s, alerts)
        start = _median_start(stage)
        with step(f"{alerts} alerts, {_RATE} a second"):
            sent = asyncio.run(_publish_at_rate(stage, uids))
            stage.await_finished()
        answered = _answered(k8s.audit_log)
        memory = _peak_memory(stage.runner.pid)
        asking = {record["target"]["pod"]: record["steps"][0]["seconds"] for _subject, record in stage.records()}
    taken = sorted(answered[pod] - at for pod, at in sent.items())
    # What the API server took to answer is in it; without that, it is NATS and the runner.
    own = sorted(answered[pod] - at - asking[pod] for pod, at in sent.items())
    middle, last = len(taken) // 2, int(len(taken) * 0.99)
    return {"p50": taken[middle], "p99": taken[last], "own_p50": own[middle], "start": start, "memory": memory}


def _throughput(folder: Path, alerts: int) -> dict[str, float]:
    """A burst about a few pods: each alert is matched, and all but the first of a pod de-duplicated and recorded."""
    with double() as outside, response_stage(folder) as stage:
        stage.make_streams()
        stage.config["rules"] = [{"name": "shells", "dedup_seconds": 3600, "steps": [{"action": "delete_pod"}]}]
        stage.config["kubernetes"] = {"server": outside.url}
        with step(f"{alerts} alerts of {_SAME_PODS} pods"):
            stage.publish(_about_few_pods(number) for number in range(alerts))
        stage.start()
        begun, before = time.monotonic(), _cpu(stage.runner.pid)
        with step("answered"):
            stage.await_finished(timeout=600)
        taken = time.monotonic() - begun
        if len(outside.deleted) != _SAME_PODS or stage.count("RESPONSE", "response.decision.>") != alerts:
            raise RuntimeError(f"of {alerts} alerts, not each was decided once:\n{stage.last_words()}")
        pid = stage.runner.pid
        return {"rate": alerts / taken, "rate_of_a_core": alerts / (_cpu(pid) - before), "memory": _peak_memory(pid)}


def _about_few_pods(number: int) -> dict[str, Any]:
    pod = number % _SAME_PODS
    return alert(number, f"web-{pod}", **{"k8s.pod.uid": f"uid-{pod}"})


def _median_start(stage: ResponseStage) -> float:
    """Seconds from the start of the process until /readyz says so; the last one goes on running."""
    seconds = []
    for _each in range(_STARTS):
        seconds.append(stage.start())
        stage.stop()
    stage.start()
    return statistics.median(seconds)


def _make_pods(k8s: Kubernetes, number: int) -> list[str]:
    """The uids of pods that are objects only."""
    k8s.make_namespace(_NAMESPACE)
    spec = {"containers": [{"name": "main", "image": "registry.example.com/web:1.0"}]}
    with k8s.rest() as rest:
        path = f"/api/v1/namespaces/{_NAMESPACE}/pods"
        pods = [rest.create(path, {"metadata": {"name": f"web-{each}"}, "spec": spec}) for each in range(number)]
    return [str(pod["metadata"]["uid"]) for pod in pods]


async def _publish_at_rate(stage: ResponseStage, uids: list[str]) -> dict[str, float]:
    """When the alert of each pod was published, by the pod."""
    client = await nats.connect(**stage.nats.options("forwarder"))
    stream = client.jetstream()
    sent: dict[str, float] = {}
    begun = time.monotonic()
    for number, uid in enumerate(uids):
        await asyncio.sleep(max(0.0, begun + number / _RATE - time.monotonic()))
        data = json.dumps(alert(number, **{"k8s.pod.uid": uid})).encode()
        sent[f"web-{number}"] = time.time()
        await stream.publish_async("falco.notice.terminal_shell_in_container", data)
    await stream.publish_async_completed()
    await client.close()
    return sent


def _answered(audit_log: Path) -> dict[str, float]:
    """When the API server had answered the deletion of each pod."""
    events = [json.loads(line) for line in audit_log.read_text().splitlines()]
    return {event["objectRef"]["name"]: _epoch(event["stageTimestamp"]) for event in events}


def _epoch(text: str) -> float:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _cpu(pid: int) -> float:
    """Seconds of CPU that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak_memory(pid: int) -> float:
    """MB that the process had resident at most."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise RuntimeError(f"/proc/{pid}/status does not say how much memory was used")
    return int(found[1]) / 1024
