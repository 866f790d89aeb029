# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators and transformers by the type of a field."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.comparability import (
    check_operator,
    check_right_side,
    describe,
    transformed,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import FieldType
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import OPERATORS

_TEXT = {"=", "==", "!=", "<", "<=", ">", ">=", "contains", "icontains", "startswith", "endswith"}
_TEXT |= {"glob", "iglob", "regex", "in", "intersects", "pmatch", "exists"}
_NUMBER = {"=", "==", "!=", "<", "<=", ">", ">=", "in", "intersects", "exists"}
_EQUAL = {"=", "==", "!=", "in", "intersects", "exists"}
_BUFFER = _EQUAL | {"contains", "startswith", "endswith", "bcontains", "bstartswith"}


def field(kind: str, flags: str = "") -> FieldType:
    return FieldType("x.y", kind, flags)


@pytest.mark.parametrize(
    ("kind", "flags", "taken"),
    [
        ("CHARBUF", "", _TEXT),
        ("FSPATH", "", _TEXT),
        ("INT64", "", _NUMBER),
        ("PORT", "", _NUMBER),
        ("ABSTIME", "", _NUMBER),
        ("DOUBLE", "", _NUMBER),
        ("BOOL", "", _EQUAL),
        ("IPADDR", "", _EQUAL),
        ("IPNET", "", _EQUAL),
        ("BYTEBUF", "", _BUFFER),
        ("CHARBUF", "l", {"in", "intersects", "exists"}),
        ("SOCKADDR", "", {"exists"}),
    ],
)
def test_each_type_takes_its_operators_and_no_others(kind: str, flags: str, taken: set[str]) -> None:
    for operator in OPERATORS:
        if operator in taken:
            check_operator(field(kind, flags), operator)
        else:
            with pytest.raises(RulesError, match="does not compare"):
                check_operator(field(kind, flags), operator)


def test_a_modifier_does_not_change_what_an_operator_takes() -> None:
    check_operator(field("CHARBUF"), "startswith oneof")
    with pytest.raises(RulesError):
        check_operator(field("INT64"), "startswith oneof")


@pytest.mark.parametrize(
    ("transformer", "kind", "flags", "becomes"),
    [
        ("tolower", "CHARBUF", "", "CHARBUF"),
        ("toupper", "FSPATH", "", "FSPATH"),
        ("basename", "CHARBUF", "", "CHARBUF"),
        ("b64", "BYTEBUF", "", "BYTEBUF"),
        ("len", "CHARBUF", "", "UINT64"),
        ("len", "UINT64", "l", "UINT64"),
        ("val", "INT64", "", "INT64"),
    ],
)
def test_transformers_make_a_type(transformer: str, kind: str, flags: str, becomes: str) -> None:
    made = transformed(field(kind, flags), transformer)
    assert made.type == becomes
    assert not (transformer == "len" and made.is_list)


@pytest.mark.parametrize(
    ("transformer", "kind", "flags"),
    [
        ("tolower", "INT64", ""),
        ("b64", "FSPATH", ""),
        ("len", "INT64", ""),
        ("basename", "BYTEBUF", ""),
        ("tolower", "CHARBUF", "t"),
    ],
)
def test_transformers_refuse_other_types(transformer: str, kind: str, flags: str) -> None:
    with pytest.raises(RulesError):
        transformed(field(kind, flags), transformer)


@pytest.mark.parametrize(
    ("op", "left", "right"),
    [
        ("regex", field("CHARBUF"), field("CHARBUF")),
        ("pmatch", field("CHARBUF"), field("CHARBUF")),
        ("=", field("CHARBUF", "r"), field("CHARBUF")),
        ("=", field("CHARBUF"), field("CHARBUF", "r")),
        ("=", field("IPNET"), field("IPNET")),
        ("=", field("CHARBUF"), field("INT64")),
        ("in", field("CHARBUF", "l"), field("CHARBUF")),
    ],
)
def test_fields_that_cannot_be_compared(op: str, left: FieldType, right: FieldType) -> None:
    with pytest.raises(RulesError):
        check_right_side(left, op, right)


def test_fields_of_one_type_can_be_compared() -> None:
    check_right_side(field("CHARBUF"), "=", field("CHARBUF"))


def test_types_have_words() -> None:
    assert describe(field("INT64")) == "a number"
    assert describe(field("CHARBUF", "l")) == "a list (CHARBUF)"
    assert describe(field("SIGSET")) == "of type SIGSET"
