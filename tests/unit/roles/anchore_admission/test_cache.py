# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value is made once however many want it, is old at most so long, and nobody waits longer than he can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bulkhead_admission.cache import Cache, Made, Overloaded, TooLate


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def making(*values: Made[str]) -> tuple[Callable[[], Awaitable[Made[str]]], list[int]]:
    """What makes these one after the other, the last for ever, and how often it did."""
    left, calls = list(values), []

    async def make() -> Made[str]:
        calls.append(1)
        await asyncio.sleep(0)
        return left.pop(0) if len(left) > 1 else left[0]

    return make, calls


def run(work: Callable[[Cache[str, str], Clock], Awaitable[Any]], **options: int) -> Any:
    clock = Clock()
    return asyncio.run(_run(work(Cache(options.pop("size", 10), clock=clock, **options), clock)))


async def _run(work: Awaitable[Any]) -> Any:
    return await work


def test_many_who_want_it_at_once_have_it_made_once() -> None:
    make, calls = making(Made("v", 10))

    async def work(cache: Cache[str, str], _clock: Clock) -> Any:
        return await asyncio.gather(*(cache.get("k", make, 1e9) for _each in range(50)))

    assert set(run(work)) == {("v", "made")}
    assert len(calls) == 1


def test_an_old_value_is_answered_while_a_new_one_is_made_and_then_no_longer() -> None:
    make, calls = making(Made("1", 10, 5), Made("2", 10, 5))

    async def work(cache: Cache[str, str], clock: Clock) -> Any:
        found = [await cache.get("k", make, 1e9)]
        for clock.now in (9, 11, 12, 40):
            found.append(await cache.get("k", make, 1e9))
            await asyncio.sleep(0.01)
        return found

    assert run(work) == [("1", "made"), ("1", "fresh"), ("1", "stale"), ("2", "fresh"), ("2", "made")]
    assert len(calls) == 3


def test_a_failure_does_not_take_the_place_of_what_may_still_be_answered() -> None:
    make, _calls = making(Made("good", 10, 20), Made("bad", 2, failed=True))

    async def work(cache: Cache[str, str], clock: Clock) -> Any:
        found = []
        for clock.now in (0, 12, 13, 31):
            found.append((await cache.get("k", make, 1e9))[0])
            await asyncio.sleep(0.01)
        return found

    assert run(work) == ["good", "good", "good", "bad"]


def test_whoever_cannot_wait_goes_and_the_next_finds_it() -> None:
    async def slow() -> Made[str]:
        await asyncio.sleep(0.05)
        return Made("v", 10)

    async def work(cache: Cache[str, str], clock: Clock) -> Any:
        with pytest.raises(TooLate):
            await cache.get("k", slow, clock.now + 0.001)
        await asyncio.sleep(0.1)
        return await cache.get("k", slow, clock.now + 0.001)

    assert run(work) == ("v", "fresh")


def test_it_is_bounded_in_entries_and_in_flights() -> None:
    make, _calls = making(Made("v", 10))

    async def work(cache: Cache[str, str], _clock: Clock) -> Any:
        for key in "abcd":
            await cache.get(key, make, 1e9)
        first = asyncio.ensure_future(cache.get("x", make, 1e9))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await cache.get("y", make, 1e9)
        await first
        return len(cache)

    assert run(work, size=2, in_flight=1) == 2


def test_an_error_of_the_maker_is_kept_by_nobody() -> None:
    async def broken() -> Made[str]:
        raise ValueError

    make, _calls = making(Made("v", 10))

    async def work(cache: Cache[str, str], _clock: Clock) -> Any:
        with pytest.raises(ValueError):  # noqa: PT011
            await cache.get("k", broken, 1e9)
        return await cache.get("k", make, 1e9)

    assert run(work) == ("v", "made")
