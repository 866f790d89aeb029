# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API server is waited for, and what is given up. Whole restarts are in tests/e2e."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver import restart
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.health import Endpoint
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.process import Process
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.restart import (
    NotInEffect,
    Restart,
)
from tests.unit.apiserver_home import ApiServerHome

WORDS = ("kube-apiserver", "--advertise-address=10.0.0.1", "--authorization-mode=Node,RBAC")


class Machine:
    """The processes that each look finds, one list a look, the last one for ever; and how the server answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, looks: list[list[int]], *, ready: bool = True) -> None:
        self._looks = looks
        monkeypatch.setattr(restart, "named", lambda _program: self._next())
        monkeypatch.setattr(restart, "runs_with", lambda _process, _words: True)
        monkeypatch.setattr(restart, "holds_port", lambda process, _port: process.pid % 2 == 0)
        monkeypatch.setattr(restart, "_POLL", 0.0)
        monkeypatch.setattr(Endpoint, "ready", lambda _self: ready)
        monkeypatch.setattr(Endpoint, "status", lambda _self, _path="/readyz": 200 if ready else 500)

    def _next(self) -> list[Process]:
        pids = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        return [Process(pid, 1, WORDS) for pid in pids]


@pytest.fixture
def made(tmp_path: Path) -> Restart:
    home = ApiServerHome(tmp_path)
    options: dict[str, Any] = {
        "health_timeout": 60.0,
        "restart_command": None,
        "service": "k3s",
        "log_files": [str(tmp_path / "*.log")],
    }
    return Restart(options, home.situation())


def carry_out(made: Restart, old: set[str]) -> None:
    made.carry_out(made._situation.text, old)


def test_a_new_process_that_answers_is_enough(made: Restart, monkeypatch: pytest.MonkeyPatch) -> None:
    made._timeout = 60.0
    Machine(monkeypatch, [[2], [], [4]])
    carry_out(made, {"2/1"})


@pytest.mark.parametrize(
    ("looks", "ready", "said"),
    [
        ([[2]], True, "no API server was started with it"),
        ([[4]], False, "answers /readyz with 500"),
        ([[3]], True, "it runs, but answers"),
        ([[4], [6], [8], []], False, "it was started 3 times and ended each time"),
    ],
    ids=["only the old one", "not ready", "without the port", "it ends again and again"],
)
def test_what_is_no_new_server(
    made: Restart, monkeypatch: pytest.MonkeyPatch, looks: list[list[int]], ready: bool, said: str
) -> None:
    made._timeout = 60.0 if len(looks) > 1 else 0.2
    Machine(monkeypatch, looks, ready=ready)
    with pytest.raises(NotInEffect, match=said):
        carry_out(made, {"2/1"})


@pytest.mark.parametrize(
    ("command", "timeout", "said"),
    [
        (["/nowhere/restart"], 60.0, "is not there: name a restart_command"),
        (["sh", "-c", "echo not today; exit 3"], 60.0, "failed with 3: not today"),
        (["sleep 60"], 0.1, r"did not end in 0\.1 s"),
    ],
)
def test_a_restart_command_that_fails_is_told(tmp_path: Path, command: list[str], timeout: float, said: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("{}\n")
    home = ApiServerHome(tmp_path)
    situation = home.situation(installation="k3s", path=str(config), kubernetes_version="1.28")
    options = {"health_timeout": timeout, "restart_command": command, "service": "k3s", "log_files": None}
    with pytest.raises(NotInEffect, match=said):
        Restart(options, situation).carry_out("{}\n", set())
