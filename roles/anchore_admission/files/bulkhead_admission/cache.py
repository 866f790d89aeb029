# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache that asks for a thing once, however many want it, and lets nobody wait longer than he can."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class Made(Generic[V]):
    """Something new: how many seconds it holds, and how many more it may be answered while a newer is asked for.

    failed: it only says that there is none, and takes the place of no value that may still be answered.
    """

    value: V
    fresh: float
    stale: float = 0.0
    failed: bool = False


@dataclass(frozen=True)
class _Entry(Generic[V]):
    value: V
    fresh_until: float
    stale_until: float


class TooLate(Exception):
    """There is no value in the time that was left; whoever makes it goes on, and the next to ask may find it."""


class Overloaded(Exception):
    """Too many values are being made already."""


class Cache(Generic[K, V]):
    """Values by keys, of one event loop. size: entries at most, of which the one not asked for longest goes first.

    in_flight: values that may be made at the same time.
    """

    def __init__(self, size: int, in_flight: int = 1000, clock: Callable[[], float] = time.monotonic) -> None:
        self._size, self._in_flight, self._clock = size, in_flight, clock
        self._entries: OrderedDict[K, _Entry[V]] = OrderedDict()
        self._flights: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def in_flight(self) -> int:
        """How many values are being made."""
        return len(self._flights)

    async def get(self, key: K, make: Callable[[], Awaitable[Made[V]]], deadline: float) -> tuple[V, str]:
        """(value, where it comes from: fresh, stale or made). deadline: of the clock. Raises TooLate and Overloaded."""
        entry, now = self._entries.get(key), self._clock()
        if entry is not None and now < entry.stale_until:
            self._entries.move_to_end(key)
            if now < entry.fresh_until:
                return entry.value, "fresh"
            if self._has_room(key):
                self._flight(key, make)
            return entry.value, "stale"
        if not self._has_room(key):
            raise Overloaded
        try:
            # Shielded: others wait for the same, and whoever asks again soon is to find it.
            made = await asyncio.wait_for(asyncio.shield(self._flight(key, make)), max(0.0, deadline - now))
        except asyncio.TimeoutError as error:
            raise TooLate from error
        return made, "made"

    async def close(self) -> None:
        """Make nothing any more."""
        for flight in list(self._flights.values()):
            flight.cancel()
        await asyncio.gather(*self._flights.values(), return_exceptions=True)

    def _has_room(self, key: K) -> bool:
        return key in self._flights or len(self._flights) < self._in_flight

    def _flight(self, key: K, make: Callable[[], Awaitable[Made[V]]]) -> asyncio.Task[V]:
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.get_running_loop().create_task(self._fly(key, make))
        return flight

    async def _fly(self, key: K, make: Callable[[], Awaitable[Made[V]]]) -> V:
        try:
            made = await make()
            self._keep(key, made)
            return made.value
        finally:
            self._flights.pop(key, None)

    def _keep(self, key: K, made: Made[V]) -> None:
        now, held = self._clock(), self._entries.get(key)
        if made.failed and held is not None and now < held.stale_until:
            return
        self._entries[key] = _Entry(made.value, now + made.fresh, now + made.fresh + made.stale)
        self._entries.move_to_end(key)
        while len(self._entries) > self._size:
            self._entries.popitem(last=False)
