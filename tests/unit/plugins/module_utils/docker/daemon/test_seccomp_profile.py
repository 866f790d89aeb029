# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles that filter, and those that are there for show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.seccomp_profile import (
    ProfileError,
    filters,
)


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []}, True),
        ({"defaultAction": "SCMP_ACT_ALLOW"}, False),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": None}, False),
        ({"defaultAction": "SCMP_ACT_LOG", "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_LOG"}]}, False),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["ptrace"], "action": "SCMP_ACT_ERRNO"}]}, True),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"name": "ptrace", "action": "SCMP_ACT_KILL"}]}, True),
        ({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_ERRNO"}]}, False),
    ],
)
def test_what_filters(profile: dict[str, Any], expected: bool) -> None:
    assert filters(json.dumps(profile)) is expected


@pytest.mark.parametrize("text", ["", "[]", "{}", "{"])
def test_what_is_no_profile(text: str) -> None:
    with pytest.raises(ProfileError):
        filters(text)
