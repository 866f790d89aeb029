# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units as they lie on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.systemd_unit import (
    find_unit,
    unit_of_process,
    user_folders,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

ETC, LIB = "/etc/systemd/system", "/usr/lib/systemd/system"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in (ETC, LIB):
        (tmp_path / folder.lstrip("/")).mkdir(parents=True)
    return tmp_path


def put(root: Path, path: str, text: str) -> None:
    target = root / path.lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)


def test_the_administrators_unit_goes_before_the_packages(root: Path) -> None:
    put(root, f"{LIB}/docker.service", "[Service]\nExecStart=/usr/bin/dockerd\n")
    assert find_unit("docker.service", HostFiles(str(root))).fragment == f"{LIB}/docker.service"
    put(root, f"{ETC}/docker.service", "[Service]\n")
    assert find_unit("docker.service", HostFiles(str(root))).fragment == f"{ETC}/docker.service"


def test_drop_ins_of_all_folders_are_read_in_order_of_their_names(root: Path) -> None:
    put(root, f"{LIB}/docker.service", "[Service]\nExecStart=one\nEnvironmentFile=-/etc/default/docker\n")
    put(root, f"{LIB}/docker.service.d/20-b.conf", "[Service]\nExecStart=lib\n")
    put(root, f"{ETC}/docker.service.d/20-b.conf", "[Service]\nExecStart=\nExecStart=etc\n")
    put(root, f"{ETC}/docker.service.d/10-a.conf", "[Service]\nEnvironmentFile=/etc/more\n")
    put(root, f"{ETC}/docker.service.d/30-c.txt", "[Service]\nExecStart=no\n")
    unit = find_unit("docker.service", HostFiles(str(root)))
    assert unit.files == [
        f"{LIB}/docker.service",
        f"{ETC}/docker.service.d/10-a.conf",
        f"{ETC}/docker.service.d/20-b.conf",
    ]
    assert unit.values("Service", "ExecStart") == ["etc"]
    assert unit.values("Service", "EnvironmentFile") == ["-/etc/default/docker", "/etc/more"]


def test_a_masked_unit_has_no_file(root: Path) -> None:
    (root / f"{ETC}/docker.service".lstrip("/")).symlink_to("/dev/null")
    (root / "dev").mkdir()
    (root / "dev" / "null").touch()
    assert find_unit("docker.service", HostFiles(str(root))).files == []


def test_a_unit_that_nothing_defines(root: Path) -> None:
    unit = find_unit("docker.socket", HostFiles(str(root)))
    assert (unit.fragment, unit.files, unit.values("Socket", "ListenStream")) == (None, [], [])


def test_sections_comments_and_continued_lines(root: Path) -> None:
    text = "[Unit]\nExecStart=no\n[Service]\n# ExecStart=no\n;ExecStart=no\nExecStart=dockerd \\\n  -H fd://\n"
    put(root, f"{LIB}/docker.service", text)
    [value] = find_unit("docker.service", HostFiles(str(root))).values("Service", "ExecStart")
    assert value.split() == ["dockerd", "-H", "fd://"]


def test_a_users_units_lie_elsewhere(root: Path) -> None:
    put(root, "/home/a/.config/systemd/user/docker.service", "[Service]\n")
    unit = find_unit("docker.service", HostFiles(str(root)), user_folders("/home/a"))
    assert unit.fragment == "/home/a/.config/systemd/user/docker.service"


@pytest.mark.parametrize(
    ("cgroup", "expected"),
    [
        ("0::/system.slice/docker.service\n", "docker.service"),
        ("12:cpu:/\n1:name=systemd:/system.slice/dockerd-two.service\n", "dockerd-two.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service\n", "docker.service"),
        ("0::/user.slice/user-1000.slice/user@1000.service\n", None),
        ("0::/\n", None),
    ],
)
def test_the_service_of_a_process_follows_from_its_cgroup(tmp_path: Path, cgroup: str, expected: str | None) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text(cgroup)
    assert unit_of_process(7, str(tmp_path)) == expected
    assert unit_of_process(8, str(tmp_path)) is None
