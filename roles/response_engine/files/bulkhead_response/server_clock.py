# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What time it is at the NATS server. Its messages say when it stored them, and it is no earlier there than that."""

from __future__ import annotations

import time
from collections.abc import Callable


class ServerClock:
    """Our own clock, unless the server's is known to be ahead of it."""

    def __init__(self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic) -> None:
        """Both in seconds: one since the epoch, one that never jumps."""
        self._wall, self._steady = wall, steady
        self._ahead = float("-inf")

    def heard(self, stored: int) -> None:
        """The server has stored a message at this time, in nanoseconds since the epoch."""
        self._ahead = max(self._ahead, stored / 1e9 - self._steady())

    def now(self) -> float:
        """Seconds since the epoch."""
        return max(self._wall(), self._ahead + self._steady())
