# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a daemon, and why what is not known is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    config_path,
    view_daemon,
)
from tests.unit.daemon_home import DaemonHome
from tests.unit.fake_engine import FakeEngine


@pytest.fixture
def home(tmp_path: Path) -> DaemonHome:
    return DaemonHome(tmp_path)


def view(process: DaemonProcess | None, info: dict[str, Any] | None = None, **more: Any) -> DaemonView:
    return view_daemon(FakeEngine({"/info": info or {}}), process, **more)


def test_the_configuration_is_the_one_that_the_command_line_names(home: DaemonHome) -> None:
    assert config_path(home.process("--config-file", "/a.json"), False) == "/a.json"
    assert config_path(home.process("--config-file=/b.json"), False) == "/b.json"
    assert config_path(home.process(), False) == "/etc/docker/daemon.json"
    assert config_path(None, False) == "/etc/docker/daemon.json"


def test_a_rootless_daemon_reads_its_users_configuration(home: DaemonHome) -> None:
    assert config_path(home.process(environment={"HOME": "/home/a"}), True) == "/home/a/.config/docker/daemon.json"
    environment = {"HOME": "/home/a", "XDG_CONFIG_HOME": "/cfg"}
    assert config_path(home.process(environment=environment), True) == "/cfg/docker/daemon.json"


def test_an_option_is_in_effect_by_flag_by_file_or_by_default(home: DaemonHome) -> None:
    home.put("/etc/docker/daemon.json", '{"userland-proxy": false}')
    seen = view(home.process("--no-new-privileges"))
    assert seen.setting("no-new-privileges") is True
    assert seen.setting("userland-proxy") is False
    assert seen.setting("iptables") is True
    assert seen.known("iptables")
    assert seen.config_error is None


def test_declared_options_are_kept_beside(home: DaemonHome) -> None:
    seen = view(home.process(), declared={"userland-proxy": False})
    assert seen.states["userland-proxy"]["declared"] is False
    assert seen.states["userland-proxy"]["in_effect"] is True


def test_a_file_that_was_changed_after_the_start_says_nothing_of_now(home: DaemonHome) -> None:
    home.put("/etc/docker/daemon.json", '{"userland-proxy": false}')
    os.utime(home.root / "etc/docker/daemon.json", (5e9, 5e9))
    seen = view(home.process("--no-new-privileges"))
    assert not seen.known("userland-proxy")
    assert "changed after the daemon was started" in seen.why_unknown("userland-proxy")
    assert seen.setting("no-new-privileges") is True


def test_a_broken_file_is_told_with_its_place(home: DaemonHome) -> None:
    home.put("/etc/docker/daemon.json", '{"userland-proxy": nope}')
    seen = view(home.process())
    assert (seen.config_error or "").startswith("/etc/docker/daemon.json:1:")
    assert seen.why_unknown("userland-proxy") == seen.config_error


def test_a_name_given_twice_is_an_error_and_yet_read_as_dockerd_reads_it(home: DaemonHome) -> None:
    home.put("/etc/docker/daemon.json", '{"userland-proxy": true, "userland-proxy": false}')
    seen = view(home.process())
    assert seen.config_error
    assert seen.setting("userland-proxy") is False


def test_without_the_process_nothing_is_guessed() -> None:
    seen = view(None)
    assert (seen.paths, seen.config_error) == (None, None)
    assert not seen.known("userland-proxy")
    assert "run as root" in seen.why_unknown("userland-proxy")


def test_a_process_that_may_not_be_looked_into_counts_as_not_found(home: DaemonHome) -> None:
    process = home.process()
    home.root.rename(home.root.with_name("elsewhere"))
    seen = view(process)
    assert (seen.process, seen.paths) == (None, None)


def test_a_symlinked_file_is_followed_below_the_daemons_own_root(home: DaemonHome) -> None:
    home.put("/srv/daemon.json", '{"userland-proxy": false}')
    (home.root / "etc" / "docker").mkdir(parents=True)
    (home.root / "etc" / "docker" / "daemon.json").symlink_to("/srv/daemon.json")
    assert view(home.process()).setting("userland-proxy") is False
