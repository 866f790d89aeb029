# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A daemon that is down because a run was cut off is brought up; one that is down for other reasons is not ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import (
    recovery as daemon_recovery,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.apply import ApplyFailed
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.file import read_daemon_file
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.record import DaemonRecord
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.recovery import look_or_recover
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import (
    DaemonService,
    RestartFailed,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import EngineUnreachable

HOST = "unix:///nowhere/docker.sock"
OLD, NEW = '{"old": 1}', '{"new": 1}'


class Down:
    """A daemon that is down until it is restarted with a file that it likes."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path, self.state_dir = folder / "daemon.json", str(folder / "state")
        self.likes, self.up, self.restarts = "1", False, 0
        monkeypatch.setattr(daemon_recovery, "look", self._look)
        monkeypatch.setattr(daemon_recovery, "revive", self._revive)

    def _look(self, *_args: Any) -> str:
        if not self.up:
            raise EngineUnreachable("Nothing listens")
        return "the situation"

    def _revive(self, *_args: Any) -> None:
        self.restarts += 1
        if self.likes not in (self.path.read_text() if self.path.exists() else "1 without a file"):
            raise RestartFailed("it refuses")
        self.up = True

    def cut_off(self, existed: bool = True) -> DaemonRecord:
        """A run was cut off after it had written the new file."""
        record = DaemonRecord(self.state_dir, str(self.path))
        if existed:
            self.path.write_text(OLD)
        file = read_daemon_file(str(self.path))
        record.open_journal(HOST, file, NEW, backup=record.back_up(file), changes={})
        self.path.write_text(NEW)
        return record

    def recover(self, check_mode: bool = False) -> Any:
        params = {"state_dir": self.state_dir, "docker_host": HOST, "health_timeout": 1}
        return look_or_recover(params, DaemonService(("true",)), check_mode)


@pytest.fixture
def down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Down:
    return Down(tmp_path, monkeypatch)


def test_a_daemon_that_others_stopped_is_left_alone(down: Down) -> None:
    with pytest.raises(EngineUnreachable, match=r"^Nothing listens$"):
        down.recover()
    assert down.restarts == 0


def test_a_prediction_restarts_nothing(down: Down) -> None:
    down.cut_off()
    with pytest.raises(EngineUnreachable, match="run without check mode to bring it up"):
        down.recover(check_mode=True)
    assert down.restarts == 0


def test_the_new_configuration_is_tried_first(down: Down) -> None:
    down.cut_off()
    assert down.recover() == "the situation"
    assert down.path.read_text() == NEW


@pytest.mark.parametrize("existed", [True, False])
def test_the_old_one_comes_back_where_the_new_one_does_not_work(down: Down, existed: bool) -> None:
    record = down.cut_off(existed)
    down.likes = "old" if existed else "without"
    with pytest.raises(ApplyFailed, match=r"it refuses.*the daemon runs with the old configuration"):
        down.recover()
    assert down.up
    assert (down.path.read_text() == OLD) if existed else not down.path.exists()
    assert not Path(record.folder, "journal.json").exists()


def test_what_others_have_written_since_is_not_replaced(down: Down) -> None:
    down.cut_off()
    down.path.write_text('{"theirs": 1}')
    down.likes = "old"
    with pytest.raises(ApplyFailed, match="was cut off and the daemon does not start: it refuses"):
        down.recover()
    assert down.path.read_text() == '{"theirs": 1}'


def test_a_host_without_a_way_to_restart_is_told(down: Down, monkeypatch: pytest.MonkeyPatch) -> None:
    down.cut_off()
    monkeypatch.setattr(DaemonService, "problem", lambda *_args: "say with restart_command how")
    with pytest.raises(ApplyFailed, match="the daemon is down; say with restart_command how"):
        down.recover()
