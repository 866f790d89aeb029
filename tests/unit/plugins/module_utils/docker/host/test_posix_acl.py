# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control lists as the kernel stores them."""

from __future__ import annotations

import struct
from pathlib import Path

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.posix_acl import grants, parse_acl


def acl(*entries: tuple[int, int, int]) -> bytes:
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_named_users_and_groups_are_cut_down_by_the_mask() -> None:
    raw = acl((1, 6, 2**32 - 1), (2, 7, 1000), (4, 6, 2**32 - 1), (8, 4, 50), (16, 6, 2**32 - 1), (32, 0, 2**32 - 1))
    found = {(grant.kind, grant.number): grant.may_write for grant in parse_acl(raw)}
    assert found == {("user", 1000): True, ("group", 50): False}
    masked = raw.replace(struct.pack("<HH", 16, 6), struct.pack("<HH", 16, 4))
    assert not any(grant.may_write for grant in parse_acl(masked))


def test_no_list_and_nonsense_grant_nothing(tmp_path: Path) -> None:
    assert grants(str(tmp_path)) == []
    assert parse_acl(b"") == []
    assert parse_acl(b"\x01\x00\x00\x00rubbish") == []
