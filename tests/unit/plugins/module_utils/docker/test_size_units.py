# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes are read as the docker command reads them, and shown so that they can be read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.size_units import (
    format_size,
    parse_size,
)


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("512m", 536870912),
        ("512M", 536870912),
        ("512 MiB", 536870912),
        ("1.5g", 1610612736),
        ("1024", 1024),
        (2048, 2048),
        ("1kb", 1024),
        ("7b", 7),
        ("unlimited", None),
        (-1, None),
        ("0", None),
    ],
)
def test_what_people_write(written: str | int, size: int | None) -> None:
    assert parse_size(written) == size


@pytest.mark.parametrize("written", ["", "lots", "-2", "1.5.5m", "m", "5 q", "1e6", "0x10", "٣m٣"])
def test_what_is_no_size(written: str) -> None:
    with pytest.raises(DockerError, match="is not a size"):
        parse_size(written)


@pytest.mark.parametrize("written", ["99999999999p", "9" * 400 + "p", 2**60])
def test_what_no_machine_has(written: str | int) -> None:
    with pytest.raises(DockerError, match="is more than any machine has: write unlimited"):
        parse_size(written)


@given(st.integers(min_value=1, max_value=2**50))
def test_what_is_shown_can_be_read(size: int) -> None:
    assert parse_size(format_size(size)) == size


def test_the_largest_unit_is_shown() -> None:
    assert [format_size(size) for size in (1536, 2048, 1024**3, None)] == ["1536", "2k", "1g", "unlimited"]
