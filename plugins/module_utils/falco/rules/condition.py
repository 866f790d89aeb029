# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A condition as a tree. `at` is always the offset in the text that was parsed."""

from __future__ import annotations

from typing import NamedTuple, Union


class Field(NamedTuple):
    """A field, such as proc.aname[2]."""

    name: str
    arg: str | None
    at: int


class Transformer(NamedTuple):
    """A transformer, such as tolower(proc.name); `val` only at the right side."""

    name: str
    args: tuple[Operand, ...]
    at: int


class Value(NamedTuple):
    """A text or number, without its quotes."""

    text: str
    at: int


class ValueList(NamedTuple):
    """Values in parentheses."""

    values: tuple[Value, ...]
    at: int


class Check(NamedTuple):
    """A comparison. `right` is None with the operator `exists`."""

    left: Field | Transformer
    op: str
    right: Value | ValueList | Transformer | None
    at: int


class Macro(NamedTuple):
    """The name of a macro."""

    name: str
    at: int


class Not(NamedTuple):
    """A negation."""

    child: Node
    at: int


class And(NamedTuple):
    """All of them."""

    children: tuple[Node, ...]
    at: int


class Or(NamedTuple):
    """One of them."""

    children: tuple[Node, ...]
    at: int


Operand = Union[Field, Transformer, Value, ValueList]
Node = Union[And, Or, Not, Check, Macro]
