# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of checks: fields and their arguments, transformers, values and lists."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Field,
    Operand,
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
    NUMBER,
    Lexer,
)

# Deeper than anyone writes. Falco's limit is beyond it; Python's is met soon after, and says less.
DEEPEST = 100
# What has blanks that Falco and split() do not agree on is left to the parser.
_PLAIN_LIST = re.compile(r"([^()\"'=\b\v\f\x1c-\x1f]+)\)")


class OperandParser:
    """Takes fields and values from the text of a condition, where a condition has them."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self.grammar = grammar
        self.lexer = Lexer(text, hex_escapes=grammar.hex_escapes)
        self.depth = 0

    def error(self, message: str, suggestion: str = "") -> RulesError:
        rest = self.lexer.text[self.lexer.at :].split(None, 1)
        what = f"before {rest[0][:40]!r}" if rest else "at the end"
        return RulesError(COMPILE_CONDITION, f"{message} {what}", offset=self.lexer.at, suggestion=suggestion)

    def field(self) -> Field | None:
        start = self.lexer.at
        name = self.lexer.take(FIELD_NAME)
        return Field(name, self._argument(), start) if name else None

    def _argument(self) -> str | None:
        if not self.lexer.word("["):
            return None
        argument = self.lexer.quoted()
        if argument is None:
            argument = self.lexer.take(FIELD_ARGUMENT)
            if not argument:
                raise self.error("expected the argument of the field, quoted or bare")
        if not self.lexer.word("]"):
            raise self.error("expected a ']'")
        # Falco drops an argument that is empty.
        return argument or None

    def transformer(self) -> Transformer | None:
        start = self.lexer.at
        for name in self.grammar.transformers:
            if self.lexer.word(name + "("):
                return Transformer(name, self._transformer_arguments(name), start)
        return None

    def _transformer_arguments(self, name: str) -> tuple[Operand, ...]:
        lexer = self.lexer
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.error(f"more than {DEEPEST} transformers in one another")
        arguments = [self._transformer_argument(name)]
        lexer.blank()
        # Several arguments came with the transformers that need them.
        while "join" in self.grammar.transformers and lexer.word(","):
            arguments.append(self._transformer_argument(name))
            lexer.blank()
        if not lexer.word(")"):
            raise self.error(f"expected the ')' that ends {name}(")
        if "join" in self.grammar.transformers:
            self._argument()
        self.depth -= 1
        return tuple(arguments)

    def _transformer_argument(self, name: str, *, lists: bool = True) -> Operand:
        lexer = self.lexer
        lexer.blank()
        start = lexer.at
        if "join" in self.grammar.transformers:
            number = lexer.take(NUMBER)
            text = number or lexer.quoted()
            if text is not None:
                return Value(text, start)
            if lists and lexer.word("("):
                return self._transformer_list(name, start)
        found = self.transformer() or self.field()
        if found is None:
            raise self.error(f"expected a field or a transformer in {name}(")
        return found

    def _transformer_list(self, name: str, start: int) -> ValueList:
        self.lexer.blank()
        if self.lexer.word(")"):
            return ValueList((), start)
        self._transformer_argument(name, lists=False)
        self.lexer.blank()
        while self.lexer.word(","):
            self._transformer_argument(name, lists=False)
            self.lexer.blank()
        if not self.lexer.word(")"):
            raise self.error("expected a ')'")
        return ValueList((), start)

    def number(self) -> Value | Transformer:
        self.lexer.blank()
        right = self._right_transformer()
        if right is not None:
            return right
        start = self.lexer.at
        number = self.lexer.take(NUMBER)
        if not number:
            raise self.error("expected a number")
        return Value(number, start)

    def text_or_transformer(self) -> Value | Transformer:
        self.lexer.blank()
        right = self._right_transformer()
        if right is not None:
            return right
        return self._value()

    def _value(self) -> Value:
        self.lexer.blank()
        start = self.lexer.at
        text = self.lexer.quoted()
        if text is None:
            text = self.lexer.take(BARE)
            if not text:
                raise self.error("expected a value")
        return Value(text, start)

    def list_or_transformer(self) -> Value | ValueList | Transformer:
        self.lexer.blank()
        if self.lexer.text.startswith("(", self.lexer.at):
            return self.list_or_name()
        right = self._right_transformer()
        return right if right is not None else self.list_or_name()

    def list_or_name(self) -> Value | ValueList:
        start = self.lexer.at
        if self.lexer.word("("):
            return self._list(start)
        name = self.lexer.take(IDENTIFIER)
        if not name:
            raise self.error("expected a list in parentheses")
        return Value(name, start)

    def _list(self, start: int) -> ValueList:
        lexer = self.lexer
        plain = self._plain_list()
        if plain is not None:
            return ValueList(plain, start)
        lexer.blank()
        values: list[Value] = []
        if not lexer.text.startswith(")", lexer.at):
            values.append(self._value())
            lexer.blank()
            while lexer.word(","):
                values.append(self._value())
                lexer.blank()
        if not lexer.word(")"):
            raise self.error("expected ',' or the ')' that ends the list")
        return ValueList(tuple(values), start)

    def _right_transformer(self) -> Transformer | None:
        start = self.lexer.at
        if not self.lexer.word("val("):
            return self.transformer()
        self.lexer.blank()
        field = self.field()
        if field is None:
            raise self.error("expected a field in val(")
        self.lexer.blank()
        if not self.lexer.word(")"):
            raise self.error("expected the ')' that ends val(")
        return Transformer("val", (field,), start)

    def _plain_list(self) -> tuple[Value, ...] | None:
        """The values up to the ')' if they are bare words, which lists of hundreds are: it is ten times as fast."""
        found = _PLAIN_LIST.match(self.lexer.text, self.lexer.at)
        if not found:
            return None
        values, at = [], self.lexer.at
        for part in found.group(1).split(","):
            words = part.split()
            if len(words) != 1 or not words[0].isascii():
                return None
            values.append(Value(words[0], at + part.index(words[0])))
            at += len(part) + 1
        self.lexer.at = found.end()
        return tuple(values)
