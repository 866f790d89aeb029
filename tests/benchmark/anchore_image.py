# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""anchore_image with 100 images in one call, beside `anchore-cli image add` and `image wait` for each."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmark.audit import ship
from tests.benchmark.measure import Cost, median_of, run_once
from tests.lab.anchore.engine import Content, Engine, digest_of
from tests.lab.anchore.server import AnchoreServer, anchore_server
from tests.lab.ansible import ansible_environment
from tests.lab.progress import step
from tests.tooling.environments import ANCHORECLI, ensure

IMAGES = 100
_BY_CLIENT = 5
_ANALYSIS_SECONDS = 3.0
_MODULE = "bulkhead.container_security.anchore_image"
_TAGS = [f"registry.example.com/bench/image-{number}:1" for number in range(IMAGES)]


def bench_anchore_image(runs: int) -> dict[str, Any]:
    """{cpu, wall, memory, empty: CPU of an empty module, requests, looks: of them GET, cli: …, extrapolated}."""
    client = ensure(ANCHORECLI).program("anchore-cli")
    engine = Engine(_ANALYSIS_SECONDS)
    engine.registry = {tag: Content(digest_of(tag)) for tag in _TAGS}
    with anchore_server(engine) as server, tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        with step(f"anchore_image, {IMAGES} images, each analysed in {_ANALYSIS_SECONDS:g} s: {runs} runs"):
            ours = _by_module(server, Path(name), runs)
        with step(f"anchore-cli, {_BY_CLIENT} images of them"):
            theirs = _by_client(server, client)
    print(
        f"  in one call: {ours['wall']:.1f} s, CPU {ours['cpu']:.2f} s (empty module {ours['empty']:.2f} s), "
        f"{ours['requests']:g} requests, {ours['looks']:g} of them looks at all images\n"
        f"  anchore-cli for each: {theirs['wall']:.1f} s, CPU {theirs['cpu']:.1f} s, {theirs['requests']:g} requests "
        f"for {IMAGES} images, extrapolated from {_BY_CLIENT}"
    )
    return {**ours, "client": theirs}


def _by_module(server: AnchoreServer, folder: Path, runs: int) -> dict[str, float]:
    options = {**server.options, "images": [{"tag": tag} for tag in _TAGS], "wait_interval": 1.0}
    program, empty = ship(_MODULE, options, folder), ship("bench_empty", {"docker_host": ""}, folder)
    costs, bare, requests, looks = [], [], [], []
    for _run in range(runs):
        bare.append(_alone([sys.executable, str(empty)]))
        _forget(server)
        costs.append(_alone([sys.executable, str(program)]))
        requests.append(len(server.requests))
        looks.append(sum(method == "GET" for method, _path in server.requests))
    cost = median_of([str(program)], costs)
    return {
        **cost.numbers(),
        "empty": median_of([str(empty)], bare).cpu,
        "requests": statistics.median(requests),
        "looks": statistics.median(looks),
    }


def _alone(command: list[str]) -> Cost:
    return run_once(command, ansible_environment())


def _by_client(server: AnchoreServer, client: str) -> dict[str, float]:
    """What it costs to do the same with a process for each image, for all images."""
    _forget(server)
    environment = {
        **os.environ,
        "ANCHORE_CLI_URL": server.url,
        "ANCHORE_CLI_USER": server.user,
        "ANCHORE_CLI_PASS": server.password,
        "REQUESTS_CA_BUNDLE": str(server.ca_file),
    }
    costs = []
    for tag in _TAGS[:_BY_CLIENT]:
        costs.append(run_once([client, "image", "add", tag], environment))
    for tag in _TAGS[:_BY_CLIENT]:
        costs.append(run_once([client, "image", "wait", tag, "--interval", "1"], environment))
    median_of([client], costs)  # that none failed
    scale = IMAGES / _BY_CLIENT
    return {
        "cpu": round(scale * sum(cost.cpu for cost in costs), 2),
        "wall": round(scale * sum(cost.wall for cost in costs), 2),
        "requests": scale * len(server.requests),
    }


def _forget(server: AnchoreServer) -> None:
    server.engine.images.clear()
    server.engine.subscriptions.clear()
    server.requests.clear()
