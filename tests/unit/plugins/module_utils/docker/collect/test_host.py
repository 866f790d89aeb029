# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host as a subject."""

from __future__ import annotations

import grp
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect import host as module
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.host import (
    EVERYONE,
    collect_host,
)
from tests.unit.daemon_home import PID, DaemonHome
from tests.unit.fake_engine import FakeEngine

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root, whose files they are")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DaemonHome:
    monkeypatch.setattr(module, "audit_facts", lambda _paths: {"audit_paths": {}})
    return DaemonHome(tmp_path)


def collected(home: DaemonHome, *flags: str, **info: Any) -> dict[str, Any]:
    engine = FakeEngine({"/info": {"Name": "h1", "DockerRootDir": "/var/lib/docker", **info}})
    [facts] = collect_host(engine, home.process(*flags))
    return facts


def test_the_host_is_named_as_docker_names_it(home: DaemonHome) -> None:
    facts = collected(home)
    assert facts["subject"] == {"kind": "host", "name": "h1"}
    assert facts["engine_version"] == "20.10.24"


def test_the_data_root_is_looked_up_among_the_daemons_mounts(home: DaemonHome) -> None:
    assert collected(home)["data_root"]["separate"] is False
    table = "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 254:16 / /var/lib/docker rw - xfs /dev/vdb rw\n"
    (home.proc / str(PID) / "mountinfo").write_text(table)
    assert collected(home)["data_root"] == {
        "path": "/var/lib/docker",
        "separate": True,
        "mount_point": "/var/lib/docker",
        "source": "/dev/vdb",
    }


def test_a_remapped_data_root_lies_one_folder_deeper(home: DaemonHome) -> None:
    table = "1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 254:16 / /var/lib/docker rw - xfs /dev/vdb rw\n"
    (home.proc / str(PID) / "mountinfo").write_text(table)
    remapped = {"DockerRootDir": "/var/lib/docker/100000.100000", "SecurityOptions": ["name=userns"]}
    assert collected(home, "--userns-remap=default", **remapped)["data_root"]["separate"] is True


def test_mounts_that_cannot_be_read_leave_it_unknown(home: DaemonHome) -> None:
    (home.proc / str(PID) / "mountinfo").unlink()
    assert "data_root" in collected(home)["unknown"]


@needs_root
def test_members_of_the_sockets_group_by_both_ways_of_being_one(
    home: DaemonHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = [
        pwd.struct_passwd(("root", "x", 0, 0, "", "/root", "")),
        pwd.struct_passwd(("alice", "x", 1000, 1000, "", "/", "")),
        pwd.struct_passwd(("ci", "x", 1001, 4242, "", "/", "")),
    ]
    monkeypatch.setattr(pwd, "getpwall", lambda: users)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("docker", "x", gid, ["alice", "root"])))
    path = home.root / "run" / "docker.sock"
    path.parent.mkdir()
    monkeypatch.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("docker.sock")
        os.chown(path, 0, 4242)
        path.chmod(0o660)
        facts = collected(home, "-H", "unix:///run/docker.sock")
        assert facts["socket_users"] == ["alice", "ci"]
        path.chmod(0o600)
        assert collected(home, "-H", "unix:///run/docker.sock")["socket_users"] == []
        path.chmod(0o602)
        assert collected(home, "-H", "unix:///run/docker.sock")["socket_users"] == [EVERYONE]
        path.chmod(0o600)
        os.chown(path, 1000, 0)
        assert collected(home, "-H", "unix:///run/docker.sock")["socket_users"] != []


def test_without_the_process_everything_but_the_version_is_unknown() -> None:
    [facts] = collect_host(FakeEngine({"/info": {"Name": "h1"}}), None)
    assert facts["engine_version"] == "20.10.24"
    for fact in ("data_root", "socket_users", "audit_watches"):
        assert "run as root" in facts["unknown"][fact]
