# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Points in time, as nanoseconds since the epoch in UTC: the finest that any source of a timeline knows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

SECOND = 1_000_000_000
_RFC3339 = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9})\d*)?(?:([Zz])|([+-])(\d{2}):?(\d{2}))?\Z"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
# What a year of four digits can say.
_LAST = 253_402_300_800 * SECOND


def parse(text: object) -> int:
    """Of RFC 3339, with or without a fraction; without an offset it is UTC. Raises ValueError."""
    match = _RFC3339.match(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is no time such as 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    # A leap second has no place of its own in seconds since the epoch.
    moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc)
    seconds = (moment - _EPOCH) // timedelta(seconds=1)
    if match[9]:
        offset = int(match[10]) * 3600 + int(match[11]) * 60
        seconds -= offset if match[9] == "+" else -offset
    return checked(seconds * SECOND + int((match[7] or "").ljust(9, "0")))


def checked(nanoseconds: int) -> int:
    """The same, or ValueError where no calendar of ours has it."""
    if not 0 <= nanoseconds < _LAST:
        raise ValueError("the time is out of range")
    return nanoseconds


def text(nanoseconds: int) -> str:
    """As 2026-01-31T12:00:00.123456Z."""
    moment = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"
