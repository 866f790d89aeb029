# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of others, fit to be shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports import foreign

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANYTHING)
def test_whatever_it_is_it_becomes_what_is_asked_for(value: Any) -> None:
    shown = foreign.text(value, 20)
    assert len(shown) <= 20
    assert all(character == " " or not character.isspace() for character in shown)
    shown.encode("utf-8")
    assert isinstance(foreign.mapping(value), dict)
    assert isinstance(foreign.rows(value), list)
    assert all(foreign.texts(value))
    number = foreign.number(value)
    assert number is None or abs(number) < 1e300


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\x1b[2J\r\nb", "a [2J b"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\ud800", ""),
        ("  a  ", "a"),
        ("0\xa00\u30001", "0 0 1"),
        (7, "7"),
        (True, ""),
        (None, ""),
        ("x" * 30, "x" * 19 + "…"),
    ],
)
def test_texts_are_in_one_line_and_move_nothing(value: Any, shown: str) -> None:
    assert foreign.text(value, 20) == shown


@pytest.mark.parametrize(
    ("value", "number"),
    [("7.5", 7.5), (7, 7.0), ("nan", None), ("inf", None), (True, None), ("x", None), (10**400, None)],
)
def test_numbers_are_finite(value: Any, number: float | None) -> None:
    assert foreign.number(value) == number
