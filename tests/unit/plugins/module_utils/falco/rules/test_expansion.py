# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists in conditions, as Falco puts them there."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Document
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import (
    ConditionText,
    Part,
    quoted,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError


def condition(text: str) -> ConditionText:
    item = next(Document("rules.yaml", f"- condition: {text}\n").items())
    node = item.entries()["condition"]
    return ConditionText([Part(node.text, node)])


def expanded(text: str, **lists: list[str]) -> str:
    return " ".join(condition(text).expanded(lists, set()).split())


@pytest.mark.parametrize(
    ("text", "lists", "expected"),
    [
        ("a in (l)", {"l": ["x", "y z"]}, 'a in ( x, "y z" )'),
        ("a in (l, b)", {"l": []}, "a in ( b)"),
        ("a in (b, l)", {"l": []}, "a in (b )"),
        ("a in (l)", {"l": []}, "a in ( )"),
        ("a in (ll, l_, l)", {"l": ["x"]}, "a in (ll, l_, x )"),
        ("a = l and l", {"l": ["x"]}, "a = x and x"),
        ("a in (l)", {"l": ["m"], "m": ["x"]}, "a in ( x )"),
        ("a in (m)", {"l": ["x"], "m": ["l"]}, "a in ( l )"),
        ("a contains x.l", {"l": ["x"]}, "a contains x.l"),
        ("a in (l,l)", {"l": ["'q r'"]}, "a in ( 'q r' , 'q r' )"),
    ],
)
def test_lists_are_replaced_in_the_text(text: str, lists: dict[str, list[str]], expected: str) -> None:
    assert expanded(text, **lists) == expected


def test_it_tells_which_lists_were_used() -> None:
    used: set[str] = set()
    condition("a in (l) and ll").expanded({"l": ["x"], "ll": ["y"], "lll": ["z"]}, used)
    assert used == {"l", "ll"}


def test_lists_that_fill_each_other_are_stopped() -> None:
    lists = {f"l{number}": [f"l{number + 1}"] * 10 for number in range(9)}
    with pytest.raises(RulesError, match="far too large"):
        condition("a in (l0)").expanded(lists, set())


def test_a_long_list_is_none_of_those() -> None:
    text = condition("fd.sip in (l)").expanded({"l": ["192.168.100.200"] * 100_000}, set())
    assert len(text) > 1_000_000


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "l", "m", "=", "(", ")", ",", "  "]), min_size=1, max_size=12))
def test_what_stands_in_the_condition_itself_is_found_again(words: list[str]) -> None:
    text = condition("x " + " ".join(words).strip() + " zzz")
    lists = {"l": ["one", "two words"], "m": []}
    offset = text.expanded(lists, set()).index("zzz")
    assert text.expanded_place(lists, offset).column == 14 + text.text.index("zzz")


def test_what_a_list_brought_has_the_place_of_its_name() -> None:
    text = condition("a in (l)")
    lists = {"l": ["one", "two"]}
    assert text.expanded_place(lists, text.expanded(lists, set()).index("two")).column == 14 + 6


def test_a_condition_knows_its_parts() -> None:
    first, second = condition("a and b"), condition("or c")
    both = first.followed_by(second)
    assert both.text == "a and b or c"
    assert both.place(11).column == 14 + 3
    assert both.place(99).column >= 14


def test_items_with_blanks_are_quoted() -> None:
    assert [quoted(item) for item in ("a", "a b", "'a b'", '"a b"')] == ["a", '"a b"', "'a b'", '"a b"']
