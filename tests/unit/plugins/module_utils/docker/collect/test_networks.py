# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as subjects."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.networks import (
    collect_networks,
)


def network(name: str, **more: Any) -> dict[str, Any]:
    return {"Id": f"id-{name}", "Name": name, "Driver": "bridge", "Scope": "local", **more}


def test_use_is_told_by_containers_stopped_ones_included() -> None:
    rows: list[dict[str, Any]] = [
        {"NetworkSettings": {"Networks": {"app": {"NetworkID": "id-app"}}}},
        {"NetworkSettings": {"Networks": {"later": {"NetworkID": ""}}}},
        {"NetworkSettings": None},
    ]
    found = collect_networks([network("unused"), network("later"), network("app"), network("bridge")], rows)
    assert [(each["subject"]["name"], each["in_use"], each["built_in"]) for each in found] == [
        ("app", True, False),
        ("bridge", False, True),
        ("later", True, False),
        ("unused", False, False),
    ]


@pytest.mark.parametrize(
    ("options", "encrypted"), [({"encrypted": ""}, True), ({"encrypted": "false"}, True), ({}, False), (None, False)]
)
def test_encryption(options: dict[str, str] | None, encrypted: bool) -> None:
    assert collect_networks([network("x", Options=options)], [])[0]["encrypted"] is encrypted


def test_options_of_a_bridge() -> None:
    options = {f"com.docker.network.bridge.{name}": "false" for name in ("enable_icc", "enable_ip_masquerade")}
    found = collect_networks([network("x", Options=options)], [])[0]
    assert (found["inter_container"], found["masquerade"]) == (False, False)
