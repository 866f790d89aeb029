# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a server needs a new certificate."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.action.docker_tls import server_reason
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.certificates import (
    Authority,
    create_authority,
    issue_server,
    load_authority,
)

MADE = create_authority("Test", 500)
AUTHORITY = load_authority(MADE.certificate, MADE.key)
SERVER = issue_server(AUTHORITY, ["docker.example", "10.0.0.1"], 100).certificate.decode()
HELD = {"ca": MADE.certificate.decode(), "certificate": SERVER, "key": True, "key_matches": True}
WANTED = {"names": ["10.0.0.1", "Docker.Example"], "renew_days": 30}
_OTHER = create_authority("Test", 500)
OTHER = load_authority(_OTHER.certificate, _OTHER.key)


@pytest.mark.parametrize(
    ("held", "wanted", "authority", "reason"),
    [
        ({}, {}, AUTHORITY, None),
        ({"ca": MADE.certificate.decode() + "\n"}, {}, AUTHORITY, None),
        ({}, {}, None, "missing"),
        ({"certificate": None}, {}, AUTHORITY, "missing"),
        ({"key": False}, {}, AUTHORITY, "missing"),
        ({"certificate": "none"}, {}, AUTHORITY, "unreadable"),
        ({}, {}, OTHER, "issued by another authority"),
        ({"ca": None}, {}, AUTHORITY, "issued by another authority"),
        ({"key_matches": False}, {}, AUTHORITY, "the key belongs to another certificate"),
        ({}, {"names": ["docker.example"]}, AUTHORITY, "the names have changed"),
    ],
)
def test_reasons(held: dict[str, Any], wanted: dict[str, Any], authority: Authority | None, reason: str | None) -> None:
    assert server_reason({**HELD, **held}, authority, {**WANTED, **wanted}) == reason


def test_time_is_a_reason() -> None:
    assert str(server_reason(HELD, AUTHORITY, {**WANTED, "renew_days": 200})).startswith("expires in ")
