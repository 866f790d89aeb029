# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever restarts the daemon: it is asked once, waited for, and its words are passed on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import service as daemon_service
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.service import (
    DaemonLog,
    DaemonService,
    RestartFailed,
    error_in,
    reason_in,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

PROCESS = DaemonProcess(42, "/usr/bin/dockerd", ("dockerd",), "/")


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with systemd, whose systemctl and journalctl are scripts; the folder of their answers."""
    monkeypatch.setattr(daemon_service, "_SYSTEMD", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "docker.env").write_text('# comment\nDOCKER_OPTS="--icc=false --label a=b"\nMTU=1400\n')
    for name in ("systemctl", "journalctl"):
        script = tmp_path / name
        script.write_text(
            f'#!/bin/sh\necho {name} "$@" >> {tmp_path}/asked\ncat {tmp_path}/{name}.$1 2>/dev/null\nexit 0\n'
        )
        script.chmod(0o755)
    (tmp_path / "systemctl.show").write_text(
        "MainPID=42\n"
        "ExecStart={ path=/usr/bin/dockerd ; argv[]=/usr/bin/dockerd -H fd:// $DOCKER_OPTS --mtu=${MTU} $UNSET ; "
        "ignore_errors=no ; start_time=[n/a] ; pid=0 }\n"
        "Environment=A=1\n"
        f"EnvironmentFiles={tmp_path}/docker.env (ignore_errors=yes)\n"
    )
    return tmp_path


def test_a_command_of_the_users_is_run_without_a_shell(tmp_path: Path) -> None:
    DaemonService(("touch", f"{tmp_path}/a b", f"{tmp_path}/$HOME")).restart(10)
    assert sorted(os.listdir(tmp_path)) == ["$HOME", "a b"]


def test_a_command_that_fails_is_quoted() -> None:
    words = "time=x level=info msg=no\\nfailed to start daemon: why\\n"
    with pytest.raises(RestartFailed, match="failed to start daemon: why"):
        DaemonService(("sh", "-c", f"printf '{words}' >&2; exit 3")).restart(10)
    with pytest.raises(RestartFailed, match="ended with exit code 3"):
        DaemonService(("sh", "-c", "exit 3")).restart(10)


def test_a_command_that_does_not_end_is_ended_with_its_children() -> None:
    began = time.monotonic()
    with pytest.raises(RestartFailed, match="did not end within 1 s"):
        DaemonService(("sh", "-c", "sleep 60 & sleep 60")).restart(1)
    assert time.monotonic() - began < 10


def test_a_daemon_left_in_the_background_does_not_hold_the_command_up() -> None:
    began = time.monotonic()
    DaemonService(("sh", "-c", "sleep 5 &")).restart(30)
    assert time.monotonic() - began < 4


def test_a_command_that_is_not_there() -> None:
    with pytest.raises(DockerError, match="/no/such cannot be run: No such file"):
        DaemonService(("/no/such",)).restart(1)


def test_systemd_restarts_a_unit_that_has_failed_too_often(systemd: Path) -> None:
    DaemonService((), "engine").restart(10)
    assert (systemd / "asked").read_text() == "systemctl reset-failed engine\nsystemctl restart engine\n"


def test_the_command_line_of_the_next_start(systemd: Path) -> None:
    argv = DaemonService().next_argv(PROCESS)
    assert argv == ("/usr/bin/dockerd", "-H", "fd://", "--icc=false", "--label", "a=b", "--mtu=1400")
    other = DaemonProcess(43, "", (), "/")
    assert DaemonService().next_argv(other) is None, "that unit runs another daemon"


def test_a_unit_of_another_daemon_is_not_restarted(systemd: Path) -> None:
    assert DaemonService().problem(PROCESS) is None
    assert "the unit docker runs process 42" in str(DaemonService().problem(DaemonProcess(43, "", (), "/")))


def test_without_systemd_a_command_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_service, "_SYSTEMD", "/nowhere")
    assert "restart_command" in str(DaemonService().problem(PROCESS))
    assert DaemonService(("true",)).problem(PROCESS) is None
    assert DaemonService().shown() == {}
    assert DaemonService().last_words(0.0) == []


def test_the_journal_gives_the_reason(systemd: Path) -> None:
    (systemd / "journalctl.-u").write_text("level=info\nfailed to start daemon: from the journal\n")
    assert DaemonLog(None, DaemonService()).reason() == "failed to start daemon: from the journal"


def test_a_log_file_gives_the_reason_from_now_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("failed to start daemon: long ago\n")
    with (
        path.open("a") as stream,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=stream) as process,
    ):
        log = DaemonLog(DaemonProcess(process.pid, "", (), "/"), DaemonService(("true",)))
        assert log.reason() == ""
        with path.open("a") as other:
            other.write('time=x level=error msg="it is \\"bad\\""\ntime=x level=info msg=next\n')
        assert log.reason() == 'it is "bad"'
        log.mark()
        assert log.reason() == ""
        process.communicate(b"\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('a\nlevel=error msg="one"\nfailed to start daemon: two\nlevel=info msg="x"', "failed to start daemon: two"),
        ('level=fatal msg="one"\nlevel=error msg="two"', "two"),
        ("unable to configure the Docker daemon with file /f", "unable to configure the Docker daemon with file /f"),
        ("all is well", ""),
        (
            'level=error msg="bad proxy http://u:s3cr3t@h, token=s3cr3t"',
            "bad proxy http://***(sha256:4b2452a7e9a3)@h, token=***",
        ),
    ],
)
def test_the_line_that_says_why(text: str, reason: str) -> None:
    assert error_in(text) == reason
    assert reason_in(text) == (reason or "all is well")
