# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as subjects."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.files import collect_files
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from tests.unit.daemon_home import DaemonHome
from tests.unit.fake_engine import FakeEngine


def test_every_path_is_a_subject_with_its_role(tmp_path: Path) -> None:
    home = DaemonHome(tmp_path)
    home.put("/etc/docker/daemon.json", "{}", 0o640)
    found = {facts["role"]: facts for facts in collect_files(FakeEngine({"/info": {}}), home.process())}
    daemon_json = found["daemon_json"]
    assert daemon_json["subject"] == {"kind": "file", "name": "/etc/docker/daemon.json"}
    assert (daemon_json["mode"], daemon_json["exists"], daemon_json["rootless"]) == ("0640", True, False)
    assert daemon_json["trusted_owner"] is (os.getuid() == 0)
    assert found["sysconfig_docker"]["exists"] is False


def test_a_rootless_daemon_trusts_its_own_user(tmp_path: Path) -> None:
    home = DaemonHome(tmp_path)
    home.put("/cfg/docker/daemon.json", "{}")
    info = {"SecurityOptions": ["name=rootless"]}
    process = home.process(environment={"XDG_CONFIG_HOME": "/cfg"}, uid=os.getuid() or 1000)
    os.chown(home.root / "cfg/docker/daemon.json", process.uid, -1)
    found = {facts["role"]: facts for facts in collect_files(FakeEngine({"/info": info}), process)}
    assert (found["daemon_json"]["rootless"], found["daemon_json"]["trusted_owner"]) == (True, True)


def test_without_the_process_no_path_is_known() -> None:
    with pytest.raises(DockerError, match="run as root"):
        collect_files(FakeEngine({"/info": {}}), None)
