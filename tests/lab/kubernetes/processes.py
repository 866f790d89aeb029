# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of one cluster: start each with a log of its own, see that it runs, show its last words, end it."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.lab.dockerd import LOGS, LabError

_POLL = 0.05
_TAIL = 15


class Processes:
    """What runs for the cluster in `workdir`. Every command line names a path below it: by that the reaper knows it."""

    def __init__(self, workdir: Path) -> None:
        self._workdir = workdir
        self.logs = workdir / "log"
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a program in a session of its own."""
        if not any(str(self._workdir) in word for word in command):
            raise LabError(f"the command line of {name} does not name {self._workdir}: nobody could clean up after it")
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._workdir, start_new_session=True
            )

    def pid(self, name: str) -> int:
        """The pid of a program that was started. LabError where it does not run."""
        process = self._running.get(name)
        if process is None or process.poll() is not None:
            raise LabError(f"{name} does not run:\n{self.tail(name)}")
        return process.pid

    def runs(self, name: str) -> bool:
        """Whether the program was started and has not ended."""
        process = self._running.get(name)
        return process is not None and process.poll() is None

    def wait(self, what: str, ready: Callable[[], bool], names: Sequence[str], timeout: float = 180.0) -> None:
        """Wait until `ready`, where no answer is a no.

        LabError with the last words of the programs where one ends, or nothing comes.
        """
        deadline = time.monotonic() + timeout
        while not _says_yes(ready):
            ended = [name for name in names if not self.runs(name)]
            if ended:
                raise LabError(f"{ended[0]} ended before {what}:\n{self.tail(ended[0])}")
            if time.monotonic() > deadline:
                words = "\n".join(f"{name}:\n{self.tail(name)}" for name in names)
                raise LabError(f"no {what} in {timeout:.0f} s; the last words of\n{words}")
            time.sleep(_POLL)

    def kill(self, name: str) -> None:
        """SIGKILL, and wait for the end. No such program is no error."""
        process = self._running.pop(name, None)
        if process is not None:
            process.kill()
            process.wait()

    def kill_all(self) -> None:
        """The state is thrown away, so that nothing need end gracefully; the last to start ends first."""
        for name in reversed(list(self._running)):
            self.kill(name)

    def tail(self, name: str, lines: int = _TAIL) -> str:
        """The end of a program's log."""
        log = self.logs / f"{name}.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def keep_logs(self) -> Path | None:
        """Copy the logs to where they survive the lab, and say where that is."""
        if not self.logs.exists():
            return None
        kept = LOGS / self._workdir.name
        try:
            shutil.copytree(self.logs, kept, dirs_exist_ok=True)
        except OSError as error:
            print(f"lab: the cluster's logs cannot be kept: {error}", file=sys.stderr)
            return None
        print(f"lab: the cluster's logs are kept in {kept}", file=sys.stderr)
        return kept


def _says_yes(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (OSError, http.client.HTTPException):
        return False


def start_guard(workdir: Path, repository: Path, lock: int | None = None) -> subprocess.Popen[bytes]:
    """A process that cleans up when this one ends without doing so; until then it holds the lock, too."""
    return subprocess.Popen(
        [sys.executable, "-c", f"from tests.lab.kubernetes.reaper import watch; watch({str(workdir)!r})"],
        cwd=repository,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        pass_fds=[] if lock is None else [lock],
        start_new_session=True,
    )
