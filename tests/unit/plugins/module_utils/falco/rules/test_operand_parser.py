# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields, transformers, values and lists in conditions."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Check,
    Field,
    Transformer,
    Value,
    ValueList,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import GRAMMARS
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import ConditionParser


def check(text: str, version: str = "0.43") -> Check:
    tree = ConditionParser(text, GRAMMARS[version]).parse()
    assert isinstance(tree, Check)
    return tree


@pytest.mark.parametrize(
    ("text", "name", "arg"),
    [
        ("proc.aname[2] exists", "proc.aname", "2"),
        ("proc.env[HOME] exists", "proc.env", "HOME"),
        ("container.mount[/usr/local/*] exists", "container.mount", "/usr/local/*"),
        ("json.value['a b'] exists", "json.value", "a b"),
        ('ka.uri.param["x"] exists', "ka.uri.param", "x"),
        ("proc.name[''] exists", "proc.name", None),
    ],
)
def test_fields_have_arguments(text: str, name: str, arg: str | None) -> None:
    left = check(text).left
    assert isinstance(left, Field)
    assert (left.name, left.arg) == (name, arg)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("proc.name in ()", []),
        ("proc.name in( a , 'b c' ,\n\"d\" )", ["a", "b c", "d"]),
        ("proc.name intersects (/a/b, c.d)", ["/a/b", "c.d"]),
        ("proc.name pmatch (/a)", ["/a"]),
    ],
)
def test_lists_hold_values(text: str, values: list[str]) -> None:
    right = check(text).right
    assert isinstance(right, ValueList)
    assert [value.text for value in right.values] == values


def test_every_value_of_a_list_knows_its_place() -> None:
    text = "proc.name in (a, 'b c', d)"
    right = check(text).right
    assert isinstance(right, ValueList)
    assert [text[value.at] for value in right.values] == ["a", "'", "d"]


@pytest.mark.parametrize("number", ["0", "-1", "+5", "0x1F", "1.5", "1.", "1e+3"])
def test_numbers(number: str) -> None:
    right = check(f"proc.pid > {number}").right
    assert right == Value(number, 11)


def test_transformers_nest_and_stand_on_both_sides() -> None:
    found = check("tolower( toupper(proc.name) ) = val(proc.pname)")
    assert isinstance(found.left, Transformer)
    assert isinstance(found.left.args[0], Transformer)
    assert found.right == Transformer("val", (Field("proc.pname", None, 36),), 32)


@pytest.mark.parametrize("text", ['join("-", (fd.name, 1)) = a', "concat(proc.name, 'x') = a", "join('', ()) = a"])
def test_transformers_of_several_arguments_came_with_044(text: str) -> None:
    check(text, "0.44")
    with pytest.raises(RulesError):
        check(text, "0.43")


def test_a_list_in_a_list_is_none() -> None:
    with pytest.raises(RulesError, match="expected a field"):
        check("join('-', ((fd.name))) = a", "0.44")
