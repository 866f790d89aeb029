# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""run_command: a fixed program, bounded in time and words."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.actions.run_command import RunCommand
from bulkhead_response.errors import ConfigError
from bulkhead_response.outcome import Outcome
from tests.unit.roles.response_engine.answering import KEY, an_alert, run


def _ran(script: str, *, dry_run: bool = False, **params: Any) -> Outcome:
    step = RunCommand({"argv": [sys.executable, "-c", script], **params})
    return asyncio.run(run(step, an_alert(), dry_run=dry_run))


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def test_it_is_told_of_the_alert() -> None:
    outcome = _ran("import sys; print(sys.stdin.read())")
    told = json.loads(outcome.details["output"])
    assert (outcome.status, outcome.details["exit_code"]) == ("done", 0)
    assert (told["alert"]["rule"], told["response"]["key"]) == ("Terminal shell in container", KEY)


def test_it_learns_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2")
    output = _ran("import os; print(sorted(os.environ)); print(os.getcwd())").details["output"]
    assert "API_TOKEN" not in output
    assert output.splitlines()[1] == "/"


def test_it_fails() -> None:
    outcome = _ran("import sys; print('why'); sys.exit(3)")
    assert (outcome.status, outcome.retry, outcome.details) == ("failed", False, {"exit_code": 3, "output": "why\n"})


def test_output_is_bounded_and_read_to_the_end() -> None:
    assert len(_ran("print('x' * 1_000_000)").details["output"]) == 4096


def test_it_need_not_listen() -> None:
    assert _ran("import os; os.close(0); print('done')").status == "done"


def test_it_does_not_end_in_time() -> None:
    outcome = _ran("import time; time.sleep(600)", timeout=0.2)
    assert (outcome.status, outcome.retry, "was killed" in outcome.message) == ("failed", False, True)


def test_it_and_its_children_are_killed(tmp_path: Path) -> None:
    """Here because the runner gives up on the step."""
    file = tmp_path / "pid"
    script = (
        "import subprocess, sys, time; "
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        f"open({str(file)!r}, 'w').write(str(child.pid)); "
        "time.sleep(600)"
    )

    async def play() -> None:
        step = RunCommand({"argv": [sys.executable, "-c", script], "timeout": 600})
        task = asyncio.ensure_future(run(step, an_alert()))
        while not file.exists() or not file.read_text():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(play())
    _await_end(int(file.read_text()))


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + 30
    while not _gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert _gone(pid)


def test_a_dry_run_starts_nothing(tmp_path: Path) -> None:
    assert _ran(f"open({str(tmp_path / 'x')!r}, 'w')", dry_run=True).status == "would_do"
    assert not os.listdir(tmp_path)


def test_a_program_that_is_not_there() -> None:
    outcome = asyncio.run(run(RunCommand({"argv": ["/no/such/program"]}), an_alert()))
    assert (outcome.status, outcome.message) == ("failed", "/no/such/program cannot be run: No such file or directory")


@pytest.mark.parametrize("params", [{}, {"argv": []}, {"argv": ["ls"]}, {"argv": "/bin/ls"}, {"argv": ["/bin/ls", 1]}])
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^argv"):
        RunCommand(params)
