# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file is the one that the daemon reads, and a daemon that is down is told from one that is not there yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import (
    situation as daemon_situation,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.options import FlagSettings
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import DaemonService
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.situation import (
    config_path,
    look,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    EngineUnreachable,
)
from tests.unit.daemon_situation import INFO
from tests.unit.fake_engine import FakeEngine

PROCESS = DaemonProcess(4194305, "", ("dockerd",), "/")


def params(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    return {
        "docker_host": "unix:///nowhere/docker.sock",
        "timeout": 5,
        "engine_version": None,
        "pidfile": None,
        "path": str(tmp_path / "daemon.json"),
        "state_dir": str(tmp_path / "state"),
        **changes,
    }


def test_the_file_of_the_command_line_is_the_one() -> None:
    assert config_path(None, PROCESS, FlagSettings(config_file="/srv/docker.json")) == "/srv/docker.json"
    assert config_path(None, PROCESS, FlagSettings()) == "/etc/docker/daemon.json"
    assert config_path(None, None, FlagSettings()) == "/etc/docker/daemon.json"
    assert config_path("/img/etc/docker/daemon.json", None, FlagSettings()) == "/img/etc/docker/daemon.json"


def test_a_file_that_the_daemon_does_not_read_is_refused() -> None:
    with pytest.raises(DockerError, match=r"reads /etc/docker/daemon\.json and not /srv/docker\.json"):
        config_path("/srv/docker.json", PROCESS, FlagSettings())


def test_another_name_of_the_same_file_is_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "real")
    flags = FlagSettings(config_file=str(tmp_path / "real" / "f"))
    assert config_path(str(tmp_path / "link" / "f"), PROCESS, flags) == str(tmp_path / "link" / "f")


def test_a_rootless_daemon_reads_its_users_file(tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    environ = tmp_path / "7" / "environ"
    process = DaemonProcess(7, "", ("dockerd",), "/", uid=1000, proc=str(tmp_path))
    environ.write_text("HOME=/home/u\0")
    assert config_path(None, process, FlagSettings()) == "/home/u/.config/docker/daemon.json"
    environ.write_text("HOME=/home/u\0XDG_CONFIG_HOME=/cfg\0")
    assert config_path(None, process, FlagSettings()) == "/cfg/docker/daemon.json"


def test_a_file_in_the_daemons_own_mounts_is_found_there(tmp_path: Path) -> None:
    process = DaemonProcess(7, "", ("dockerd",), str(tmp_path))
    flags = FlagSettings(config_file="/only/there/daemon.json")
    assert config_path(None, process, flags) == f"{tmp_path}/only/there/daemon.json"
    (tmp_path / "shared").mkdir()
    flags = FlagSettings(config_file="/shared/daemon.json")
    assert config_path(None, process, flags) == f"{tmp_path}/shared/daemon.json"


def test_a_daemon_that_does_not_answer_is_an_error_unless_its_release_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineUnreachable, match="There is no Docker socket"):
        look(params(tmp_path), DaemonService(("true",)))
    situation = look(params(tmp_path, engine_version="27.1.2"), DaemonService(("true",)))
    assert (situation.engine, situation.version, situation.info) == (None, (27, 1, 2), {})
    assert situation.states({"debug": True}, []) == {}


def daemon_with_open(tmp_path: Path, path: str) -> DaemonProcess:
    """A process that has a file open."""
    descriptors = tmp_path / "7" / "fd"
    descriptors.mkdir(parents=True)
    (descriptors / "3").symlink_to(path)
    return DaemonProcess(7, "", ("dockerd",), "/", proc=str(tmp_path))


def test_a_process_that_passes_on_what_a_daemon_says_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = daemon_with_open(tmp_path, "/var/log/proxy.log")
    info = {**INFO, "DockerRootDir": "/srv/docker"}
    monkeypatch.setattr(daemon_situation, "connect", lambda _params: FakeEngine({"/info": info}))
    monkeypatch.setattr(daemon_situation, "find_daemon", lambda *_args: proxy)
    with pytest.raises(DockerError, match="is not the daemon but passes on"):
        look(params(tmp_path), DaemonService(("true",)))


def test_a_daemon_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daemon = daemon_with_open(tmp_path, "/srv/docker/volumes/metadata.db")
    info = {**INFO, "DockerRootDir": "/srv/docker"}
    monkeypatch.setattr(daemon_situation, "connect", lambda _params: FakeEngine({"/info": info}))
    monkeypatch.setattr(daemon_situation, "find_daemon", lambda *_args: daemon)
    (tmp_path / "daemon.json").write_text('{"debug": false}')
    situation = look(params(tmp_path, path=None) | {"path": None}, DaemonService(("true",)))
    assert situation.version_text == "20.10.24"
    assert situation.file.path == "/etc/docker/daemon.json"


def test_a_daemon_that_cannot_be_told_is_not_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_situation, "connect", lambda _params: FakeEngine({"/info": INFO}))
    monkeypatch.setattr(daemon_situation, "find_daemon", lambda *_args: None)
    with pytest.raises(DockerError, match="cannot be told: run as root"):
        look(params(tmp_path), DaemonService(("true",)))


def test_where_the_memory_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert daemon_situation.default_state_dir() == "/var/lib/bulkhead"
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/home/u/state")
    assert daemon_situation.default_state_dir() == "/home/u/state/bulkhead"
