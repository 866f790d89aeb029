# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a process and all its children: CPU, wall-clock time, peak memory. Medians of several runs."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


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
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=dict(env) if env else None, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().decode(errors="replace")
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, process.returncode, printed)


def median_of(runs: int, command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Cost:
    """The median of each number over `runs` runs, after one that warms the caches. RuntimeError where a run fails."""
    costs = [run_once(command, env, cwd) for _ in range(runs + 1)][1:]
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
