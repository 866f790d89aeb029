# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times as the sources write them."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline import moment

BASE = int(datetime(2026, 1, 31, 12, 0, 1, tzinfo=timezone.utc).timestamp()) * moment.SECOND


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("2026-01-31T12:00:01Z", 0),
        ("2026-01-31T12:00:01", 0),
        ("2026-01-31 12:00:01.5z", 500_000_000),
        ("2026-01-31T12:00:01.123456789Z", 123_456_789),
        ("2026-01-31T12:00:01.1234567891Z", 123_456_789),
        ("2026-01-31T14:30:01+02:30", 0),
        ("2026-01-31T10:00:01.25-0200", 250_000_000),
    ],
)
def test_rfc_3339(text: str, nanoseconds: int) -> None:
    assert moment.parse(text) == BASE + nanoseconds


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", None, 7, "2026-01-31T12:00:01Zx"]
)
def test_what_is_none(text: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        moment.parse(text)


@given(st.integers(0, 253_402_300_799 * 10**6))
def test_what_is_written_is_read_again(microseconds: int) -> None:
    assert moment.parse(moment.text(microseconds * 1000)) == microseconds * 1000


@pytest.mark.parametrize("nanoseconds", [-1, 10**30])
def test_what_no_calendar_has(nanoseconds: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        moment.checked(nanoseconds)
