# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage came to, in tests; and the log that a stage writes."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.tooling import places


@dataclass(frozen=True)
class Outcome:
    """Counts of tests, and remarks for the terminal. What was skipped has not passed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    remarks: tuple[str, ...] = field(default=())

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.remarks + other.remarks,
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def skipped(reason: str) -> Outcome:
    """A stage that could not run at all."""
    return Outcome(skipped=1, remarks=(f"skipped: {reason}",))


def from_junit(report: Path, status: int) -> Outcome:
    """The counts of a JUnit file that pytest wrote. Its exit status must agree: it may have died before any test."""
    try:
        suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    except (OSError, ElementTree.ParseError):
        return Outcome(failed=1, remarks=(f"no test report; exit status {status}",))
    tests, failures, errors, left_out = (
        sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
    )
    failed = failures + errors
    if status and not failed:
        failed, tests = 1, tests + 1
    return Outcome(tests - failed - left_out, failed, left_out)


class Log:
    """A stage's log file: every command that it ran and all that the command said."""

    def __init__(self, stage: str) -> None:
        places.LOGS.mkdir(parents=True, exist_ok=True)
        self.path = places.LOGS / f"{stage}.log"
        self.path.write_text("")

    def run(
        self, command: Sequence[str], variables: Mapping[str, str] | None = None, cwd: Path = places.REPOSITORY
    ) -> int:
        """Run a command into the log with these variables added to ours; its exit status."""
        return self.run_bare(command, {**os.environ, **(variables or {})}, cwd)

    def run_bare(self, command: Sequence[str], variables: Mapping[str, str], cwd: Path) -> int:
        """Run a command into the log with these variables and no others; its exit status."""
        with self.path.open("a") as log:
            log.write(f"$ {shlex.join(command)}\n")
            log.flush()
            return subprocess.run(
                command, cwd=cwd, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False
            ).returncode

    def check(
        self, command: Sequence[str], variables: Mapping[str, str] | None = None, cwd: Path = places.REPOSITORY
    ) -> Outcome:
        """Run a command that is one test: it passes with exit status 0."""
        return Outcome(passed=1) if self.run(command, variables, cwd) == 0 else Outcome(failed=1)

    def write(self, text: str) -> None:
        """Add a line of our own."""
        with self.path.open("a") as log:
            log.write(f"{text}\n")

    def lines(self) -> list[str]:
        """All lines so far."""
        return self.path.read_text(errors="replace").splitlines()

    def tail(self, count: int = 40) -> str:
        """The last lines."""
        return "\n".join(self.lines()[-count:])
