# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_container_privileges import (
    PRIVILEGE_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

KEPT: dict[str, Any] = {
    "privileged": False,
    "added_capabilities": [],
    "net_raw": False,
    "apparmor_available": True,
    "apparmor_confined": True,
    "selinux_available": True,
    "selinux_confined": True,
    "seccomp": "default",
    "no_new_privileges": True,
    "root": False,
    "root_is_remapped": False,
    "kernel_paths_unmasked": False,
    "privileged_execs": [],
    "root_execs": [],
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"seccomp": "custom"}, set()),
        ({"privileged": True}, {"privileged"}),
        # A container in the daemon's default set keeps NET_RAW; one with every capability has worse to be told of.
        ({"net_raw": True}, {"net_raw"}),
        ({"net_raw": True, "added_capabilities": ["ALL"]}, {"capabilities"}),
        ({"added_capabilities": ["SYS_ADMIN"]}, {"capabilities"}),
        ({"apparmor_confined": False}, {"apparmor"}),
        ({"apparmor_confined": False, "apparmor_available": False}, set()),
        ({"selinux_confined": False}, {"selinux"}),
        ({"selinux_confined": False, "selinux_available": False}, set()),
        ({"seccomp": "unconfined"}, {"seccomp"}),
        ({"seccomp": "unsupported"}, {"seccomp"}),
        ({"no_new_privileges": False}, {"no_new_privileges"}),
        ({"root": True}, {"root_user"}),
        ({"root": True, "root_is_remapped": True}, {"root_user_remapped"}),
        ({"kernel_paths_unmasked": True}, {"kernel_paths"}),
        ({"privileged_execs": ["sh"]}, {"privileged_exec"}),
        ({"root_execs": ["sh"]}, {"root_exec"}),
        # Where root is what the container runs as, a root session is no news.
        ({"root_execs": ["sh"], "root": True}, {"root_user"}),
    ],
)
def test_verdict(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(PRIVILEGE_CONTROLS, "container", {**KEPT, **bad}) == fails
