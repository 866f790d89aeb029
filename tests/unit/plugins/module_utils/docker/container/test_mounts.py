# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts, judged by where they really lead."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import mounts
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.mounts import (
    BoundDevice,
    HostMount,
)

DATA_ROOT = "/srv/docker"


def mount(source: str, writable: bool = True, recursive: bool = True) -> HostMount:
    return HostMount(source, source, "/x", writable, "rprivate", recursive)


@pytest.mark.parametrize(
    ("source", "read_only_too"),
    [
        ("/", True),
        ("/etc", True),
        ("/var", True),
        ("/srv", True),
        (DATA_ROOT, True),
        (f"{DATA_ROOT}/overlay2", True),
        ("/etc/shadow", True),
        ("/etc/ssh/ssh_host_rsa_key", True),
        ("/dev/mem", True),
        ("/proc/sys", True),
        ("/root/.ssh", True),
        ("/home/app/.ssh", True),
        ("/home/app/.aws/credentials", True),
        ("/usr/lib", True),
        ("/usr/bin", True),
        ("/etc/localtime", False),
        ("/etc/nginx", False),
        ("/usr/share/zoneinfo", False),
        ("/lib/modules", False),
        ("/sys/fs/cgroup", False),
        ("/etc/pki/ca-trust/extracted", False),
    ],
)
def test_the_hosts_own(source: str, read_only_too: bool) -> None:
    assert mounts.is_sensitive(mount(source), DATA_ROOT)
    assert mounts.is_sensitive(mount(source, writable=False), DATA_ROOT) is read_only_too


@pytest.mark.parametrize(
    "source",
    [
        "/srv/app",
        "/opt/app",
        "/home/app/data",
        "/home/app/.sshfs",
        "/dev/null",
        "/dev/shm/x",
        "/etcetera",
        "/var/lib/app",
        "/tmp",
    ],
)
def test_not_the_hosts_own(source: str) -> None:
    assert not mounts.is_sensitive(mount(source), DATA_ROOT)


@pytest.mark.parametrize("source", ["/run/docker.sock", "/run", "/"])
def test_a_socket_is_reached_by_itself_and_by_every_folder_above(source: str) -> None:
    assert mounts.sockets_in(mount(source, writable=False), ["/run/docker.sock"]) == ["/run/docker.sock"]


@pytest.mark.parametrize("source", ["/run/dock", "/run/docker.sock.d", "/var", "/run/docker"])
def test_a_neighbour_is_no_folder_above(source: str) -> None:
    assert mounts.sockets_in(mount(source), ["/run/docker.sock"]) == []


def test_a_bind_that_is_not_recursive_ends_at_its_file_system() -> None:
    flat = mount("/", recursive=False)
    assert mounts.sockets_in(flat, ["/run/docker.sock"], lambda _one, _other: False) == []
    assert mounts.sockets_in(flat, ["/run/docker.sock"], lambda _one, _other: True) == ["/run/docker.sock"]


def inspected(**mount_facts: Any) -> dict[str, Any]:
    return {"Mounts": [{"Type": "bind", "Source": "/etc", "Destination": "/x", "RW": True, **mount_facts}]}


def test_binds_and_volumes() -> None:
    assert mounts.host_mounts(inspected(), {}) == [HostMount("/etc", "/etc", "/x", True, "")]
    volume = inspected(Type="volume", Name="data", Source="/var/lib/docker/volumes/data/_data")
    assert mounts.host_mounts(volume, {}) == []
    assert mounts.host_mounts(volume, {"data": BoundDevice("/etc")})[0].source == "/etc"
    assert mounts.host_mounts(volume, {"data": BoundDevice("/etc")})[0].writable
    assert not mounts.host_mounts(volume, {"data": BoundDevice("/etc", read_only=True)})[0].writable
    assert mounts.host_mounts(inspected(Type="tmpfs", Source=""), {}) == []


def test_links_are_followed() -> None:
    found = mounts.host_mounts(inspected(Source="/tmp/link"), {}, {"/tmp/link": "/etc"}.__getitem__)
    assert found[0].source == "/etc"
    assert found[0].shown() == {"source": "/tmp/link", "destination": "/x", "writable": True, "resolved": "/etc"}


def test_not_recursive_is_read_from_what_was_asked_for() -> None:
    container = inspected()
    container["HostConfig"] = {"Mounts": [{"Target": "/x", "BindOptions": {"NonRecursive": True}}]}
    assert not mounts.host_mounts(container, {})[0].recursive


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"type": "none", "o": "bind", "device": "/etc"}, {"v": BoundDevice("/etc")}),
        ({"o": "rbind,ro", "device": "/"}, {"v": BoundDevice("/", read_only=True)}),
        ({"type": "nfs", "o": "addr=10.0.0.1", "device": ":/export"}, {}),
        ({"type": "tmpfs", "device": "tmpfs"}, {}),
        (None, {}),
    ],
)
def test_volumes_that_are_a_bind_in_disguise(options: dict[str, str] | None, found: dict[str, BoundDevice]) -> None:
    assert mounts.bound_devices([{"Name": "v", "Driver": "local", "Options": options}]) == found
