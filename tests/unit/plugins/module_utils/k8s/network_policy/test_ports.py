# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports in every way in which people write them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.ports import policy_ports


@pytest.mark.parametrize(
    ("given", "port"),
    [
        (443, {"port": 443, "protocol": "TCP"}),
        ("443", {"port": 443, "protocol": "TCP"}),
        ("53/udp", {"port": 53, "protocol": "UDP"}),
        ("8000-8100/TCP", {"port": 8000, "endPort": 8100, "protocol": "TCP"}),
        ("http", {"port": "http", "protocol": "TCP"}),
        ("http-2", {"port": "http-2", "protocol": "TCP"}),
        ({"protocol": "SCTP"}, {"protocol": "SCTP"}),
        ({"port": 1, "end_port": 2}, {"port": 1, "endPort": 2, "protocol": "TCP"}),
    ],
)
def test_a_port(given: Any, port: dict[str, Any]) -> None:
    assert policy_ports([given], "here") == [port]
