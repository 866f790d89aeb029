# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The user that a container's processes begin as."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?\d+\Z")


def uid(user: str | None) -> int | None:
    """The uid in Docker's `user[:group]`, 0 for an empty user, None for a name other than root.

    Docker reads the part before the colon as a decimal number where it can, so `00` and `+0` are root as `0` is.
    """
    name = (user or "").partition(":")[0].strip()
    if name in ("", "root"):
        return 0
    return int(name) if _NUMBER.match(name) else None


def is_root(user: str | None) -> bool:
    """Whether `user[:group]` is root: empty, by name, or by any spelling of the number 0."""
    return uid(user) == 0
