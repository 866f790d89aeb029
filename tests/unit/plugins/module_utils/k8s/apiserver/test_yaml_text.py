# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Edits of YAML that leave the rest alone."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.yaml_text import (
    YamlProblem,
    apply_edits,
    key_added,
    key_removed,
    key_replaced,
    load_mapping,
    root_of,
    sequence_edits,
    value_of,
)

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)


def edited(text: str, key: str, replaced: dict[int, str], removed: set[int], appended: list[Any]) -> str:
    node = value_of(root_of(text), key)
    assert isinstance(node, yaml.SequenceNode)
    return apply_edits(text, sequence_edits(text, node, replaced, removed, appended))


@pytest.mark.parametrize(
    "text",
    [
        "# head\nitems:\n- a\n# about b\n- b   # tail\n- c\nlast: 1\n",
        "items:\n    - a\n    - b\n\n    - c",
        "items: [a, b, c]\nlast: 1\n",
        '{"items": ["a", "b", "c"]}',
        "items:\n- 'a'\n- \"b\"\n- c # end",
    ],
)
def test_items_are_replaced_removed_and_added_in_every_style(text: str) -> None:
    after = edited(text, "items", {0: "x: y"}, {1}, ["new", {"k": [1]}])
    assert yaml.safe_load(after)["items"] == ["x: y", "c", "new", {"k": [1]}]
    for comment in ("# head", "# about b", "# end"):
        assert (comment in text) == (comment in after)


@given(st.lists(WORDS, min_size=1, max_size=6), st.data(), st.booleans())
def test_any_words_survive_any_edit(words: list[str], data: st.DataObject, flow: bool) -> None:
    text = yaml.safe_dump({"before": 1, "items": words, "after": {"a": None}}, default_flow_style=flow, sort_keys=False)
    at = data.draw(st.sampled_from(range(len(words))))
    new = data.draw(st.lists(WORDS, max_size=3))
    after = yaml.safe_load(edited(text, "items", {at: "--x=" + words[at]}, set(), list(new)))
    expected = [*words, *new]
    expected[at] = "--x=" + words[at]
    assert after == {"before": 1, "items": expected, "after": {"a": None}}


@pytest.mark.parametrize("text", ["a: 1\nb:\n  c: 2 # two\n# end\n", '{"a": 1, "b": {"c": 2}}'])
def test_keys_are_added_and_replaced(text: str) -> None:
    node = value_of(root_of(text), "b")
    assert isinstance(node, yaml.MappingNode)
    assert yaml.safe_load(apply_edits(text, [key_added(text, node, "d", {"e": [3]})]))["b"] == {"c": 2, "d": {"e": [3]}}
    assert yaml.safe_load(apply_edits(text, key_replaced(text, node, "c", [4])))["b"] == {"c": [4]}


def test_a_key_is_removed_with_its_lines_alone() -> None:
    text = "a: 1\nb:\n  c:\n    d: 2\n# end\n"
    root = root_of(text)
    assert isinstance(root, yaml.MappingNode)
    edit = key_removed(text, root, "b")
    assert edit is not None
    assert apply_edits(text, [edit]) == "a: 1\n# end\n"
    assert key_removed(text, root, "z") is None


@pytest.mark.parametrize(
    ("text", "said"), [("a: [", "f:2:1"), ("- a", "must hold a mapping"), ("a: 1\n---\nb: 2\n", "not YAML")]
)
def test_what_is_no_mapping_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(YamlProblem, match=said):
        load_mapping(text + "\n", "f")
