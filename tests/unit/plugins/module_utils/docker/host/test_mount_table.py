# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filesystems of their own, and mounts that only look like one."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.mount_table import (
    has_own_filesystem,
    mount_of,
    original_names,
    parse_mountinfo,
)

ROOT = "1 0 254:0 / / rw shared:1 - ext4 /dev/vda rw\n"


def mounted(line: str) -> bool:
    return has_own_filesystem("/var/lib/docker", parse_mountinfo(ROOT + line))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", False),
        ("2 1 254:0 /var/lib/docker /var/lib/docker rw - ext4 /dev/vda rw\n", False),
        ("2 1 254:16 / /var/lib/docker rw shared:2 master:1 - xfs /dev/vdb rw\n", True),
        ("2 1 254:16 /docker /var/lib/docker rw - xfs /dev/vdb rw\n", True),
        ("2 1 254:16 / /var rw - xfs /dev/vdb rw\n", False),
        ("2 1 254:16 / /var/lib/docker/overlay2/x/merged rw - overlay overlay rw\n", False),
        (
            "2 1 254:16 / /var/lib/docker rw - xfs /dev/vdb rw\n3 1 254:0 /x /var/lib/docker rw - ext4 /dev/vda rw\n",
            False,
        ),
        ("2 1 0:45 / /var/lib/docker rw - tmpfs tmpfs rw\n", True),
    ],
)
def test_a_data_root(line: str, expected: bool) -> None:
    assert mounted(line) is expected


def test_a_subvolume_of_the_same_btrfs_fills_up_with_it() -> None:
    table = "1 0 0:30 /@ / rw - btrfs /dev/sda2 rw\n2 1 0:31 /@docker /var/lib/docker rw - btrfs /dev/sda2 rw\n"
    assert not has_own_filesystem("/var/lib/docker", parse_mountinfo(table))
    other = table.replace("btrfs /dev/sda2 rw\n2", "btrfs /dev/sdb1 rw\n2")
    assert has_own_filesystem("/var/lib/docker", parse_mountinfo(other))


def test_blanks_in_paths_are_written_in_octal() -> None:
    [mount] = parse_mountinfo("2 1 254:16 / /my\\040disk rw - ext4 /dev/vdb rw\n")
    assert mount.point == "/my disk"


def test_the_deepest_mount_holds_a_path() -> None:
    mounts = parse_mountinfo(ROOT + "2 1 254:16 / /var rw - xfs /dev/vdb rw\n")
    found = mount_of("/var/lib", mounts)
    assert found is not None
    assert found.source == "/dev/vdb"
    assert mount_of("/variable", mounts) != found


@pytest.mark.parametrize(
    ("lines", "path", "names"),
    [
        ("2 1 254:0 /etc /srv/conf rw - ext4 /dev/vda rw\n", "/srv/conf", ["/etc"]),
        ("2 1 254:0 /etc /srv/conf rw - ext4 /dev/vda rw\n", "/srv/conf/ssh", ["/etc/ssh"]),
        ("2 1 254:0 /etc /srv/conf rw - ext4 /dev/vda rw\n", "/srv", ["/etc"]),
        ("2 1 254:0 /etc /srv/conf rw - ext4 /dev/vda rw\n", "/srv/other", []),
        # A volume that is a bind mount of a folder does not make the folder a part of Docker's own.
        ("2 1 254:0 /srv/app /var/lib/docker/volumes/v/_data rw - ext4 /dev/vda rw\n", "/srv/app", []),
        # Another file system, and one whose original is hidden by a later mount.
        ("2 1 254:9 /etc /srv/conf rw - ext4 /dev/vdb rw\n", "/srv/conf", []),
        ("2 1 254:0 /etc /srv/c rw - ext4 /dev/vda rw\n3 1 254:9 / /etc rw - ext4 /dev/vdb rw\n", "/srv/c", []),
        ("2 1 0:4 net:[1] /run/netns/a rw - nsfs nsfs rw\n", "/run", []),
        ("", "/srv", []),
    ],
)
def test_what_a_bind_mount_of_the_host_shows(lines: str, path: str, names: list[str]) -> None:
    assert original_names(path, parse_mountinfo(ROOT + lines)) == names


def test_a_bind_that_is_not_recursive_shows_no_mount_below() -> None:
    mounts = parse_mountinfo(ROOT + "2 1 254:0 /etc /srv/conf rw - ext4 /dev/vda rw\n")
    assert original_names("/srv", mounts, with_nested=False) == []
    assert original_names("/srv/conf", mounts, with_nested=False) == ["/etc"]
