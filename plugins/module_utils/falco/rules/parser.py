# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of conditions: what Falco's engine accepts, and nothing else.

An `or` is made of `and`s, these of negated or plain checks. A check is a field or transformer with an operator and
what it is compared with, the name of a macro, or a condition in parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    And,
    Check,
    Field,
    Macro,
    Node,
    Not,
    Operand,
    Or,
    Transformer,
    Value,
    ValueList,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Grammar
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_CONDITION,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.lexer import (
    BARE,
    FIELD_ARGUMENT,
    FIELD_NAME,
    IDENTIFIER,
    NOT,
    NUMBER,
    Lexer,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean

NUMBER_OPERATORS = ("<=", "<", ">=", ">")
_SYMBOLS = ("==", "=", "!=")
_WORDS = (
    "glob",
    "iglob",
    "contains",
    "icontains",
    "bcontains",
    "startswith",
    "bstartswith",
    "endswith",
    "regex",
)
TEXT_OPERATORS = (*_SYMBOLS, *_WORDS)
LIST_OPERATORS = ("intersects", "in", "pmatch")
OPERATORS = ("exists", *NUMBER_OPERATORS, *TEXT_OPERATORS, *LIST_OPERATORS)
_LIST_FOLLOWS = re.compile(r"\(|(?!(?:and|or|not)(?![a-zA-Z0-9]))[a-zA-Z]")
# Deeper than anyone writes. Falco's limit is beyond it; Python's is met soon after, and says less.
_DEEPEST = 100


class ConditionParser:
    """Parses one condition. RulesError with the offset where it cannot go on."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self._grammar = grammar
        self._lexer = Lexer(text, hex_escapes=grammar.hex_escapes)
        self._depth = 0

    def parse(self) -> Node:
        """The tree of the whole text."""
        if not self._lexer.text:
            raise RulesError(COMPILE_CONDITION, "the condition is empty", offset=0)
        tree = self._or()
        if self._lexer.at != len(self._lexer.text):
            raise self._error("expected 'and', 'or' or the end of the condition")
        return tree

    def parse_left_side(self) -> Field | Transformer:
        """The field, perhaps in transformers, that is the whole text."""
        left = self._field() or self._transformer()
        if left is None or self._lexer.at != len(self._lexer.text):
            raise self._error("expected a field")
        return left

    def _error(self, message: str, suggestion: str = "") -> RulesError:
        rest = self._lexer.text[self._lexer.at :].split(None, 1)
        what = f"before {rest[0]!r}" if rest else "at the end"
        return RulesError(COMPILE_CONDITION, f"{message} {what}", offset=self._lexer.at, suggestion=suggestion)

    def _or(self) -> Node:
        return self._chain("or", self._and, Or)

    def _and(self) -> Node:
        return self._chain("and", self._not, And)

    def _chain(self, word: str, part: Callable[[], Node], kind: type[And] | type[Or]) -> Node:
        start, lexer = self._lexer.at, self._lexer
        lexer.blank()
        children = [part()]
        lexer.blank()
        while lexer.word(word):
            if lexer.blank():
                children.append(part())
            elif lexer.word("("):
                children.append(self._embedded())
            else:
                raise self._error(f"expected a blank or '(' after '{word}'")
            lexer.blank()
        return kind(tuple(children), start) if len(children) > 1 else children[0]

    def _not(self) -> Node:
        start, negated = self._lexer.at, False
        self._lexer.blank()
        while self._lexer.take(NOT):
            negated = not negated
        if self._lexer.word("not("):
            negated = not negated
            child = self._embedded()
        else:
            child = self._check()
        return Not(child, start) if negated else child

    def _embedded(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} parentheses in one another")
        tree = self._or()
        self._lexer.blank()
        if not self._lexer.word(")"):
            raise self._error("expected a ')'")
        self._depth -= 1
        return tree

    def _check(self) -> Node:
        lexer, start = self._lexer, self._lexer.at
        lexer.blank()
        if lexer.word("("):
            return self._embedded()
        left = self._field() or self._transformer()
        if left is not None:
            return self._comparison(left, start)
        name = lexer.take(IDENTIFIER)
        if name:
            return Macro(name, lexer.at - len(name))
        raise self._error("expected a field, a macro or '('")

    def _field(self) -> Field | None:
        start = self._lexer.at
        name = self._lexer.take(FIELD_NAME)
        return Field(name, self._argument(), start) if name else None

    def _argument(self) -> str | None:
        if not self._lexer.word("["):
            return None
        argument = self._lexer.quoted()
        if argument is None:
            argument = self._lexer.take(FIELD_ARGUMENT)
            if not argument:
                raise self._error("expected the argument of the field, quoted or bare")
        if not self._lexer.word("]"):
            raise self._error("expected a ']'")
        # Falco drops an argument that is empty.
        return argument or None

    def _transformer(self) -> Transformer | None:
        start = self._lexer.at
        for name in self._grammar.transformers:
            if self._lexer.word(name + "("):
                return Transformer(name, self._transformer_arguments(name), start)
        return None

    def _transformer_arguments(self, name: str) -> tuple[Operand, ...]:
        lexer = self._lexer
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"more than {_DEEPEST} transformers in one another")
        arguments = [self._transformer_argument(name)]
        lexer.blank()
        # Several arguments came with the transformers that need them.
        while "join" in self._grammar.transformers and lexer.word(","):
            arguments.append(self._transformer_argument(name))
            lexer.blank()
        if not lexer.word(")"):
            raise self._error(f"expected the ')' that ends {name}(")
        if "join" in self._grammar.transformers:
            self._argument()
        self._depth -= 1
        return tuple(arguments)

    def _transformer_argument(self, name: str, *, lists: bool = True) -> Operand:
        lexer = self._lexer
        lexer.blank()
        start = lexer.at
        if "join" in self._grammar.transformers:
            number = lexer.take(NUMBER)
            text = number or lexer.quoted()
            if text is not None:
                return Value(text, start)
            if lists and lexer.word("("):
                return self._transformer_list(name, start)
        found = self._transformer() or self._field()
        if found is None:
            raise self._error(f"expected a field or a transformer in {name}(")
        return found

    def _transformer_list(self, name: str, start: int) -> ValueList:
        self._lexer.blank()
        if self._lexer.word(")"):
            return ValueList((), start)
        self._transformer_argument(name, lists=False)
        self._lexer.blank()
        while self._lexer.word(","):
            self._transformer_argument(name, lists=False)
            self._lexer.blank()
        if not self._lexer.word(")"):
            raise self._error("expected a ')'")
        return ValueList((), start)

    def _comparison(self, left: Field | Transformer, start: int) -> Check:
        lexer = self._lexer
        lexer.blank()
        if lexer.word("exists"):
            return Check(left, "exists", None, start)
        for op in NUMBER_OPERATORS:
            if lexer.word(op):
                return Check(left, op, self._number(), start)
        op = self._text_operator()
        if op:
            return self._text_comparison(left, op, start)
        for op in LIST_OPERATORS:
            if lexer.word(op):
                return Check(left, op, self._list_or_transformer(), start)
        word = lexer.text[lexer.at :].split(None, 1)
        hint = did_you_mean(word[0], OPERATORS) if word else ""
        raise self._error("expected an operator, such as =, !=, <, contains, startswith, in or exists,", hint)

    def _text_operator(self) -> str:
        for op in _SYMBOLS:
            if self._lexer.word(op):
                return op
        for op in _WORDS:
            before = self._lexer.at
            if self._lexer.word(op):
                if self._lexer.blank():
                    return op
                self._lexer.at = before
        return ""

    def _text_comparison(self, left: Field | Transformer, op: str, start: int) -> Check:
        lexer = self._lexer
        # Behind an operator that is a word the blank is gone already.
        if lexer.blank() or op.isalpha():
            before = lexer.at
            for modifier in self._grammar.list_modifiers:
                if lexer.word(modifier) and lexer.blank() and _LIST_FOLLOWS.match(lexer.text, lexer.at):
                    return Check(left, f"{op} {modifier}", self._list_or_name(), start)
                lexer.at = before
        return Check(left, op, self._text(), start)

    def _number(self) -> Value | Transformer:
        self._lexer.blank()
        right = self._right_transformer()
        if right is not None:
            return right
        start = self._lexer.at
        number = self._lexer.take(NUMBER)
        if not number:
            raise self._error("expected a number")
        return Value(number, start)

    def _text(self) -> Value | Transformer:
        self._lexer.blank()
        right = self._right_transformer()
        if right is not None:
            return right
        return self._value()

    def _value(self) -> Value:
        self._lexer.blank()
        start = self._lexer.at
        text = self._lexer.quoted()
        if text is None:
            text = self._lexer.take(BARE)
            if not text:
                raise self._error("expected a value")
        return Value(text, start)

    def _list_or_transformer(self) -> Value | ValueList | Transformer:
        self._lexer.blank()
        if self._lexer.text.startswith("(", self._lexer.at):
            return self._list_or_name()
        right = self._right_transformer()
        return right if right is not None else self._list_or_name()

    def _list_or_name(self) -> Value | ValueList:
        start = self._lexer.at
        if self._lexer.word("("):
            return self._list(start)
        name = self._lexer.take(IDENTIFIER)
        if not name:
            raise self._error("expected a list in parentheses")
        return Value(name, start)

    def _list(self, start: int) -> ValueList:
        lexer = self._lexer
        lexer.blank()
        values: list[Value] = []
        if not lexer.text.startswith(")", lexer.at):
            values.append(self._value())
            lexer.blank()
            while lexer.word(","):
                values.append(self._value())
                lexer.blank()
        if not lexer.word(")"):
            raise self._error("expected ',' or the ')' that ends the list")
        return ValueList(tuple(values), start)

    def _right_transformer(self) -> Transformer | None:
        start = self._lexer.at
        if not self._lexer.word("val("):
            return self._transformer()
        self._lexer.blank()
        field = self._field()
        if field is None:
            raise self._error("expected a field in val(")
        self._lexer.blank()
        if not self._lexer.word(")"):
            raise self._error("expected the ')' that ends val(")
        return Transformer("val", (field,), start)
