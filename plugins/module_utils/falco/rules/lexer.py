# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokens of conditions. What a word is depends on where it stands, so the grammar asks for them one by one."""

from __future__ import annotations

import re

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_CONDITION,
    RulesError,
)

_SPACE = r" \t\n\v\f\r"
_BLANKS = " \t\b\r\n"
_BLANK = re.compile(f"[{_BLANKS}]+")
NOT = re.compile(rf"not[{_SPACE}]+")
IDENTIFIER = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*")
FIELD_NAME = re.compile(r"[a-zA-Z]+[a-zA-Z0-9_]*(?:\.[a-zA-Z]+[a-zA-Z0-9_]*)+")
FIELD_ARGUMENT = re.compile(rf"[^\]\[\"'{_SPACE}]+")
NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|[+-]?[0-9]+\.?[0-9]*(?:[eE][+-][0-9]+)?")
BARE = re.compile(rf"[^()\"'{_SPACE}=,]+")
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", " ": "\\", "\\": "\\", "/": "/"}
_HEX = re.compile(r"[0-9a-fA-F]{2}")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Lexer:
    """A cursor in the text of a condition."""

    def __init__(self, text: str, *, hex_escapes: bool) -> None:
        self.text = text
        self.at = 0
        self._hex_escapes = hex_escapes

    def blank(self) -> bool:
        """Go past blanks; whether there were any."""
        # Most of the time there is none, which a look tells sooner than a pattern.
        if self.text[self.at : self.at + 1] not in _BLANKS:
            return False
        found = _BLANK.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found is not None

    def take(self, pattern: re.Pattern[str]) -> str:
        """The token of this pattern, or nothing."""
        found = pattern.match(self.text, self.at)
        if not found:
            return ""
        self.at = found.end()
        return found.group()

    def word(self, word: str) -> bool:
        """Whether this very text stands here; go past it."""
        if self.text.startswith(word, self.at):
            self.at += len(word)
            return True
        return False

    def quoted(self) -> str | None:
        """The content of a quoted text, or None where none begins or it does not end."""
        delimiter = self.text[self.at : self.at + 1]
        if delimiter not in ("'", '"'):
            return None
        end = self.text.find(delimiter, self.at + 1)
        while end > self.at and self.text[end - 1] == "\\":
            end = self.text.find(delimiter, end + 1)
        if end < 0:
            return None
        start, self.at = self.at, end + 1
        return self._unescaped(self.text[start + 1 : end], delimiter, start)

    def _unescaped(self, content: str, delimiter: str, start: int) -> str:
        if "\\" not in content:
            return content
        parts, done = [], 0
        while (found := _ESCAPE.search(content, done)) is not None:
            parts.append(content[done : found.start()])
            done = found.end()
            if found.group(1) == "x" and self._hex_escapes:
                parts.append(chr(int(self._hex(content, done, start), 16)))
                done += 2
            else:
                parts.append(_escape(found.group(1), delimiter, start + 1 + found.start()))
        # A lone backslash cannot stand at the end: the quote behind it would not have ended the text.
        return "".join([*parts, content[done:]])

    def _hex(self, content: str, at: int, start: int) -> str:
        found = _HEX.match(content, at)
        if not found:
            raise RulesError(COMPILE_CONDITION, "\\x must be followed by two hex digits", offset=start + at)
        return found.group()


def _escape(character: str, delimiter: str, at: int) -> str:
    if character == delimiter:
        return character
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character in "\"'":
        raise RulesError(COMPILE_CONDITION, f"\\{character} is no escape in a text quoted with {delimiter}", offset=at)
    raise RulesError(
        COMPILE_CONDITION,
        f"\\{character} is no escape that Falco knows",
        offset=at,
        suggestion="write \\\\ for a backslash",
    )
