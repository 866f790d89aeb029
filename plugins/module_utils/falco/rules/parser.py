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
    Or,
    Transformer,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_CONDITION,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.lexer import IDENTIFIER, NOT
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.operand_parser import (
    DEEPEST,
    OperandParser,
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


class ConditionParser(OperandParser):
    """Parses one condition. RulesError with the offset where it cannot go on."""

    def parse(self) -> Node:
        """The tree of the whole text."""
        if not self.lexer.text:
            raise RulesError(COMPILE_CONDITION, "the condition is empty", offset=0)
        tree = self._or()
        if self.lexer.at != len(self.lexer.text):
            raise self.error("expected 'and', 'or' or the end of the condition")
        return tree

    def parse_left_side(self) -> Field | Transformer:
        """The field, perhaps in transformers, that is the whole text."""
        left = self.field() or self.transformer()
        if left is None or self.lexer.at != len(self.lexer.text):
            raise self.error("expected a field")
        return left

    def _or(self) -> Node:
        return self._chain("or", self._and, Or)

    def _and(self) -> Node:
        return self._chain("and", self._not, And)

    def _chain(self, word: str, part: Callable[[], Node], kind: type[And] | type[Or]) -> Node:
        start, lexer = self.lexer.at, self.lexer
        lexer.blank()
        children = [part()]
        lexer.blank()
        while lexer.word(word):
            if lexer.blank():
                children.append(part())
            elif lexer.word("("):
                children.append(self._embedded())
            else:
                raise self.error(f"expected a blank or '(' after '{word}'")
            lexer.blank()
        return kind(tuple(children), start) if len(children) > 1 else children[0]

    def _not(self) -> Node:
        start, negated = self.lexer.at, False
        self.lexer.blank()
        while self.lexer.take(NOT):
            negated = not negated
        if self.lexer.word("not("):
            negated = not negated
            child = self._embedded()
        else:
            child = self._check()
        return Not(child, start) if negated else child

    def _embedded(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} parentheses in one another")
        tree = self._or()
        self.lexer.blank()
        if not self.lexer.word(")"):
            raise self.error("expected a ')'")
        self.depth -= 1
        return tree

    def _check(self) -> Node:
        lexer, start = self.lexer, self.lexer.at
        lexer.blank()
        if lexer.word("("):
            return self._embedded()
        left = self.field() or self.transformer()
        if left is not None:
            return self._comparison(left, start)
        name = lexer.take(IDENTIFIER)
        if name:
            return Macro(name, lexer.at - len(name))
        raise self.error("expected a field, a macro or '('")

    def _comparison(self, left: Field | Transformer, start: int) -> Check:
        lexer = self.lexer
        lexer.blank()
        if lexer.word("exists"):
            return Check(left, "exists", None, start)
        for op in NUMBER_OPERATORS:
            if lexer.word(op):
                return Check(left, op, self.number(), start)
        op = self._text_operator()
        if op:
            return self._text_comparison(left, op, start)
        for op in LIST_OPERATORS:
            if lexer.word(op):
                return Check(left, op, self.list_or_transformer(), start)
        word = lexer.text[lexer.at :].split(None, 1)
        hint = did_you_mean(word[0], OPERATORS) if word else ""
        raise self.error("expected an operator, such as =, !=, <, contains, startswith, in or exists,", hint)

    def _text_operator(self) -> str:
        for op in _SYMBOLS:
            if self.lexer.word(op):
                return op
        for op in _WORDS:
            before = self.lexer.at
            if self.lexer.word(op):
                if self.lexer.blank():
                    return op
                self.lexer.at = before
        return ""

    def _text_comparison(self, left: Field | Transformer, op: str, start: int) -> Check:
        lexer = self.lexer
        # Behind an operator that is a word the blank is gone already.
        if lexer.blank() or op.isalpha():
            before = lexer.at
            for modifier in self.grammar.list_modifiers:
                if lexer.word(modifier) and lexer.blank() and _LIST_FOLLOWS.match(lexer.text, lexer.at):
                    return Check(left, f"{op} {modifier}", self.list_or_name(), start)
                lexer.at = before
        return Check(left, op, self.text_or_transformer(), start)
