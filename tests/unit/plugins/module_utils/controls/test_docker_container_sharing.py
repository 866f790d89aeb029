# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_container_sharing import (
    SHARING_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

MOUNT = {"source": "/etc", "destination": "/x", "writable": True}
KEPT: dict[str, Any] = {
    "running": True,
    "namespaces": {"network": "app", "pid": "", "ipc": "private"},
    "cgroup_version": "2",
    "cgroup_parent": "",
    **{f"host_{name}": False for name in ("network", "pid", "ipc", "uts", "userns", "cgroup_namespace")},
    **{name: [] for name in ("runtime_sockets", "sensitive_mounts_writable", "sensitive_mounts_read_only")},
    **{name: [] for name in ("shared_mounts", "devices", "device_rules", "ssh_servers")},
    **{name: [] for name in ("privileged_ports", "unneeded_ports", "ports_on_every_address")},
    "on_default_bridge": False,
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"runtime_sockets": [MOUNT]}, {"runtime_socket"}),
        ({"sensitive_mounts_writable": [MOUNT]}, {"sensitive_mount"}),
        ({"sensitive_mounts_read_only": [MOUNT]}, {"sensitive_mount_read_only"}),
        ({"shared_mounts": [MOUNT]}, {"shared_mount"}),
        ({"host_network": True}, {"host_network"}),
        ({"host_pid": True}, {"host_pid"}),
        ({"host_ipc": True}, {"host_ipc"}),
        ({"host_uts": True}, {"host_uts"}),
        ({"host_userns": True}, {"host_userns"}),
        ({"host_cgroup_namespace": True}, {"host_cgroup_namespace"}),
        ({"host_cgroup_namespace": True, "cgroup_version": "1"}, set()),
        ({"cgroup_parent": "/other"}, {"cgroup_parent"}),
        ({"devices": ["/dev/sda"]}, {"devices"}),
        ({"device_rules": ["a *:* rwm"]}, {"device_rules"}),
        ({"on_default_bridge": True}, {"default_bridge"}),
        ({"privileged_ports": ["0.0.0.0:80->80/tcp"]}, {"privileged_port"}),
        ({"unneeded_ports": ["127.0.0.1:9229->9229/tcp"]}, {"unneeded_port"}),
        ({"ports_on_every_address": ["[::]:8080->80/tcp"]}, {"wildcard_port"}),
        ({"ssh_servers": ["sshd"]}, {"ssh_server"}),
        ({"ssh_servers": ["sshd"], "running": False}, set()),
    ],
)
def test_verdict(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(SHARING_CONTROLS, "container", {**KEPT, **bad}) == fails
