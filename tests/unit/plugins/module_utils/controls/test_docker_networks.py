# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fact that is bad fails its own control, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_networks import (
    NETWORK_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

KEPT: dict[str, Any] = {
    "driver": "bridge",
    "scope": "local",
    "built_in": False,
    "in_use": True,
    "attachable": False,
    "gateway_mode_ipv4": "",
}


@pytest.mark.parametrize(
    ("bad", "fails"),
    [
        ({}, set()),
        ({"in_use": False}, {"unused"}),
        ({"in_use": False, "built_in": True}, set()),
        ({"driver": "macvlan"}, {"host_link"}),
        ({"gateway_mode_ipv4": "routed"}, {"routed"}),
        ({"gateway_mode_ipv4": "nat"}, set()),
        ({"attachable": True}, set()),
        ({"driver": "overlay", "scope": "swarm", "attachable": True}, {"attachable"}),
    ],
)
def test_verdict(bad: dict[str, Any], fails: set[str]) -> None:
    assert failing(NETWORK_CONTROLS, "network", {**KEPT, **bad}) == fails
