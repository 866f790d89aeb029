# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each outcome of applying a plan: taken over, rolled back, and the last resort. The real daemon is in tests/e2e."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import apply as daemon_apply
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.apply import (
    Application,
    ApplyFailed,
    put,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import (
    DaemonFile,
    DaemonFileError,
    read_daemon_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.health import Running, Unhealthy
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import (
    DaemonService,
    RestartFailed,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import Situation
from tests.unit.daemon_situation import make_situation
from tests.unit.fake_engine import FakeEngine

PARAMS = {
    "docker_host": "unix:///nowhere",
    "health_timeout": 1,
    "backup": True,
    "backup_count": 5,
}
NEW = '{"icc": false}\n'


class World:
    """What restarts and reloads do, by the content of the file then."""

    def __init__(self, situation: Situation, monkeypatch: pytest.MonkeyPatch) -> None:
        self.situation = situation
        self.refuses: list[str] = []
        self.done: list[str] = []
        self.info: dict[str, Any] = {"LiveRestoreEnabled": True}
        self.containers = [{"Id": "1", "Names": ["/web"]}]
        monkeypatch.setattr(daemon_apply, "send_reload", lambda *_args: self._take("reload"))
        monkeypatch.setattr(DaemonService, "restart", lambda _self, _timeout: self._take("restart"))
        monkeypatch.setattr(daemon_apply, "wait_healthy", lambda *_args: self._running())
        monkeypatch.setattr(DaemonProcess, "alive", lambda _self: True)
        # The process that answers now; by default a new one, which no failure left as it was.
        self.ticks = 2
        monkeypatch.setattr(daemon_apply, "probe", lambda _params: self._running(self.ticks))

    def _take(self, how: str) -> Running:
        file = read_daemon_file(self.situation.file.path)
        text = file.text if file.exists else "(none)"
        self.done.append(f"{how} {text.strip()}")
        if any(word in text for word in self.refuses):
            raise RestartFailed("it refuses") if how == "restart" else Unhealthy("it refuses")
        return self._running()

    def _running(self, ticks: int = 2) -> Running:
        engine = FakeEngine({"/info": self.info, "/containers/json": self.containers})
        return Running(engine, DaemonProcess(4194305, "", ("dockerd",), "/", started=5e9, start_ticks=ticks))

    def apply(self, action: str, **plan: Any) -> Any:
        keys = [{"key": "icc", "before": True, "after": False, "action": action}]
        made = Plan(action=action, keys=keys, **plan)
        return Application(PARAMS, self.situation, made, action).carry_out(NEW, {"icc": {"set": False}})


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    situation = make_situation(tmp_path, {"icc": True})
    Path(situation.file.path).write_text(situation.file.text)
    situation = replace(situation, file=read_daemon_file(situation.file.path))
    return World(situation, monkeypatch)


def test_a_change_that_is_taken_over_is_remembered(world: World) -> None:
    outcome = world.apply("restart")
    assert Path(world.situation.file.path).read_text() == NEW
    assert Path(outcome.backup_file).read_text() == world.situation.file.text
    assert Path(world.situation.record.good_file).read_text() == NEW
    assert world.situation.record.journal == {}
    assert world.situation.record.changes == {"icc": {"set": False}}


def test_only_writing_asks_nothing_of_the_daemon(world: World) -> None:
    world.apply("none")
    assert world.done == []
    assert not os.path.exists(world.situation.record.good_file)


def test_a_daemon_that_a_failed_restart_did_not_touch_is_not_restarted_again(world: World) -> None:
    world.refuses, world.ticks = ["false"], 1
    with pytest.raises(ApplyFailed, match="the daemon runs with the old configuration"):
        world.apply("restart", reload_first=True)
    assert Path(world.situation.file.path).read_text() == world.situation.file.text
    assert [step.split()[0] for step in world.done] == ["reload", "reload"], "what was reloaded first is taken back"


def test_a_restart_that_fails_is_rolled_back(world: World) -> None:
    world.refuses = ["false"]
    with pytest.raises(
        ApplyFailed, match=r"it refuses.*is as it was before; the daemon runs with the old configuration"
    ):
        world.apply("restart")
    assert Path(world.situation.file.path).read_text() == world.situation.file.text
    assert [step.split()[0] for step in world.done] == ["restart", "restart"]
    assert not os.path.exists(f"{world.situation.record.folder}/journal.json")


def test_a_reload_that_fails_is_rolled_back_by_a_reload(world: World) -> None:
    world.refuses = ["false"]
    with pytest.raises(ApplyFailed, match="the daemon runs with the old configuration"):
        world.apply("reload")
    assert [step.split()[0] for step in world.done] == ["reload", "reload"]


def test_an_option_that_is_not_in_effect_is_rolled_back(world: World) -> None:
    world.situation = replace(world.situation)
    keys = [{"key": "debug", "before": None, "after": True, "action": "reload"}]
    world.info = {"Debug": False}
    application = Application(PARAMS, world.situation, Plan(action="reload", keys=keys), "reload")
    with pytest.raises(ApplyFailed, match="debug is True in the file, and the daemon goes on with False"):
        application.carry_out('{"debug": true}', {})


def test_live_restore_must_be_on_before_the_restart(world: World) -> None:
    world.info, world.ticks = {"LiveRestoreEnabled": False}, 1
    with pytest.raises(ApplyFailed, match="live-restore is still off after a reload"):
        world.apply("restart", reload_first=True, containers_kept=["web"])
    assert [step.split()[0] for step in world.done] == ["reload", "reload"], "a restart would stop the containers"


def test_a_container_that_should_have_lived_on_is_a_warning(world: World) -> None:
    assert isinstance(world.situation.engine, FakeEngine)
    world.situation.engine._answers["/containers/json"] = [{"Id": "2", "Names": ["/db"]}]
    assert "they ended: db" in world.apply("restart", containers_kept=["db"]).warnings[0]


def test_the_last_file_that_worked_is_the_last_resort(world: World) -> None:
    world.situation.record.keep_good('{"good": 1}')
    world.refuses = ["false", "true"]
    with pytest.raises(ApplyFailed, match="runs with the last configuration that it is known to have run with"):
        world.apply("restart")
    assert Path(world.situation.file.path).read_text() == '{"good": 1}'
    kept = [path.read_text() for path in Path(world.situation.record.folder).glob("daemon.json.*")]
    assert world.situation.file.text in kept, "nothing is lost"


def test_without_one_the_old_file_gets_a_second_chance(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # A host so busy that the daemon did not come up in time; it does the next time.
    world.refuses = ["false", "true"]
    revive = daemon_apply.revive

    def second_time(*args: Any) -> None:
        try:
            revive(*args)
        finally:
            world.refuses = []

    monkeypatch.setattr(daemon_apply, "revive", second_time)
    with pytest.raises(ApplyFailed, match=r"did not run either.*the daemon runs with the old configuration"):
        world.apply("restart")
    assert Path(world.situation.file.path).read_text() == world.situation.file.text


def test_a_daemon_that_nothing_brings_up_is_not_called_up(world: World) -> None:
    world.refuses = ["false", "true", "none"]
    with pytest.raises(ApplyFailed, match=r"The daemon is down \(it refuses\), and the file is as it was before"):
        world.apply("restart")
    assert Path(world.situation.file.path).read_text() == world.situation.file.text


def test_a_file_that_cannot_be_written_leaves_no_journal(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any) -> None:
        raise DaemonFileError("no room")

    monkeypatch.setattr(daemon_apply, "put", fail)
    with pytest.raises(DaemonFileError, match="no room"):
        world.apply("restart")
    assert world.done == []
    assert not os.path.exists(f"{world.situation.record.folder}/journal.json")


def test_putting_and_taking_away(tmp_path: Path) -> None:
    path = tmp_path / "new" / "daemon.json"
    file = DaemonFile(str(path), str(path), uid=os.geteuid(), gid=os.getegid())
    put(file, "{}")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("{}", 0o644)
    put(file, None)
    put(file, None)
    assert os.listdir(path.parent) == []
