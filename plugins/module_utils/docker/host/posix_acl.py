# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The POSIX access control list of a file, as the kernel stores it in an extended attribute (acl(5)).

A mode does not show whom `setfacl` let in: with a list, the mode's group bits are but the upper bound of all entries.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = 2
_USER, _GROUP, _MASK = 0x02, 0x08, 0x10
WRITE = 2


@dataclass(frozen=True)
class Grant:
    """What the list gives to one more user or group: `kind` is "user" or "group", `number` its id."""

    kind: str
    number: int
    permissions: int

    @property
    def may_write(self) -> bool:
        """Whether it includes writing."""
        return bool(self.permissions & WRITE)


def grants(path: str) -> list[Grant]:
    """The users and groups that a list names beyond owner and group; none where there is no list."""
    try:
        raw = os.getxattr(path, _ATTRIBUTE)
    except OSError:
        return []
    return parse_acl(raw)


def parse_acl(raw: bytes) -> list[Grant]:
    """The named entries of the attribute's bytes, cut down to what the mask lets through."""
    if len(raw) < 4 or struct.unpack_from("<I", raw)[0] != _VERSION:
        return []
    entries = [struct.unpack_from("<HHI", raw, offset) for offset in range(4, len(raw) - 7, 8)]
    mask = next((permissions for tag, permissions, _number in entries if tag == _MASK), 7)
    kinds = {_USER: "user", _GROUP: "group"}
    return [Grant(kinds[tag], number, permissions & mask) for tag, permissions, number in entries if tag in kinds]
