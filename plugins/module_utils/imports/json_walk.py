# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a JSON document that are asked for, one at a time, by where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Union

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.json_text import JsonText

# Each step of a pattern is a key, EACH_ITEM of a list, or EACH_MEMBER of an object.
EACH_ITEM, EACH_MEMBER = "[]", "{}"
Pattern = Sequence[str]
Path = tuple[Union[str, int], ...]


class Large:
    """Stands in an outline for a value that is too large for it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind


def outline(
    text: JsonText, most: int, enough: Callable[[Mapping[str, Any], str], bool] = lambda _head, _key: False
) -> Any:
    """The document, without the members of the outermost object that have more than `most` characters.

    Of a list, its first item, likewise. Anything else as it is. `enough` says of what was read and the key that follows
    that nothing behind it matters.
    """
    if text.next() == "[":
        return [_members(text, most, enough) for index in text.items() if _is_first(text, index)]
    return _members(text, most, enough)


def _is_first(text: JsonText, index: int) -> bool:
    """Whether it is the first item; others are passed over."""
    if index:
        text.skip()
    return not index


def _members(text: JsonText, most: int, enough: Callable[[Mapping[str, Any], str], bool]) -> Any:
    if text.next() != "{":
        return text.value()
    found: dict[str, Any] = {}
    for key in text.members():
        if key in found:
            raise text.fault(f"the key {key[:50]!r} is there twice")
        kind = text.kind()
        if enough(found, key):
            found[key] = Large(kind)
            break
        fits, value = text.small(most)
        found[key] = value if fits else Large(kind)
    return found


def walk(text: JsonText, patterns: Sequence[Pattern]) -> Iterator[tuple[Path, Any]]:
    """(path, value) of everything that a pattern leads to, in the order of the document.

    Raises ImportFault where a value on the way is neither what the pattern needs nor null.
    """
    yield from _visit(text, (), patterns)
    text.end()


def _visit(text: JsonText, path: Path, patterns: Sequence[Pattern]) -> Iterator[tuple[Path, Any]]:
    if any(len(pattern) == len(path) for pattern in patterns):
        yield path, text.value()
    elif text.next() == "n":
        text.skip()
    elif patterns[0][len(path)] == EACH_ITEM:
        yield from _visit_items(text, path, patterns)
    else:
        yield from _visit_members(text, path, patterns)


def _visit_items(text: JsonText, path: Path, patterns: Sequence[Pattern]) -> Iterator[tuple[Path, Any]]:
    _demand(text, "[", path)
    leaf = any(len(pattern) == len(path) + 1 for pattern in patterns)
    for index in text.items():
        if leaf:
            yield (*path, index), text.value()
        else:
            yield from _visit(text, (*path, index), patterns)


def _visit_members(text: JsonText, path: Path, patterns: Sequence[Pattern]) -> Iterator[tuple[Path, Any]]:
    _demand(text, "{", path)
    seen: set[str] = set()
    for key in text.members():
        further = [pattern for pattern in patterns if pattern[len(path)] in (key, EACH_MEMBER)]
        if not further:
            text.skip()
            continue
        if any(pattern[len(path)] == key for pattern in further):
            if key in seen:
                raise text.fault(f"the key {key[:50]!r} is there twice")
            seen.add(key)
        yield from _visit(text, (*path, key), further)


def _demand(text: JsonText, opening: str, path: Path) -> None:
    if text.next() != opening:
        wanted = "a list" if opening == "[" else "an object"
        raise text.fault(f"{path_text(path)} must be {wanted}, and it is {text.kind()}")


def path_text(path: Path) -> str:
    """A path for a reader, such as `Results[0].Vulnerabilities[3]`."""
    written = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:60]}" for step in path)
    return written.lstrip(".") or "the document"
