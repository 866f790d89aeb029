# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_sprawl import SPRAWL_CONTROLS
from tests.unit.plugins.module_utils.controls.verdicts import failing

KEPT: dict[str, Any] = {
    "content_trust": True,
    "swarm_use": "off",
    "unused_images": 20,
    "stopped_containers": 20,
    "unused_volumes": 20,
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"swarm_use": "used"}, set()),
        ({"content_trust": False}, {"content_trust"}),
        ({"swarm_use": "idle"}, {"swarm_use"}),
        ({"unused_images": 21}, {"image_sprawl"}),
        ({"stopped_containers": 21}, {"container_sprawl"}),
        ({"unused_volumes": 21}, {"volume_sprawl"}),
    ],
)
def test_verdict(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(SPRAWL_CONTROLS, "host", {**KEPT, **bad}) == fails
