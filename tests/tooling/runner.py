# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run stages side by side, tell the terminal how it goes, and add up what they came to."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence

from tests.tooling import environments, kubernetes_build, packages
from tests.tooling.outcome import Log, Outcome, skipped
from tests.tooling.stages import Stage

_HEARTBEAT = 60.0


class Board:
    """What the terminal shows: a line when a stage ends, and every minute a sign of life of those that go on."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._lock = threading.Lock()
        self._since: dict[str, float] = {}
        self.outcomes: dict[str, Outcome] = {}

    def begin(self, stage: Stage) -> None:
        """A stage begins."""
        with self._lock:
            self._since[stage.name] = time.monotonic()
            print(f"  ..    {stage.name:<{self.width}}  {stage.proves}", flush=True)

    def end(self, stage: Stage, log: Log, outcome: Outcome) -> None:
        """A stage has ended; when it failed, its last words are shown."""
        with self._lock:
            took = time.monotonic() - self._since.pop(stage.name)
            self.outcomes[stage.name] = outcome
            mark = "FAIL" if outcome.failed else "ok" if outcome.passed else "skip"
            print(f"  {mark:<4}  {stage.name:<{self.width}}  {outcome}  ({took:.1f} s)", flush=True)
            for remark in outcome.remarks:
                print(f"        {'':<{self.width}}  {remark}", flush=True)
            if outcome.failed:
                print(f"----- the end of {log.path}\n{log.tail()}\n-----", flush=True)

    def heartbeat(self) -> None:
        """Say what goes on, and for how long."""
        with self._lock:
            now = time.monotonic()
            going_on = ", ".join(f"{name} {now - since:.0f} s" for name, since in self._since.items())
            print(f"  ..    still running: {going_on}", flush=True)


def _run_stage(stage: Stage, board: Board) -> None:
    log = Log(stage.name)
    board.begin(stage)
    try:
        environments.ensure(stage.environment)
        outcome = stage.work(log)
    except environments.NoPythonError as error:
        outcome = skipped(str(error))
    except subprocess.CalledProcessError as error:
        log.write(str(error))
        outcome = Outcome(failed=1)
    board.end(stage, log, outcome)


def _run_lane(lane: Sequence[Stage], board: Board) -> None:
    for stage in lane:
        _run_stage(stage, board)


def run(lanes: Sequence[Sequence[Stage]]) -> int:
    """Run each lane in order and the lanes side by side; the terminal ends with the sum. 1 if any test failed."""
    began = time.monotonic()
    stages = [stage for lane in lanes for stage in lane]
    groups = {group for stage in stages for group in stage.packages}
    packages.ensure(sorted(groups))
    if "kubernetes" in groups:
        kubernetes_build.prepare()  # stages that need it count as skipped where it cannot be had
    board = Board(max(len(stage.name) for stage in stages))
    threads = [threading.Thread(target=_run_lane, args=(lane, board)) for lane in lanes]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        deadline = time.monotonic() + _HEARTBEAT
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0))
        if any(thread.is_alive() for thread in threads):
            board.heartbeat()
    # A stage without an outcome broke off, or the one before it in its lane did: Python has printed why.
    outcomes = {stage.name: board.outcomes.get(stage.name, Outcome(failed=1)) for stage in stages}
    total = sum(outcomes.values(), Outcome())
    print(f"\n{len(stages)} stage(s) in {time.monotonic() - began:.0f} s", flush=True)
    for name, outcome in outcomes.items():
        print(f"  {name:<{board.width}}  {outcome}", flush=True)
    print(total, flush=True)
    return int(total.failed > 0 or total.passed == 0)
