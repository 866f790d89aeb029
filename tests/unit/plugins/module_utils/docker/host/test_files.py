# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as a daemon sees them, below its own root folder too."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import (
    HostFiles,
    group_name,
    user_name,
)


def test_the_facts_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.touch()
    path.chmod(0o4640)
    facts = HostFiles().facts(str(path))
    assert (facts["exists"], facts["type"], facts["mode"]) == (True, "file", "4640")
    assert facts["ownership"] == f"{user_name(os.getuid())}:{group_name(path.stat().st_gid)}"
    assert facts["real_path"] == str(path.resolve())


def test_types(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{tmp_path}/s")
    files = HostFiles()
    assert files.facts(str(tmp_path))["type"] == "directory"
    assert files.facts(f"{tmp_path}/s")["type"] == "socket"
    assert files.facts("/dev/null")["type"] == "device"


def test_what_does_not_exist(tmp_path: Path) -> None:
    facts = HostFiles().facts(f"{tmp_path}/none/deeper")
    assert facts["exists"] is False
    assert "mode" not in facts


def test_what_may_not_be_looked_at_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    look = os.stat

    def refuse(path: str) -> os.stat_result:
        if path == "/root/secret":
            raise PermissionError(13, "Permission denied")
        return look(path)

    monkeypatch.setattr(os, "stat", refuse)
    facts = HostFiles().facts("/root/secret")
    assert "run as root" in facts["unknown"]["mode"]
    assert "exists" not in facts
    assert "exists" in facts["unknown"]


def test_a_symlink_is_judged_by_its_target(tmp_path: Path) -> None:
    (tmp_path / "target").touch(0o600)
    (tmp_path / "link").symlink_to("target")
    assert HostFiles().facts(f"{tmp_path}/link")["mode"] == "0600"


def test_below_another_root_absolute_symlinks_stay_below_it(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "run").symlink_to("/run")
    (tmp_path / "run" / "docker.sock").touch(0o660)
    files = HostFiles(str(tmp_path))
    assert files.real_path("/var/run/docker.sock") == "/run/docker.sock"
    assert files.real_path("/var/run/../run/./docker.sock") == "/run/docker.sock"
    assert files.exists("/var/run/docker.sock")
    assert files.facts("/var/run/docker.sock")["type"] == "file"
    assert files.glob("/run/*") == ["/run/docker.sock"]


def test_a_circle_of_symlinks_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("/b")
    (tmp_path / "b").symlink_to("/a")
    assert not HostFiles(str(tmp_path)).exists("/a")


def test_folders_above_that_others_may_write_to(tmp_path: Path) -> None:
    if os.getuid():
        pytest.skip("needs root, for whom alone a folder above is not loose")
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "f").touch()
    (tmp_path / "open").chmod(0o777)
    assert HostFiles().facts(f"{tmp_path}/open/f")["loose_parents"] == [f"{tmp_path}/open"]
    (tmp_path / "open").chmod(0o1777)
    assert HostFiles().facts(f"{tmp_path}/open/f")["loose_parents"] == []
    os.chown(tmp_path / "open", 1234, 0)
    (tmp_path / "open").chmod(0o755)
    assert HostFiles().facts(f"{tmp_path}/open/f")["loose_parents"] == [f"{tmp_path}/open"]
    assert HostFiles(daemon_uid=1234).facts(f"{tmp_path}/open/f")["loose_parents"] == []


def test_numbers_without_a_name_are_shown_as_such() -> None:
    assert user_name(3_999_999_999) == "3999999999"
    assert group_name(3_999_999_999) == "3999999999"
