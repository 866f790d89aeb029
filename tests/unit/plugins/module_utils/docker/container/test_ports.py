# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published ports."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import ports


def test_each_binding_is_a_port() -> None:
    found = ports.published(
        {
            "90/tcp": [{"HostIp": "::", "HostPort": "90"}],
            "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "53"}],
            "80/tcp": None,
        }
    )
    assert [ports.shown(row) for row in found] == ["127.0.0.1:53->53/udp", "[::]:90->90/tcp"]
    assert ports.privileged(found) == ["127.0.0.1:53->53/udp", "[::]:90->90/tcp"]
    assert ports.on_every_address(found) == ["[::]:90->90/tcp"]


def test_a_wish_of_a_container_that_does_not_run() -> None:
    found = ports.published({"80/tcp": [{"HostIp": "", "HostPort": ""}, {"HostIp": "", "HostPort": "8000-8010"}]})
    assert [row["host_port"] for row in found] == [None, 8000]
    assert ports.privileged(found) == []
    assert len(ports.on_every_address(found)) == 2


def test_the_daemons_own_default_address() -> None:
    found = ports.published({"80/tcp": [{"HostIp": "", "HostPort": "80"}]}, "127.0.0.1")
    assert ports.on_every_address(found) == []


def test_brackets_and_doubles() -> None:
    twice = [{"HostIp": "[::]", "HostPort": "90"}, {"HostIp": "::", "HostPort": "90"}]
    assert len(ports.published({"90": twice})) == 1


def test_nothing_is_published() -> None:
    assert ports.published(None) == ports.published({}) == []


@pytest.mark.parametrize(
    ("address", "every"),
    [
        ("", True),
        ("*", True),
        ("0.0.0.0", True),
        ("::", True),
        ("[::0]", True),
        ("0:0:0:0:0:0:0:0", True),
        ("::1", False),
    ],
)
def test_every_spelling_of_every_address(address: str, every: bool) -> None:
    found = ports.published({"80/tcp": [{"HostIp": address, "HostPort": "8080"}]})
    assert bool(ports.on_every_address(found)) is every
