# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON read value by value from text in pieces. What is not asked for is passed over, and never held as a whole."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault

# A value that is taken as a whole is one vulnerability, one rule, one resource.
LONGEST_VALUE = 16 * 2**20
_SPACE = re.compile(r"[ \t\n\r]*")
# A list in a list in a list: what is passed over deeper than that is taken as a whole.
_DEEPEST_PASSED = 6
KINDS = {"{": "an object", "[": "a list", '"': "text", "t": "a boolean", "f": "a boolean", "n": "null"}


def _refuse_constant(told: str) -> Any:
    raise ValueError(f"{told} is no JSON")


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


# A Python that does not refuse a number of a million digits takes minutes to read it. One that does refuse it needs no
# help, which costs a third of the time.
_INTEGER = int if hasattr(sys, "get_int_max_str_digits") else _whole
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_int=_INTEGER)


class JsonText:
    """A place in a JSON text. `path` is that of the file, for messages."""

    def __init__(self, pieces: Iterator[str], path: str) -> None:
        self._pieces, self._path = pieces, path
        self._text, self._at, self._before, self._ended = "", 0, 0, False

    def next(self) -> str:
        """The first character of what comes next; "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def kind(self) -> str:
        """What comes next, in words."""
        return KINDS.get(self.next(), "a number")

    def value(self) -> Any:
        """The value that comes next, as a whole."""
        self.next()
        while True:
            known = self._in_hand()
            if known is not None:
                return known[0]
            if len(self._text) - self._at > LONGEST_VALUE:
                raise self.fault(f"a single value is larger than {LONGEST_VALUE // 2**20} MiB, or the file is damaged")
            if not self._more(len(self._text) - self._at):
                raise self._broken()

    def small(self, most: int) -> tuple[bool, Any]:
        """(True, value) of a value of so many characters at most, or (False, None) of a larger one, passed over."""
        self.next()
        while len(self._text) - self._at < most and self._more():
            pass
        began = self._before + self._at
        known = self._in_hand()
        if known is None:
            self.skip()
            return False, None
        fits = self._before + self._at - began <= most
        return fits, known[0] if fits else None

    def skip(self, depth: int = 0) -> None:
        """Pass over the value that comes next."""
        opening = self.next()
        if self._in_hand() is not None:
            return
        if opening == "[" and depth < _DEEPEST_PASSED:
            for _index in self.items():
                self.skip(depth + 1)
        elif opening == "{" and depth < _DEEPEST_PASSED:
            for _key in self.members():
                self.skip(depth + 1)
        else:
            self.value()

    def items(self) -> Iterator[int]:
        """The numbers of a list's items. Whoever iterates takes or passes over each."""
        for index, _nothing in enumerate(self._parts("[", "]")):
            yield index

    def members(self) -> Iterator[str]:
        """The keys of an object. Whoever iterates takes or passes over the value of each."""
        for _nothing in self._parts("{", "}"):
            if self.next() != '"':
                raise self._broken()
            key: str = self.value()
            self._take(":")
            yield key

    def end(self) -> None:
        """Refuse what comes after the document."""
        if self.next():
            raise self.fault("there is more after the end of the document; a report is one JSON document")

    def fault(self, what: str) -> ImportFault:
        """A fault at this place."""
        return ImportFault(f"{self._path}, character {self._before + self._at + 1}: {what}")

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        self._take(opening)
        if self.next() == closing:
            self._at += 1
            return
        while True:
            yield None
            if self.next() == closing:
                self._at += 1
                return
            self._take(",")

    def _take(self, wanted: str) -> None:
        if self.next() != wanted:
            raise self._broken()
        self._at += 1

    def _in_hand(self) -> tuple[Any] | None:
        """The value, taken, where the text in hand holds all of it."""
        try:
            value, end = _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            return None
        except RecursionError:
            raise self.fault("it is nested too deeply to be a report") from None
        except ValueError as exc:
            raise self.fault(str(exc).partition(":")[0]) from exc
        # A number at the end of the text may go on in the next piece, and of `1e+` only the first character is taken.
        if len(self._text) - end <= 2 and self._text[end - 1] not in '}]"' and self._more():
            return self._in_hand()
        self._at = end
        return (value,)

    def _more(self, least: int = 1) -> bool:
        """Bring at least so many characters, and drop what was read; whether there were any."""
        pieces: list[str] = []
        brought = 0
        while brought < least and not self._ended:
            piece = next(self._pieces, None)
            self._ended = piece is None
            pieces.append(piece or "")
            brought += len(piece or "")
        if not brought:
            return False
        self._before += self._at
        self._text, self._at = self._text[self._at :] + "".join(pieces), 0
        return True

    def _broken(self) -> ImportFault:
        what = "a comma, a colon or a bracket is missing"
        try:
            _DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError as exc:
            self._at, what = exc.pos, exc.msg
        if self._ended and (what.startswith("Unterminated") or not self._text[self._at :].strip()):
            return self.fault("the file ends in the middle; it is cut off")
        return self.fault(f"it is not JSON: {what}")
