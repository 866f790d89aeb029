# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process is the daemon's own when it works in the daemon's data root."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.proof import holds_data_root


def process(proc: Path, *targets: str) -> DaemonProcess:
    folder = proc / "7" / "fd"
    folder.mkdir(parents=True)
    for number, target in enumerate(targets):
        (folder / str(number)).symlink_to(target)
    return DaemonProcess(7, "/usr/bin/dockerd", ("dockerd",), "/", proc=str(proc))


@pytest.mark.parametrize(
    ("targets", "own"),
    [
        (["/dev/null", "socket:[1]", "/srv/docker/volumes/metadata.db"], True),
        (["/dev/null", "socket:[1]"], False),
        (["/srv/docker-other/volumes/metadata.db"], False),
        ([], False),
    ],
)
def test_open_files(tmp_path: Path, targets: list[str], own: bool) -> None:
    assert holds_data_root(process(tmp_path, *targets), "/srv/docker") is own


def test_a_data_root_behind_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    daemon = process(tmp_path / "proc", f"{tmp_path}/real/volumes/metadata.db")
    assert holds_data_root(daemon, f"{tmp_path}/link")


def test_a_process_that_has_gone(tmp_path: Path) -> None:
    assert not holds_data_root(DaemonProcess(9, "", (), "/", proc=str(tmp_path)), "/srv/docker")
