# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_container_limits import (
    LIMIT_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

KEPT: dict[str, Any] = {
    "running": True,
    "memory_limit": 67108864,
    "swap_limit": 0,
    "oom_killer_disabled": False,
    "oom_score_adjust": 0,
    "cpu_limited": True,
    "pids_limit": 64,
    "raised_ulimits": [],
    "open_files_limit": 1024,
    "read_only_root": True,
    "restart_attempts": 5,
    "log_driver": "json-file",
    "log_bounded": True,
    "has_healthcheck": True,
    "image_tag_present": True,
    "image_outdated": False,
    "image_floating": False,
    "image_has_digest": True,
    "image_pinned": True,
    "secrets": [],
    "outdated_defaults": [],
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"restart_attempts": 0}, set()),
        # Without a memory limit there is no swap limit to ask for.
        ({"memory_limit": None, "swap_limit": None}, {"memory_limit"}),
        ({"swap_limit": None}, {"swap_limit"}),
        ({"oom_killer_disabled": True}, {"oom_killer"}),
        ({"oom_score_adjust": -1}, {"oom_score"}),
        ({"cpu_limited": False}, {"cpu_limit"}),
        ({"pids_limit": None}, {"pids_limit"}),
        ({"pids_limit": 4194304}, {"pids_limit"}),
        ({"raised_ulimits": ["nofile=unlimited (at most 65536)"]}, {"ulimits"}),
        ({"open_files_limit": None}, {"open_files"}),
        ({"read_only_root": False}, {"read_only_root"}),
        ({"restart_attempts": 6}, {"restart_policy"}),
        ({"restart_attempts": None}, {"restart_policy"}),
        ({"log_driver": "none"}, {"log_driver"}),
        ({"log_bounded": False}, {"log_size"}),
        ({"has_healthcheck": False}, {"healthcheck"}),
        ({"image_outdated": True}, {"outdated_image"}),
        ({"image_outdated": True, "image_tag_present": False}, set()),
        ({"image_floating": True}, {"floating_tag"}),
        ({"image_pinned": False}, {"image_digest"}),
        ({"image_pinned": False, "image_has_digest": False}, set()),
        ({"secrets": [{"name": "TOKEN"}]}, {"secrets"}),
        ({"outdated_defaults": [{"option": "log-driver"}]}, {"outdated_defaults"}),
    ],
)
def test_verdict(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(LIMIT_CONTROLS, "container", {**KEPT, **bad}) == fails
