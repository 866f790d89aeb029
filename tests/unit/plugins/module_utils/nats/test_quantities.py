# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and sizes, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.quantities import (
    parse_duration,
    parse_size,
    show_duration,
    show_size,
)

_SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("written", "nanoseconds"),
    [
        ("0", 0),
        (0, 0),
        ("90s", 90 * _SECOND),
        ("1h30m", 5400 * _SECOND),
        ("7d", 604_800 * _SECOND),
        ("1.5s", 1_500_000_000),
        ("250ms", 250_000_000),
    ],
)
def test_durations_are_read_as_go_writes_them(written: str | int, nanoseconds: int) -> None:
    assert parse_duration(written, "x") == nanoseconds


@pytest.mark.parametrize("written", ["", "3 days", "30", "-1s", "s", "1x", "200000000000h"])
def test_what_is_no_duration_is_named(written: str) -> None:
    with pytest.raises(NatsError, match="stream X: max_age: "):
        parse_duration(written, "stream X: max_age")


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("-1", -1),
        (-1, -1),
        ("0", 0),
        ("1024", 1024),
        ("64KiB", 65536),
        ("1m", 2**20),
        ("10GiB", 10 * 2**30),
        ("1TB", 2**40),
    ],
)
def test_sizes_are_read(written: str | int, size: int) -> None:
    assert parse_size(written, "x") == size


@pytest.mark.parametrize("written", ["", "-2", "1.5GiB", "many", "99999999999TiB"])
def test_what_is_no_size_is_named(written: str) -> None:
    with pytest.raises(NatsError, match="x: "):
        parse_size(written, "x")


@given(st.integers(min_value=0, max_value=2**53))
def test_a_duration_that_is_shown_is_read_as_the_same(nanoseconds: int) -> None:
    assert parse_duration(show_duration(nanoseconds), "x") == nanoseconds


@given(st.integers(min_value=-1, max_value=2**60))
def test_a_size_that_is_shown_is_read_as_the_same(size: int) -> None:
    assert parse_size(show_size(size), "x") == size
