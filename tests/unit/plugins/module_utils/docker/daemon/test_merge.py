# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merging keeps what is not named, and taking back finds the way through what others have changed since."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.merge import (
    changed_keys,
    merged,
    recorded,
    undone,
)

SCALARS = st.one_of(st.booleans(), st.integers(0, 3), st.sampled_from(["a", "b"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(SCALARS, max_size=3), st.dictionaries(st.sampled_from("xyz"), inner, max_size=3)),
    max_leaves=6,
)
FILES = st.dictionaries(st.sampled_from("klmn"), VALUES, max_size=4)


@pytest.mark.parametrize(
    ("data", "declared", "result"),
    [
        ({"a": 1, "b": 2}, {"a": 3}, {"a": 3, "b": 2}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 3, "z": 4}}, {"a": {"x": 1, "y": 3, "z": 4}}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": None}}, {"a": {"x": 1}}),
        ({"a": 1}, {"a": None, "b": None}, {}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": 1}, {"a": {"x": 1}}, {"a": {"x": 1}}),
        ({}, {"a": {"x": None}}, {"a": {}}),
    ],
)
def test_merging(data: dict[str, Any], declared: dict[str, Any], result: dict[str, Any]) -> None:
    assert merged(data, declared) == result


def test_order_stays_and_new_keys_come_last() -> None:
    assert list(merged({"z": 1, "a": 2}, {"m": 3, "a": 4})) == ["z", "a", "m"]


def test_lists_can_be_completed() -> None:
    assert merged({"a": [1, 2]}, {"a": [2, 3]}, append=True) == {"a": [1, 2, 3]}


def test_absent_keys_go() -> None:
    assert merged({"a": 1, "b": 2}, {}, absent=["a", "c"]) == {"b": 2}


@given(FILES, FILES)
def test_merging_twice_changes_nothing(data: dict[str, Any], declared: dict[str, Any]) -> None:
    once = merged(data, declared)
    assert merged(once, declared) == once
    assert changed_keys(once, once) == []


@given(FILES, FILES, FILES)
def test_what_was_there_comes_back(data: dict[str, Any], first: dict[str, Any], second: dict[str, Any]) -> None:
    after_first = merged(data, first)
    after_second = merged(after_first, second)
    record = recorded(recorded({}, data, after_first), after_first, after_second)
    assert undone(after_second, record, None) == (data, [])


def test_what_others_changed_stays() -> None:
    before = {"a": 1, "m": {"x": 1}, "l": ["theirs"]}
    after = merged(before, {"a": 2, "m": {"y": 2}, "l": ["ours"], "n": 5}, append=True)
    record = recorded({}, before, after)
    now = {"a": 3, "m": {"x": 1, "y": 2, "z": 3}, "l": ["theirs", "ours", "new"], "n": 5}
    result, foreign = undone(now, record, None)
    assert result == {"a": 3, "m": {"x": 1, "z": 3}, "l": ["theirs", "new"]}
    assert foreign == ["a"]


def test_taking_back_can_be_limited_to_some_keys() -> None:
    record = recorded({}, {}, {"a": 1, "b": 2})
    assert undone({"a": 1, "b": 2}, record, ["a", "c"]) == ({"b": 2}, [])


def test_a_key_that_others_took_away_or_put_back_is_theirs() -> None:
    record = recorded({}, {"a": 1, "b": 1}, {"a": 2})
    assert undone({"b": 3}, record, None) == ({"b": 3}, ["a", "b"])
