# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and sizes as people write them for NATS ("2m", "24h", "1GiB") and as its API has them (ns, bytes)."""

from __future__ import annotations

import re
from typing import Union

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

# Days are no unit of Go's, and the age of a stream is told in them.
_NANOSECONDS = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}
_PART = r"\d+(?:\.\d+)?(?:d|h|ms|m|s|us|ns)"
_DURATION = re.compile(rf"(?:{_PART})+")
_BYTES = {"": 1, "b": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SIZE = re.compile(r"(?P<number>\d+)\s*(?P<unit>[bkmgt]?)(?:i?b)?", re.IGNORECASE)
_MOST = 2**63 - 1

Quantity = Union[str, int]


def parse_duration(written: Quantity, where: str) -> int:
    """Nanoseconds for a duration such as 90s, 2m, 1h30m or 7d; 0 is 0. Raises NatsError, which begins with `where`."""
    text = str(written).strip()
    if text == "0":
        return 0
    if not _DURATION.fullmatch(text):
        raise NatsError(f"{where}: {written!r} is not a duration: write a number with its unit, such as 30s, 2m or 24h")
    total = 0.0
    for number, unit in re.findall(r"(\d+(?:\.\d+)?)(d|h|ms|m|s|us|ns)", text):
        total += float(number) * _NANOSECONDS[unit]
    if total > _MOST:
        raise NatsError(f"{where}: {written!r} is longer than NATS can count (292 years)")
    return round(total)


def show_duration(nanoseconds: int) -> str:
    """The duration in the largest unit that shows it exactly, as parse_duration reads it."""
    for unit, size in _NANOSECONDS.items():
        if nanoseconds and nanoseconds % size == 0:
            return f"{nanoseconds // size}{unit}"
    return "0"


def parse_size(written: Quantity, where: str) -> int:
    """Bytes for a size such as 1048576, 64KiB or 10GiB (units of 1024); -1 is no limit. Raises NatsError."""
    text = str(written).strip()
    if text == "-1":
        return -1
    match = _SIZE.fullmatch(text)
    if not match:
        raise NatsError(f"{where}: {written!r} is not a size: write bytes, or a number with its unit, such as 512MiB")
    size = int(match["number"]) * _BYTES[match["unit"].lower()]
    if size > _MOST:
        raise NatsError(f"{where}: {written!r} is more than NATS can count")
    return size


def show_size(size: int) -> str:
    """The size in the largest unit that shows it exactly, as parse_size reads it."""
    for unit, factor in (("TiB", 1024**4), ("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size > 0 and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
