# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The admission webhook: how long a decision takes from its cache, at a rate that is kept whatever the answers take."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.e2e.admission_role import write_verdicts
from tests.e2e.admission_stage import Webhook
from tests.lab.progress import step

_RATE, _SECONDS, _ROUNDS, _CONNECTIONS, _IMAGES = 200, 8, 3, 8, 50


def bench_admission(rate: int = _RATE, seconds: int = _SECONDS) -> dict[str, float]:
    """{p50, p99: seconds from when a review was due to its answer; cpu: seconds a decision; memory: MB}.

    Of several rounds, the median of each: what else the machine does for a moment is not the webhook's.
    """
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        folder = Path(name)
        digests = [f"{number:064x}" for number in range(_IMAGES)]
        verdicts = write_verdicts(folder / "verdicts.json", **{f"d{digest}": "go" for digest in digests})
        webhook = Webhook(folder / "w", {"kind": "verdicts", "verdicts_file": str(verdicts)}, cache={})
        webhook.start()
        try:
            reviews = [_review(digest) for digest in digests]
            with step(f"{_ROUNDS} times {rate * seconds} reviews, {rate} a second"):
                asyncio.run(_generate(webhook, reviews, rate, 2))  # fills the cache
                before = _cpu(webhook.pid)
                rounds = [sorted(asyncio.run(_generate(webhook, reviews, rate, seconds))) for _each in range(_ROUNDS)]
                cpu = (_cpu(webhook.pid) - before) / (rate * seconds * _ROUNDS)
            memory = _memory(webhook.pid)
        finally:
            webhook.stop()
    share = {"p50": 0.5, "p99": 0.99}
    result = {key: statistics.median(taken[int(len(taken) * at)] for taken in rounds) for key, at in share.items()}
    result |= {"cpu": cpu, "memory": memory}
    for key, value in result.items():
        print(f"  {key:<8} {value:.5f}", flush=True)
    return result


def _review(digest: str) -> bytes:
    """A Deployment as an API server sends it, with what kubectl and the API server write beside what counts."""
    container = {
        "name": "main",
        "image": f"registry.example.com/shop/web:1.4@sha256:{digest}",
        "env": [{"name": f"SETTING_{number}", "value": "x" * 40} for number in range(30)],
        "resources": {"limits": {"cpu": "1", "memory": "256Mi"}},
    }
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 3, "template": template}}
    request = {
        "uid": "0b2c4a54-0fd8-4c3f-9e53-0c5f6f0d4b7e",
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "namespace": "shop",
        "name": "web",
        "operation": "CREATE",
        "userInfo": {"username": "jane", "groups": ["developers", "system:authenticated"]},
        "object": manifest,
        "oldObject": None,
    }
    return json.dumps({"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": request}).encode()


async def _generate(webhook: Webhook, reviews: list[bytes], rate: int, seconds: int) -> list[float]:
    """Seconds from when each review was due: open loop, over a few kept connections, as an API server has them."""
    free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    trust = ssl.create_default_context(cadata=webhook.authority.credential.certificate.decode())
    for _each in range(_CONNECTIONS):
        free.put_nowait(await asyncio.open_connection("127.0.0.1", webhook.port, ssl=trust))
    begun, tasks = time.perf_counter(), []
    for number in range(rate * seconds):
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(_one(free, reviews[number % len(reviews)], due)))
    taken = await asyncio.gather(*tasks)
    while not free.empty():
        free.get_nowait()[1].close()
    return list(taken)


async def _one(free: asyncio.Queue[Any], body: bytes, due: float) -> float:
    reader, writer = connection = await free.get()
    head = f"POST /validate?timeout=10s HTTP/1.1\r\nHost: webhook\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    answer = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    text = await reader.readexactly(int(length.partition(b":")[2]))
    taken = time.perf_counter() - due
    free.put_nowait(connection)
    if json.loads(text)["response"]["allowed"] is not True:
        raise RuntimeError(f"a review was refused: {text!r}")
    return taken


def _cpu(pid: int) -> float:
    """Seconds of CPU that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """MB that the process had resident at most."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024
