# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a condition, put together from several places, with the names of lists replaced by their items.

Falco replaces lists in the text, before it parses it; what comes of it is not always what one would think, so it is
done here in the same way. Where a character came from is found out only when a message needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Node
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    VALIDATE,
    Place,
    RulesError,
)

_BLANKS = " \t\n\r"
_DELIMITERS = _BLANKS + "(),="
# Characters that are copied while a list is put into a condition. A list of 100,000 addresses needs two million; lists
# that name each other tenfold, over and over, would need more than there is memory.
_MOST_COPIED = 300_000_000


class Part(NamedTuple):
    """A piece of text and the scalar that it stands in. `whole`: it is the scalar's text, and not made from it."""

    text: str
    node: Node
    whole: bool = True


class ConditionText:
    """A condition before the lists are replaced."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.text = "".join(part.text for part in parts)

    def followed_by(self, other: ConditionText) -> ConditionText:
        """As Falco appends: with a blank."""
        return ConditionText([*self.parts, Part(" ", other.parts[0].node, False), *other.parts])

    def place(self, offset: int) -> Place:
        """Where the character at this offset of the text stands in a file."""
        for part in self.parts:
            if offset < len(part.text) or part is self.parts[-1]:
                return part.node.place_of(offset) if part.whole else part.node.place
            offset -= len(part.text)
        raise AssertionError("a condition has parts")

    def expanded(self, lists: Mapping[str, Sequence[str]], used: set[str]) -> str:
        """The text that Falco parses; the names of lists that were replaced are added to `used`.

        RulesError where lists of lists make it larger than anyone can have meant.
        """
        text = self.text
        for name, items in lists.items():
            if name in text:
                text, found = _replace(text, name, items, None)
                if found:
                    used.add(name)
        return text

    def expanded_place(self, lists: Mapping[str, Sequence[str]], offset: int) -> Place:
        """Where the character at this offset of the expanded text came from."""
        text, origins = self.text, list(range(len(self.text)))
        for name, items in lists.items():
            if name in text:
                text, _found = _replace(text, name, items, origins)
        return self.place(origins[offset] if offset < len(origins) else len(self.text))


def quoted(item: str) -> str:
    """As Falco writes an item into a condition."""
    return f'"{item}"' if " " in item and item[0] not in "\"'" else item


def _replace(text: str, name: str, items: Sequence[str], origins: list[int] | None) -> tuple[str, bool]:
    found, copied = False, 0
    new = ", ".join(quoted(item) for item in items)
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        if (not start or text[start - 1] in _DELIMITERS) and (end >= len(text) or text[end] in _DELIMITERS):
            found = True
            name_at = start
            start, end = _margins(text, start, end, bool(new))
            head = text[:start] + " " if start else ""
            if origins is not None:
                source = origins[name_at]
                origins[start:end] = [source] * (len(head) - start + len(new) + 1)
            text = f"{head}{new} {text[end:]}"
            copied += len(text)
            if copied > _MOST_COPIED:
                raise RulesError(VALIDATE, f"the list {name} makes the condition far too large", offset=0)
            start += len(new) + 1
        start = text.find(name, start + 1)
    return text, found


def _margins(text: str, start: int, end: int, filled: bool) -> tuple[int, int]:
    """With the blanks around, and of an empty list with a comma beside it."""
    while start > 0 and text[start - 1] in _BLANKS:
        start -= 1
    while end < len(text) and text[end] in _BLANKS:
        end += 1
    if not filled:
        if start > 0 and text[start - 1] == ",":
            start -= 1
        elif end < len(text) and text[end] == ",":
            end += 1
    return start, end
