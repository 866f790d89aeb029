# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of conditions: what belongs together, and what Falco does not take."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    And,
    Check,
    Field,
    Macro,
    Node,
    Not,
    Or,
    Value,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import GRAMMARS
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import ConditionParser


def parse(text: str, version: str = "0.43") -> Node:
    return ConditionParser(text, GRAMMARS[version]).parse()


def shape(node: Node) -> str:
    """The tree as text, with every pair of parentheses."""
    if isinstance(node, Macro):
        return node.name
    if isinstance(node, Not):
        return f"!{shape(node.child)}"
    if isinstance(node, Check):
        assert isinstance(node.left, Field)
        return f"{node.left.name}{node.op}"
    return "(" + (" & " if isinstance(node, And) else " | ").join(shape(child) for child in node.children) + ")"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", "a"),
        ("a and b or c", "((a & b) | c)"),
        ("a or b and c", "(a | (b & c))"),
        ("a or b or c", "(a | b | c)"),
        ("(a or b)and(c)", "((a | b) & c)"),
        ("not a and b", "(!a & b)"),
        ("not not a", "a"),
        ("not not not a", "!a"),
        ("not(a or b)", "!(a | b)"),
        ("not (not a)", "!!a"),
        ("  a\n and\tb ", "(a & b)"),
        ("proc.name exists and b", "(proc.nameexists & b)"),
        ("proc.name in (a, b) or c", "(proc.namein | c)"),
        ("notable", "notable"),
    ],
)
def test_operators_bind_as_in_falco(text: str, expected: str) -> None:
    assert shape(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "offset", "reason"),
    [
        ("", 0, "empty"),
        ("a and", 5, "blank or"),
        ("a andb", 5, "blank or"),
        ("a orb", 4, "blank or"),
        ("a b", 2, "expected 'and', 'or'"),
        ("(a", 2, "expected a '\\)'"),
        ("a)", 1, "expected 'and', 'or'"),
        ("proc.name", 9, "expected an operator"),
        ("proc.name equals a", 10, "expected an operator"),
        ("proc.name =", 11, "expected a value"),
        ("proc.name = 'a", 12, "expected a value"),
        ("proc.pid > x", 11, "expected a number"),
        ("proc.name in a, b", 14, "expected 'and'"),
        ("proc.name in (a b)", 16, "expected ','"),
        ("proc.name in (a,)", 16, "expected a value"),
        ("proc.name contains'a'", 10, "expected an operator"),
        ("proc.aname[", 11, "argument"),
        ("proc.aname[2 = a", 12, "expected a '\\]'"),
        ("and a", 4, "expected 'and'"),
        ("= a", 0, "expected a field"),
        ("val(proc.name) = a", 3, "expected 'and'"),
        ("tolower(proc.name = a", 18, "ends tolower"),
        ("proc.name = val(tolower(proc.name))", 16, "field in val"),
    ],
)
def test_what_is_no_condition_is_refused_where_it_goes_wrong(text: str, offset: int, reason: str) -> None:
    with pytest.raises(RulesError, match=reason) as refused:
        parse(text)
    assert refused.value.offset == offset


def test_an_operator_that_is_misspelt_is_suggested() -> None:
    with pytest.raises(RulesError) as refused:
        parse("proc.name startwith a")
    assert refused.value.suggestion == "did you mean startswith?"


def test_nesting_has_an_end_before_pythons() -> None:
    parse("(" * 99 + "a" + ")" * 99)
    with pytest.raises(RulesError, match="more than 100"):
        parse("(" * 5000 + "a" + ")" * 5000)


@pytest.mark.parametrize(
    "text", ["proc.name startswith oneof (a, b)", "proc.name == anyof (a)", "fd.name contains allof names"]
)
def test_modifiers_of_operators_came_with_044(text: str) -> None:
    parse(text, "0.44")
    with pytest.raises(RulesError):
        parse(text, "0.43")


def test_a_word_like_a_modifier_is_a_value_where_no_list_follows() -> None:
    tree = parse("proc.name = oneof and a", "0.44")
    assert isinstance(tree, And)
    first = tree.children[0]
    assert isinstance(first, Check)
    assert isinstance(first.right, Value)
    assert first.right.text == "oneof"


def test_a_left_side_alone_is_a_field_or_transformer() -> None:
    assert ConditionParser("tolower(proc.name)", GRAMMARS["0.43"]).parse_left_side()
    for text in ("proc", "proc.name = a", "proc.name "):
        with pytest.raises(RulesError):
            ConditionParser(text, GRAMMARS["0.43"]).parse_left_side()


def test_or_is_made_of_two_or_more() -> None:
    assert isinstance(parse("a or b"), Or)
