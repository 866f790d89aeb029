# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One at a time: who counts before acting must not be overtaken by another who counts the same."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


@contextlib.asynccontextmanager
async def turn(of: str) -> AsyncIterator[None]:
    """Wait for all others with the same text, over all rules of this runner. Empty: nobody is waited for."""
    if not of:
        yield
        return
    lock = _turns.setdefault(of, asyncio.Lock())
    async with lock:
        yield
