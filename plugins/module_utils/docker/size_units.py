# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sizes as people write them for Docker ("512m", "1.5g") and as the Engine API wants them (bytes)."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

_WRITTEN = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[bkmgtp]?)(?:i?b)?", re.IGNORECASE)
_UNITS = ("b", "k", "m", "g", "t", "p")


def parse_size(written: str | int) -> int | None:
    """Bytes for a size such as 512m or 1.5GiB (units of 1024, as the docker command counts); None for no limit.

    No limit is written as unlimited, -1 or 0. Raises DockerError for anything else.
    """
    text = str(written).strip().lower()
    if text in ("unlimited", "-1", "0"):
        return None
    match = _WRITTEN.fullmatch(text)
    if not match:
        raise DockerError(f"{written!r} is not a size: write bytes, or a number with k, m, g or t, such as 512m")
    size = float(match["number"]) * 1024 ** _UNITS.index(match["unit"] or "b")
    if size >= 2**60:
        raise DockerError(f"{text[:20]!r} is more than any machine has: write unlimited for no limit")
    return int(size)


def format_size(size: int | None) -> str:
    """The size in the largest unit that shows it exactly, as parse_size reads it."""
    if size is None:
        return "unlimited"
    for power in range(len(_UNITS) - 1, 0, -1):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{_UNITS[power]}"
    return str(size)
