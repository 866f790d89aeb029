# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many requests at the same time: an API server answers them side by side, and each costs mostly waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
# More than these only queue in Python's own lock: a request costs half a millisecond of it.
WORKERS = 8


def in_parallel(function: Callable[[Item], Result], items: Iterable[Item], workers: int = WORKERS) -> list[Result]:
    """The results in the order of the items. The first exception is raised, after what was begun has ended.

    A function that must not stop the others returns its exception instead of raising it.
    """
    every = list(items)
    if len(every) < 2:
        return [function(item) for item in every]
    with ThreadPoolExecutor(max_workers=min(workers, len(every))) as pool:
        return list(pool.map(function, every))
