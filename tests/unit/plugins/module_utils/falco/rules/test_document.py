# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as nodes that know their places."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import (
    Document,
    Node,
    flag,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError


def items(text: str) -> list[Node]:
    return list(Document("rules.yaml", text).items())


@pytest.mark.parametrize("text", ["", "# nothing", "---\n", "- \n- ~\n", "---\n---\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert items(text) == []


def test_a_file_may_hold_several_documents() -> None:
    assert [item.entries()["list"].text for item in items("- list: a\n---\n- list: b\n")] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("- list: [a", "rules.yaml:2:1", "not YAML"),
        ("\t- a", "rules.yaml:1:1", "not YAML"),
        ("- a: b\n  c: d: e\n", "rules.yaml:2:7", "mapping values are not allowed"),
        ("- list: \x00", "rules.yaml:1:1", "not YAML"),
        ("rule: a", "rules.yaml:1:1", "is a list of items"),
        ("text", "rules.yaml:1:1", "is a list of items"),
        ("- " + "[" * 900, "rules.yaml:1:52", "more than 50 levels"),
    ],
)
def test_what_is_no_rules_file_is_told_with_its_place(text: str, place: str, says: str) -> None:
    with pytest.raises(RulesError, match=says) as refused:
        items(text)
    # Where a file ends in the middle of something, libyaml's versions point at different lines.
    assert str(refused.value.place).startswith(place.rsplit(":", 2)[0])
    if "[a" not in text:
        assert str(refused.value.place) == place


_FORMS = {
    "plain": "- condition: evt.type = open\n    and  proc.name = x\n",
    "folded": "- condition: >\n    evt.type = open\n    and proc.name = x\n\n    or c\n",
    "folded, kept": "- condition: >-   # why\n    evt.type = open\n      and proc.name = x\n",
    "literal": "- condition: |\n    evt.type = open\n      and proc.name = x\n",
    "double": '- condition: "evt.type = open\n    and proc.name = x"\n',
    "single": "- condition: 'evt.type = open\n    and proc.name = x'\n",
}


@pytest.mark.parametrize("form", _FORMS)
def test_each_character_of_a_condition_has_its_place(form: str) -> None:
    text = _FORMS[form]
    node = items(text)[0].entries()["condition"]
    lines = text.split("\n")
    for offset, character in enumerate(node.text):
        place = node.place_of(offset)
        if not character.isspace():
            assert lines[place.line - 1][place.column - 1] == character


@settings(deadline=None)
@given(st.lists(st.sampled_from(["evt.type", "=", "open", "and", "(", ")", "\n", "  "]), min_size=1, max_size=20))
def test_places_are_right_in_any_folded_text(words: list[str]) -> None:
    body = " ".join(words).replace("\n", "\n    ")
    text = f"- condition: >\n    x {body}\n"
    node, lines = items(text)[0].entries()["condition"], text.split("\n")
    for offset, character in enumerate(node.text):
        if not character.isspace():
            place = node.place_of(offset)
            assert lines[place.line - 1][place.column - 1] == character


def test_a_text_with_escapes_has_the_place_of_its_beginning() -> None:
    node = items('- condition: "a\\tb = \\"c\\""\n')[0].entries()["condition"]
    assert str(node.place_of(4)) == "rules.yaml:1:14"


@pytest.mark.parametrize("word", ["true", "True", "yes", "on", "Y"])
def test_words_that_are_true(word: str) -> None:
    assert flag(items(f"- enabled: {word}")[0].entries(), "enabled", False)


@pytest.mark.parametrize("word", ["1", "maybe", "tRue", "[]", "", "''"])
def test_words_that_are_neither_true_nor_false(word: str) -> None:
    with pytest.raises(RulesError):
        flag(items(f"- enabled: {word}")[0].entries(), "enabled", False)


def test_of_a_key_that_stands_twice_falco_takes_the_first() -> None:
    assert items("- list: a\n  list: b\n")[0].entries()["list"].text == "a"


def test_a_key_that_is_no_text_has_no_name() -> None:
    assert list(items("- ? [a]\n  : b\n")[0].entries()) == [""]
