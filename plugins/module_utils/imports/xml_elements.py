# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML read element by element from pieces, without a document type: no entity is expanded and no other file is read."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any
from xml.parsers import expat

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.source import Source

_DEEPEST = 200
# A tag or a comment must be whole before expat tells of it, and what is taken is kept until its end.
_LONGEST_TAG, _MOST_PARTS, _LONGEST_TEXT = 4 * 2**20, 20_000, 20_000


class Element:
    """An element: local name, attributes, and what is in it, texts and elements in their order."""

    __slots__ = ("attributes", "length", "name", "parts")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name, self.attributes, self.length = name, attributes, 0
        self.parts: list[str | Element] = []

    @property
    def children(self) -> list[Element]:
        """The elements in it."""
        return [part for part in self.parts if isinstance(part, Element)]

    def add_text(self, text: str) -> None:
        """Add text to it, up to a length."""
        if self.length < _LONGEST_TEXT:
            self.length += len(text)
            self.parts.append(text)

    def first(self, name: str) -> Element | None:
        """The first element of that name in it."""
        return next((child for child in self.children if child.name == name), None)

    def text(self) -> str:
        """The text of it and of what is in it, without markup, in one line."""
        return " ".join(self._raw().split())

    def text_of(self, name: str) -> str:
        """The text of that element in it, "" where there is none."""
        found = self.first(name)
        return found.text() if found else ""

    def _raw(self) -> str:
        return "".join(part if isinstance(part, str) else part._raw() for part in self.parts)


def root_name(source: Source) -> str:
    """The local name of the outermost element. Raises ImportFault."""
    for element in elements(source, (), (), root=True):
        return element.name
    raise ImportFault(f"{source.path} is XML without an element")


def elements(source: Source, whole: Collection[str], opened: Collection[str], root: bool = False) -> Iterator[Element]:
    """Elements with these local names, in the order of the document. Raises ImportFault.

    Those of `whole` are told at their end, with what is in them; those of `opened` (and the outermost one, where
    `root` is asked for) at their beginning, without.
    """
    reader = _Reader(source.path, frozenset(whole), frozenset(opened), root)
    for piece in source.pieces():
        yield from reader.feed(piece)
    yield from reader.feed(b"", last=True)


class _Reader:
    def __init__(self, path: str, whole: frozenset[str], opened: frozenset[str], root: bool) -> None:
        self._path, self._whole, self._opened, self._root = path, whole, opened, root
        self._depth, self._fed, self._parts = 0, 0, 0
        self._taken: list[Element] = []
        self._ready: list[Element] = []
        self._parser: Any = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler, self._parser.EndElementHandler = self._start, self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_type

    def feed(self, piece: bytes, last: bool = False) -> list[Element]:
        """What is complete now."""
        try:
            self._parser.Parse(piece, last)
        except expat.ExpatError as exc:
            place = f"line {exc.lineno}, column {exc.offset + 1}"
            raise ImportFault(f"{self._path}, {place}: it is not XML: {expat.ErrorString(exc.code)}") from exc
        except (ValueError, LookupError) as exc:
            raise self._fault(f"its encoding cannot be read: {exc}") from exc
        self._fed += len(piece)
        if self._fed - self._parser.CurrentByteIndex > _LONGEST_TAG:
            raise self._fault(f"a tag, a comment or a text is longer than {_LONGEST_TAG // 2**20} MiB")
        ready, self._ready = self._ready, []
        return ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._fault("it is nested too deeply to be a report")
        local = name.rpartition(" ")[2]
        if self._taken:
            self._add(Element(local, attributes))
        elif local in self._whole:
            self._taken.append(Element(local, attributes))
            self._parts = 0
            self._parser.CharacterDataHandler = self._characters
        elif local in self._opened or (self._root and self._depth == 1):
            self._ready.append(Element(local, attributes))

    def _add(self, element: Element) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise self._fault(f"a single {self._taken[0].name} holds more than {_MOST_PARTS} elements")
        self._taken[-1].parts.append(element)
        self._taken.append(element)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if not self._taken:
            return
        element = self._taken.pop()
        if not self._taken:
            self._ready.append(element)
            self._parser.CharacterDataHandler = None

    def _characters(self, text: str) -> None:
        self._taken[-1].add_text(text)

    def _refuse_type(self, *_declared: Any) -> None:
        raise self._fault("it declares a document type, which no report needs and which can hold entities")

    def _fault(self, what: str) -> ImportFault:
        return ImportFault(f"{self._path}, line {self._parser.CurrentLineNumber}: {what}")
