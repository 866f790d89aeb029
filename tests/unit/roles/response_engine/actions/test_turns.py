# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns are waited for over all rules; nobody waits without need."""

from __future__ import annotations

import asyncio

from bulkhead_response.actions.turns import turn


def _most_at_once(names: list[str]) -> int:
    inside, most = 0, 0

    async def one(name: str) -> None:
        nonlocal inside, most
        async with turn(name):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def play() -> None:
        await asyncio.gather(*map(one, names))

    asyncio.run(play())
    return most


def test_one_at_a_time() -> None:
    assert _most_at_once(["a"] * 5) == 1


def test_others_do_not_wait() -> None:
    assert _most_at_once(["a", "b", "c"]) == 3
    assert _most_at_once([""] * 4) == 4
