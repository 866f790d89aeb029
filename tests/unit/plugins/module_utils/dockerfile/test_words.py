# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables, quotes and escapes in the words of a Dockerfile."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.words import expand, unquote

_VALUES = {"A": "1", "EMPTY": "", "GONE": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$A", "1"),
        ("${A}b", "1b"),
        ("$AB", "$AB"),
        ("\\$A", "$A"),
        ("'$A'", "$A"),
        ('"$A \\" \\n"', '1 " \\n'),
        ("${X:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${A:+d}", "d"),
        ("${X:+d}", ""),
        ("${X:-${A}${Y:-2}}", "12"),
        ("${A:?must}", "1"),
        ("$", "$"),
        ("$$A", "A"),
        ("a$", "a$"),
        ("${X:-'a b'}", "a b"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert expand(text, _VALUES).text == value


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("$GONE", ["GONE"]),
        ("${X}", ["X"]),
        ("${A#1}", ["A"]),
        ("${X:?must}", ["X"]),
        ("${X:-$Y}", ["Y"]),
        ("${A", ["A"]),
        ("$A", []),
    ],
)
def test_what_nobody_tells_is_unknown_and_stays_as_it_is(text: str, unknown: list[str]) -> None:
    told = expand(text, _VALUES)
    assert told.unknown == unknown
    assert not unknown or "$" in told.text


def test_another_escape_character() -> None:
    assert expand("C:\\a`$A", _VALUES, "`").text == "C:\\a$A"
    assert unquote("C:\\a\\$A") == "C:a$A"
    assert unquote("'$A'\"$A\"") == "$A$A"


def test_nesting_has_an_end() -> None:
    assert expand("${A:-" * 5000, {}).text == ""


@given(st.text(st.sampled_from("${}AB:-+?'\"\\ "), max_size=60))
def test_any_text_comes_to_an_end(text: str) -> None:
    expand(text, {"A": "x"})
    unquote(text)
