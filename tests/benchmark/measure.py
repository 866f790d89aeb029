# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a process and all its children: CPU, wall-clock time, peak memory. Medians of several runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmark import child


@dataclass(frozen=True)
class Cost:
    """CPU and wall-clock seconds, peak resident memory of the largest process in megabytes, and what was printed."""

    cpu: float
    wall: float
    memory: float
    rc: int
    output: str

    def numbers(self) -> dict[str, float]:
        """Without what was printed, for a report."""
        return {key: round(value, 4) for key, value in asdict(self).items() if isinstance(value, float)}


def run_once(command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """Run a command to its end; user and system time of it and of every child that it waited for."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as folder:
        result = Path(folder, "result")
        ran = subprocess.run(
            [sys.executable, "-IS", child.__file__, str(result), *command],
            check=True,
            env=dict(env) if env else None,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        cpu, wall, kilobytes, code = result.read_text().split()
    return Cost(float(cpu), float(wall), float(kilobytes) / 1024, int(code), ran.stdout.decode(errors="replace"))


def medians_of(
    runs: int, commands: Sequence[Sequence[str]], env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> list[Cost]:
    """The median of each number over `runs` runs of each command, after one that warms the caches.

    The commands take turns, so that what else the machine does weighs on all alike. RuntimeError where one fails.
    """
    rounds = [[run_once(command, env, cwd) for command in commands] for _round in range(runs + 1)][1:]
    return [median_of(command, costs) for command, costs in zip(commands, zip(*rounds))]


def median_of(command: Sequence[str], costs: Sequence[Cost]) -> Cost:
    """The median of each number over several runs of a command. RuntimeError where one failed."""
    failed = next((cost for cost in costs if cost.rc), None)
    if failed is not None:
        raise RuntimeError(f"{' '.join(command)} ended with {failed.rc}:\n{failed.output[-2000:]}")
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
        statistics.median(cost.memory for cost in costs),
        0,
        costs[-1].output,
    )
