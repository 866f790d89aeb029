# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nats-server's configuration syntax, read into plain values, to audit a file that somebody else has written.

Maps with `=`, `:` or nothing between key and value, arrays, comments, quoted and bare strings, numbers with a unit,
block strings. Variables stay as they are written, and what a file includes is not read.
"""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError

_TOKEN = re.compile(
    r"""
    (?P<space>[\s,;]+)
  | (?P<comment>\#[^\n]*|//[^\n]*)
  | (?P<block>\(\n.*?\n\s*\))
  | (?P<double>"(?:[^"\\]|\\.)*")
  | (?P<single>'[^']*')
  | (?P<mark>[{}\[\]])
  | (?P<between>[=:])
  | (?P<bare>[^\s,;{}\[\]"'=:\#][^\s,;{}\[\]"'\#]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_BETWEEN = re.compile(r"[=:]")
_NUMBER = re.compile(r"-?\d+")
_SIZED = re.compile(r"(\d+)([kKmMgGtT])(?:[iI]?[bB])?")
_UNITS = {"k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}
_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_DEEPEST = 50

Token = tuple[str, str, int]


def parse_config(text: str) -> dict[str, Any]:
    """The configuration, keys in lower case as nats-server takes them. Raises NatsError with the line."""
    tokens = _Tokens(text)
    if tokens.peek() == ("mark", "{"):
        tokens.take()
        return _map(tokens, "}", 0)
    return _map(tokens, "", 0)


class _Tokens:
    """What is left to read."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_split(text))
        self._next = 0

    def peek(self) -> tuple[str, str]:
        kind, word, _line = self._tokens[self._next] if self._next < len(self._tokens) else ("end", "", 0)
        return kind, word

    def take(self) -> Token:
        if self._next >= len(self._tokens):
            raise NatsError("the configuration ends in the middle of a map or a list")
        self._next += 1
        return self._tokens[self._next - 1]


def _split(text: str) -> list[Token]:
    found: list[Token] = []
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NatsError(f"line {line}: {text[position : position + 20]!r} is not nats-server's syntax")
        kind = str(match.lastgroup)
        if kind not in ("space", "comment"):
            found.append((kind, match.group(), line))
        line += match.group().count("\n")
        position = match.end()
    return found


def _map(tokens: _Tokens, end: str, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise NatsError("the configuration is nested too deeply")
    found: dict[str, Any] = {}
    while tokens.peek()[0] != "end" or end:
        kind, word, line = tokens.take()
        if (kind, word) == ("mark", end):
            break
        if kind not in ("bare", "double", "single"):
            raise NatsError(f"line {line}: a key is needed, not {word!r}")
        key = _unquoted(kind, word)
        value_glued = ""
        if kind == "bare":
            # Nothing need stand between a key and its value but one of these.
            key, value_glued = [*_BETWEEN.split(key, maxsplit=1), ""][:2]
        if tokens.peek()[0] == "between":
            tokens.take()
        if key.lower() == "include":
            tokens.take()
            continue
        found[key.lower() if depth == 0 else key] = _scalar(value_glued) if value_glued else _value(tokens, depth)
    return found


def _value(tokens: _Tokens, depth: int) -> Any:
    kind, word, line = tokens.take()
    if kind == "mark" and word == "{":
        return _map(tokens, "}", depth + 1)
    if kind == "mark" and word == "[":
        return _list(tokens, depth + 1)
    if kind in ("mark", "between"):
        raise NatsError(f"line {line}: a value is needed, not {word!r}")
    return _scalar(word) if kind == "bare" else _unquoted(kind, word)


def _list(tokens: _Tokens, depth: int) -> list[Any]:
    if depth > _DEEPEST:
        raise NatsError("the configuration is nested too deeply")
    found = []
    while tokens.peek() != ("mark", "]"):
        found.append(_value(tokens, depth))
    tokens.take()
    return found


def _unquoted(kind: str, word: str) -> str:
    if kind in ("double", "single"):
        return word[1:-1]
    return word[1:-1].strip() if kind == "block" else word


def _scalar(word: str) -> Any:
    if word.lower() in _SWITCHES:
        return _SWITCHES[word.lower()]
    if _NUMBER.fullmatch(word):
        return int(word)
    sized = _SIZED.fullmatch(word)
    return int(sized[1]) * _UNITS[sized[2].lower()] if sized else word
