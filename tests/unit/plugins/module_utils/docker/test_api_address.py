# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of the API as dockerd reads them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.api_address import (
    complete_address,
    uses_tls,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("", "unix:///var/run/docker.sock"),
        ("unix://", "unix:///var/run/docker.sock"),
        ("unix:///d.sock", "unix:///d.sock"),
        (":2375", "tcp://:2375"),
        ("0.0.0.0:2375", "tcp://0.0.0.0:2375"),
        ("[::]:2375", "tcp://[::]:2375"),
        ("tcp://h:1", "tcp://h:1"),
        ("fd://", "fd://"),
    ],
)
def test_an_address_gets_its_scheme(host: str, expected: str) -> None:
    assert complete_address(host, {}) == expected


def test_the_default_is_another_one_with_tls_and_for_a_rootless_daemon() -> None:
    assert complete_address("", {"tls": True}) == "tcp://localhost:2376"
    assert complete_address("unix://", {"tls": True}) == "unix:///var/run/docker.sock"
    assert complete_address("", {}, "/run/user/1000") == "unix:///run/user/1000/docker.sock"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"tls": False}, False),
        ({"tls": True}, True),
        ({"tlsverify": True}, True),
        ({"tlsverify": False}, True),
        ({"tlscacert": "/ca.pem", "tlskey": "/key.pem"}, False),
    ],
)
def test_any_mention_of_tlsverify_turns_tls_on(settings: dict[str, Any], expected: bool) -> None:
    assert uses_tls(settings) is expected
