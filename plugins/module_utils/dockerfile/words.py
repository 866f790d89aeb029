# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of a Dockerfile: quotes, escapes and ${variables}, by the rules of BuildKit's `shell` package.

A variable whose value only the build knows is told by name: what it stands for is unknown, and never taken for empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
# Parameters of a shell, such as $$ and $?, that no build ever sets.
_NEVER_SET = frozenset("@*#?-$!")
_DEEPEST = 20


@dataclass
class Expanded:
    """A text with its variables put in, and the names of those that nobody can tell."""

    text: str
    unknown: list[str] = field(default_factory=list)


def expand(text: str, values: Mapping[str, str | None], escape: str = "\\") -> Expanded:
    """Put variables in and take quotes away. A name that `values` gives None for, or not at all, is unknown."""
    reader = _Reader(text, values, escape)
    return Expanded(reader.read(""), reader.unknown)


def unquote(text: str, escape: str = "\\") -> str:
    """Take quotes and escapes away, and leave variables as they are written."""
    return _Reader(text, {}, escape, keep=True).read("")


class _Reader:
    def __init__(self, text: str, values: Mapping[str, str | None], escape: str, keep: bool = False) -> None:
        self._text, self._values, self._escape, self._keep = text, values, escape, keep
        self._at = 0
        self._depth = 0
        self.unknown: list[str] = []

    def read(self, stop: str) -> str:
        """The text up to an unquoted `stop`, which is passed over."""
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if stop and char == stop:
                self._at += 1
                break
            parts.append(self._part(char))
        return "".join(parts)

    def _part(self, char: str) -> str:
        if char == "'":
            return self._single()
        if char == '"':
            return self._double()
        if char == "$" and not self._keep:
            return self._variable()
        self._at += 1
        if char == self._escape:
            following = self._text[self._at : self._at + 1]
            self._at += 1
            return following
        return char

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        end = len(self._text) if end < 0 else end
        inside = self._text[self._at + 1 : end]
        self._at = end + 1
        return inside

    def _double(self) -> str:
        self._at += 1
        parts: list[str] = []
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == '"':
                self._at += 1
                break
            if char == "$" and not self._keep:
                parts.append(self._variable())
                continue
            self._at += 1
            following = self._text[self._at : self._at + 1]
            # Within double quotes the escape character is one before these alone.
            if char == self._escape and following and following in ('"', "$", self._escape):
                self._at += 1
                char = following
            parts.append(char)
        return "".join(parts)

    def _variable(self) -> str:
        start = self._at
        self._at += 1
        following = self._text[self._at : self._at + 1]
        if following == "{":
            self._at += 1
            return self._braced(start)
        if following and following in _NEVER_SET:
            self._at += 1
            return ""
        name = self._name()
        return self._value(name, start) if name else "$"

    def _name(self) -> str:
        start = self._at
        if self._text[start : start + 1].isdigit():
            self._at += 1
        else:
            while self._at < len(self._text) and self._text[self._at] in _NAME:
                self._at += 1
        return self._text[start : self._at]

    def _value(self, name: str, start: int) -> str:
        value = self._values.get(name)
        if value is None:
            self.unknown.append(name)
            return self._text[start : self._at]
        return value

    def _braced(self, start: int) -> str:
        name = self._name()
        rest = self._text[self._at : self._at + 2]
        if rest.startswith("}"):
            self._at += 1
            return self._value(name, start)
        operator = rest if rest in (":-", ":+", ":?") else rest[:1]
        self._at += len(operator)
        word = self._word()
        if operator in (":-", "-", ":+", "+"):
            return self._default(name, operator, word)
        if operator in (":?", "?") and self._values.get(name):
            return str(self._values[name])
        # Patterns such as ${x#y} and ${x/y/z} are for a shell's eyes; what comes of them is not told.
        self.unknown.append(name)
        return self._text[start : self._at]

    def _word(self) -> str:
        """The word behind an operator, itself expanded; unclosed and too deep ones end with the text."""
        self._depth += 1
        if self._depth > _DEEPEST:
            self._at = len(self._text)
        word = self.read("}")
        self._depth -= 1
        return word

    def _default(self, name: str, operator: str, word: str) -> str:
        value = self._values.get(name)
        is_set = value is not None and (value != "" or not operator.startswith(":"))
        if operator.endswith("+"):
            return word if is_set else ""
        return str(value) if is_set else word
