# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_images import (
    IMAGE_CONTROLS,
    trusted_source,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

KEPT: dict[str, Any] = {
    "in_use": True,
    "dangling": False,
    "sources": [],
    "root": False,
    "age_days": 10,
    "has_healthcheck": True,
    "has_history": True,
    **{name: [] for name in ("lone_updates", "setuid_files", "additions", "secrets", "unverified_installs")},
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"root": True}, {"user"}),
        ({"age_days": 91}, {"age"}),
        ({"age_days": 91, "in_use": False}, set()),
        ({"has_healthcheck": False}, {"healthcheck"}),
        ({"lone_updates": ["apt-get update"]}, {"lone_update"}),
        ({"setuid_files": ["/bin/su 4755"]}, {"setuid_files"}),
        ({"additions": ["x /y"]}, {"add"}),
        ({"additions": None, "has_history": False}, set()),
        ({"secrets": [{"name": "TOKEN"}]}, {"secrets"}),
        ({"unverified_installs": ["--nogpgcheck"]}, {"unverified_install"}),
    ],
)
def test_verdict(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(IMAGE_CONTROLS, "image", {**KEPT, **bad}) == fails


@pytest.mark.parametrize(
    ("allowed", "source", "trusted"),
    [
        (["docker.io/library"], "docker.io/library/nginx", True),
        (["docker.io/library/nginx"], "docker.io/library/nginx", True),
        (["docker.io/library"], "docker.io/libraryevil/nginx", False),
        (["reg.example.com"], "reg.example.com.evil.org/a", False),
        (["reg.example.com:5000/"], "reg.example.com:5000/a", True),
        (["reg.example.com:5000"], "reg.example.com/a", False),
        (["a.example.com", "b.example.com"], "b.example.com/x/y", True),
    ],
)
def test_trusted_source(allowed: list[str], source: str, trusted: bool) -> None:
    fails = failing([trusted_source(allowed)], "image", {**KEPT, "sources": [source]})
    assert fails == (set() if trusted else {"trusted_source"})


def test_an_image_without_a_name_comes_from_nowhere() -> None:
    assert failing([trusted_source(["docker.io"])], "image", {**KEPT, "dangling": True}) == set()
