# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_audit against 10, 50 and 500 containers, beside an empty module and beside peers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker

from tests.benchmark import yardstick
from tests.benchmark.measure import Cost, medians_of, run_once
from tests.lab.ansible import ansible_environment
from tests.lab.cast import Member, enter, prepare
from tests.lab.dockerd import Dockerd
from tests.lab.progress import step

LIBRARY = Path(__file__).resolve().parent / "library"
_MODULES = ("bench_empty", "bulkhead.container_security.docker_audit")
_MOST_RUNNING = 50
_BENCH = "BULKHEAD_BENCH_DOCKER_BENCH"
_VICE = {"mem_limit": None, "memswap_limit": None, "cap_drop": None, "security_opt": None}


def populate(client: docker.DockerClient, there: int, size: int) -> None:
    """Go from `there` containers to `size`: half are well kept; the first 50 run, the rest are only created."""
    for number in range(there, size):
        vice = {**(_VICE if number % 2 else {}), "restart_policy": None}
        enter(client, Member(f"bench-{number:04}", vice, started=number < _MOST_RUNNING))


def ship(module: str, arguments: Mapping[str, Any], folder: Path) -> Path:
    """The self-contained program that Ansible sends to a target for this module call, kept in `folder`."""
    environment = ansible_environment(
        {
            "ANSIBLE_KEEP_REMOTE_FILES": "1",
            "ANSIBLE_LIBRARY": str(LIBRARY),
            "ANSIBLE_REMOTE_TEMP": str(folder / module),
        }
    )
    command = ["ansible", "localhost", "-c", "local", "-m", module, "-a", json.dumps(dict(arguments))]
    cost = run_once(command, environment)
    programs = list((folder / module).glob("*/AnsiballZ_*.py"))
    if cost.rc or not programs:
        raise RuntimeError(f"{module} did not run:\n{cost.output[-2000:]}")
    return programs[0]


def _ours(docker_host: str, folder: Path, runs: int) -> Iterator[tuple[str, Cost, dict[str, Any]]]:
    """The empty module and docker_audit, both as Ansible ships them; and the docker SDK as a yardstick."""
    commands = []
    for module in _MODULES:
        shutil.rmtree(folder / module, ignore_errors=True)
        commands.append([sys.executable, str(ship(module, {"docker_host": docker_host}, folder))])
    commands.append([sys.executable, yardstick.__file__, docker_host])
    empty, audit, bare = medians_of(runs, commands, ansible_environment())
    answer = json.loads(audit.output[audit.output.index("{") :])
    yield "bench_empty", empty, {}
    yield "docker_audit", audit, {"requests": answer["requests"], "findings": len(answer["findings"])}
    yield "docker SDK, facts only", bare, {}


def _peers(docker_host: str, folder: Path) -> Iterator[tuple[str, Cost, dict[str, Any]]]:
    """Whatever can be had here that looks at the same daemon."""
    environment = {**os.environ, "DOCKER_HOST": docker_host}
    if shutil.which("lynis"):
        command = ["lynis", "audit", "system", "--tests-from-group", "containers", "--quick", "--quiet", "--no-log"]
        # Half a minute each: once; its exit code says nothing.
        yield "lynis, containers group", replace(run_once(command, environment, folder), rc=0), {}
    if os.environ.get(_BENCH):
        script = Path(os.environ[_BENCH]).resolve()
        command = ["bash", str(script), "-b", "-l", str(folder / "docker-bench.log")]
        # Minutes of CPU: once, without warming up; its exit code says nothing.
        yield "docker-bench-security", replace(run_once(command, environment, script.parent), rc=0), {}


def bench_audit(sizes: list[int], runs: int) -> list[dict[str, Any]]:
    """One row for each size and program: {containers, program, cpu, wall, memory, requests?, findings?}."""
    rows = []
    with Dockerd(bridge=True) as daemon, contextlib.closing(daemon.client(timeout=300)) as client:
        with step("images"):
            prepare(client, [])
        there = 0
        for size in sorted(sizes):
            with step(f"{size} containers, of which {min(size, _MOST_RUNNING)} run"):
                populate(client, there, size)
            there = size
            for programs in (
                _ours(daemon.docker_host, daemon.workdir, runs),
                _peers(daemon.docker_host, daemon.workdir),
            ):
                for program, cost, facts in programs:
                    rows.append({"containers": size, "program": program, **cost.numbers(), **facts})
                    costs = f"cpu {cost.cpu:.3f} s, wall {cost.wall:.3f} s, {cost.memory:.0f} MB"
                    print(f"  {size:>5} {program:<26} {costs} {facts or ''}", flush=True)
    return rows
