# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows and allowances, by a clock of the test."""

from __future__ import annotations

import pytest

from bulkhead_response.windows import Allowance, Windows


class _Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


def test_a_window_belongs_to_the_first_until_it_closes(clock: _Clock) -> None:
    windows = Windows(clock)
    assert [windows.claim("k", owner, 60) for owner in ("a", "b", "a")] == ["a", "a", "a"]
    clock.now += 59.9
    assert windows.claim("k", "b", 60) == "a"
    clock.now += 0.2
    assert windows.claim("k", "b", 60) == "b"


def test_a_window_that_is_released_is_open_to_the_next(clock: _Clock) -> None:
    windows = Windows(clock)
    windows.claim("k", "a", 60)
    windows.release("k", "b")
    assert windows.owner("k") == "a"
    windows.release("k", "a")
    assert windows.claim("k", "b", 60) == "b"


def test_a_window_is_counted_from_its_renewal(clock: _Clock) -> None:
    windows = Windows(clock)
    windows.claim("k", "a", 60)
    clock.now += 50
    windows.renew("k", "a", 60)
    clock.now += 50
    assert windows.owner("k") == "a"


def test_no_more_windows_are_held_than_are_allowed(clock: _Clock) -> None:
    windows = Windows(clock, most=10)
    for number in range(100):
        windows.claim(number, "a", 60)
    assert len(windows) == 10
    clock.now += 61
    windows.claim("k", "a", 60)
    assert len(windows) == 1


def test_a_wall_clock_that_jumps_is_nothing_to_it(clock: _Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    windows, allowance = Windows(clock), Allowance(1, clock)
    windows.claim("k", "a", 60)
    allowance.take()
    for jump in (0.0, 4e9, -4e9):
        monkeypatch.setattr("time.time", lambda jump=jump: jump)
        assert windows.owner("k") == "a"
        assert not allowance.has()


def test_an_allowance_is_used_up_and_comes_back(clock: _Clock) -> None:
    allowance = Allowance(2, clock)
    for _each in range(2):
        assert allowance.has()
        allowance.take()
    assert not allowance.has()
    clock.now += 30
    assert allowance.has()
    allowance.take()
    assert not allowance.has()
    clock.now += 3600
    for _each in range(2):
        assert allowance.has()
        allowance.take()
    assert not allowance.has()


def test_no_limit_is_no_limit(clock: _Clock) -> None:
    allowance = Allowance(0, clock)
    for _each in range(1000):
        allowance.take()
    assert allowance.has()
