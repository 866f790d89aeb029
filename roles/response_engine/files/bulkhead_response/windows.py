# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not done again for a while, and how often things may be done: by the monotonic clock, which never jumps."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

Clock = Callable[[], float]
_MOST = 100_000
"""How many windows are held at most; past that the oldest is closed, and its alert may be acted upon again."""

_MINUTE = 60.0


@dataclass
class _Window:
    owner: str
    until: float


class Windows:
    """Who has answered for what. A window belongs to an alert; the same alert, delivered again, is let through."""

    def __init__(self, clock: Clock = time.monotonic, most: int = _MOST) -> None:
        self._clock = clock
        self._most = most
        self._open: OrderedDict[Hashable, _Window] = OrderedDict()

    def owner(self, key: Hashable) -> str | None:
        """The alert that the window of `key` belongs to; None where none is open."""
        window = self._open.get(key)
        if window is not None and window.until <= self._clock():
            del self._open[key]
            return None
        return window.owner if window else None

    def claim(self, key: Hashable, owner: str, seconds: float) -> str:
        """Open the window for `seconds` unless it is open; whose it is now."""
        holder = self.owner(key)
        if holder is None:
            self._open[key] = _Window(owner, self._clock() + seconds)
            self._trim()
            return owner
        return holder

    def renew(self, key: Hashable, owner: str, seconds: float) -> None:
        """Count the window from now: what took long to do is not done again right after."""
        self._open.pop(key, None)
        self._open[key] = _Window(owner, self._clock() + seconds)
        self._trim()

    def release(self, key: Hashable, owner: str) -> None:
        """Close the owner's window: nothing came of it, so that the next alert is to be acted upon."""
        window = self._open.get(key)
        if window is not None and window.owner == owner:
            del self._open[key]

    def _trim(self) -> None:
        """Drop what has expired at the old end, and the oldest where there are too many."""
        now = self._clock()
        while self._open:
            oldest = next(iter(self._open))
            if len(self._open) <= self._most and self._open[oldest].until > now:
                return
            del self._open[oldest]

    def __len__(self) -> int:
        return len(self._open)


class Allowance:
    """A token bucket: as many as a minute allows at once, and as many more in each minute. 0: without a limit."""

    def __init__(self, per_minute: int, clock: Clock = time.monotonic) -> None:
        self._size = float(per_minute)
        self._tokens = float(per_minute)
        self._clock = clock
        self._at = clock()

    def has(self) -> bool:
        """Whether one more is allowed now."""
        if not self._size:
            return True
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._size / _MINUTE)
        self._at = now
        return self._tokens >= 1.0

    def take(self) -> None:
        """Use up one; `has` was asked before."""
        if self._size:
            self._tokens -= 1.0
