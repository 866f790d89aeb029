# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon is healthy when it answers, as the process that it should be, and says that it took a reload."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import health as daemon_health
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.health import (
    Unhealthy,
    probe,
    running_containers,
    send_reload,
    wait_healthy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import (
    DaemonLog,
    DaemonService,
)
from tests.unit.fake_engine import FakeEngine

PROCESS = DaemonProcess(4194305, "", ("dockerd",), "/", start_ticks=1)
PARAMS: dict[str, Any] = {"docker_host": "unix:///nowhere", "timeout": 30, "pidfile": None}


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A daemon whose process, answers and fate a test chooses; `signals` is what it was sent."""
    made: dict[str, Any] = {"process": PROCESS, "signals": [], "events": [], "alive": True, "complaint": ""}
    monkeypatch.setattr(daemon_health, "_POLL", 0.01)
    monkeypatch.setattr(daemon_health, "_RELOAD_TIMEOUT", 0.3)
    monkeypatch.setattr(daemon_health, "_COMPLAINT_TIME", 0.05)
    monkeypatch.setattr(daemon_health, "connect", lambda _params: FakeEngine({"/info": {}}))
    monkeypatch.setattr(daemon_health, "find_daemon", lambda *_args: made["process"])
    monkeypatch.setattr(daemon_health, "reload_events", lambda *_args: made["events"])
    monkeypatch.setattr(os, "kill", lambda pid, number: made["signals"].append((pid, int(number))))
    monkeypatch.setattr(DaemonProcess, "alive", lambda _self: made["alive"])
    monkeypatch.setattr(DaemonLog, "reason", lambda _self: made["complaint"])
    return made


def log() -> DaemonLog:
    return DaemonLog(None, DaemonService(("true",)))


def test_a_probe_is_impatient(daemon: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def connect(params: dict[str, Any]) -> FakeEngine:
        asked.append(params["timeout"])
        return FakeEngine({"/info": {}})

    monkeypatch.setattr(daemon_health, "connect", connect)
    assert probe(PARAMS).process == PROCESS
    assert asked == [5.0]


def test_the_old_process_is_not_the_restarted_daemon(daemon: dict[str, Any]) -> None:
    with pytest.raises(Unhealthy, match="the old process still serves"):
        wait_healthy(PARAMS, PROCESS, time.monotonic() + 0.05)
    daemon["process"] = replace(PROCESS, start_ticks=2)
    assert wait_healthy(PARAMS, PROCESS, time.monotonic()).process.start_ticks == 2


def test_a_daemon_that_does_not_answer_gets_its_time(daemon: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_health, "connect", lambda _params: FakeEngine({}))
    with pytest.raises(Unhealthy, match="refused /info with 404"):
        wait_healthy(PARAMS, None, time.monotonic() + 0.05)


def test_a_reload_is_confirmed_by_the_daemons_event(daemon: dict[str, Any]) -> None:
    daemon["events"] = [{"Action": "reload"}]
    assert send_reload(PARAMS, PROCESS, log()).process == PROCESS
    assert daemon["signals"] == [(4194305, 1)]


def test_a_reload_that_is_not_confirmed_was_refused(daemon: dict[str, Any]) -> None:
    with pytest.raises(Unhealthy, match="did not take the reload"):
        send_reload(PARAMS, PROCESS, log())


def test_a_complaint_in_the_log_is_an_answer(daemon: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_health, "_RELOAD_TIMEOUT", 60)
    daemon["complaint"] = "no"
    began = time.monotonic()
    with pytest.raises(Unhealthy, match="did not take the reload"):
        send_reload(PARAMS, PROCESS, log())
    assert time.monotonic() - began < 30, "it waited for the time limit"


def test_a_daemon_that_is_gone_is_sent_nothing(daemon: dict[str, Any]) -> None:
    daemon["alive"] = False
    with pytest.raises(Unhealthy, match="the daemon is gone"):
        send_reload(PARAMS, PROCESS, log())
    assert daemon["signals"] == []


def test_running_containers_by_id() -> None:
    answer = [{"Id": "a" * 64, "Names": ["/web"]}, {"Id": "b" * 64, "Names": None}]
    engine = FakeEngine({"/containers/json": answer})
    assert running_containers(engine) == {"a" * 64: "web", "b" * 64: "b" * 12}
