# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rules file as YAML nodes, each of which knows its line and column, down to the character of a condition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

try:
    import yaml

    # libyaml's parser is about ten times as fast.
    _LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
except ImportError:
    yaml = None  # type: ignore[assignment]

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    VALIDATE,
    YAML_PARSE,
    YAML_VALIDATE,
    Place,
    RulesError,
)

HAS_YAML = yaml is not None
# Rules have five.
_DEEPEST = 50
_NULL = "tag:yaml.org,2002:null"
_BOOLEANS = {
    **{form(word): True for word in ("y", "yes", "true", "on") for form in (str.lower, str.upper, str.capitalize)},
    **{form(word): False for word in ("n", "no", "false", "off") for form in (str.lower, str.upper, str.capitalize)},
}


class Node:
    """A node of the file, whatever it is."""

    def __init__(self, document: Document, node: Any) -> None:
        self.document = document
        self.node = node

    @property
    def place(self) -> Place:
        """Where it begins."""
        mark = self.node.start_mark
        return Place(self.document.name, mark.line + 1, mark.column + 1)

    @property
    def is_null(self) -> bool:
        """Whether there is nothing."""
        return bool(self.node.tag == _NULL)

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_scalar(self) -> bool:
        """Whether it is a text, number or truth value."""
        return isinstance(self.node, yaml.ScalarNode)

    def elements(self) -> Iterator[Node]:
        """The elements of a list."""
        return (Node(self.document, element) for element in self.node.value)

    def entries(self) -> dict[str, Node]:
        """The values of a mapping by key. Of a key that stands twice Falco takes the first."""
        found: dict[str, Node] = {}
        for key, value in self.node.value:
            found.setdefault(_key(key), Node(self.document, value))
        return found

    def key_nodes(self) -> list[tuple[str, Node]]:
        """The keys of a mapping, as they stand."""
        return [(_key(key), Node(self.document, key)) for key, _value in self.node.value]

    @property
    def text(self) -> str:
        """The text of a scalar."""
        return str(self.node.value)

    def error(self, message: str, suggestion: str = "", code: str = YAML_VALIDATE) -> RulesError:
        """That this node is not as Falco wants it."""
        return RulesError(code, message, place=self.place, suggestion=suggestion)

    def invalid(self, message: str, suggestion: str = "") -> RulesError:
        """That the item which this node is part of does not fit the others."""
        return self.error(message, suggestion, VALIDATE)

    def place_of(self, offset: int) -> Place:
        """Where the character at this offset of the text stands.

        In a scalar of several lines YAML changes nothing but blanks, so the characters that are none are counted.
        Where there are escapes as well, it is the beginning of the scalar.
        """
        start, end, style = self.node.start_mark, self.node.end_mark, self.node.style
        lines = self.document.lines[start.line : end.line + 1]
        first = 1 if style in ("|", ">") else 0
        column = 0 if first else start.column + (1 if style else 0)
        left = len("".join(self.text[:offset].split()))
        wanted = "".join(self.text.split())
        seen = 0
        for number, line in enumerate(lines[first:], start.line + first):
            for at in range(column, len(line)):
                if line[at].isspace():
                    continue
                if seen == left and (seen == len(wanted) or line[at] == wanted[seen]):
                    return Place(self.document.name, number + 1, at + 1)
                if seen >= left or line[at] != wanted[seen]:
                    return self.place
                seen += 1
            column = 0
        return self.place


def _key(node: Any) -> str:
    """The text of a key; of one that is a list or mapping, none."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


class Document:
    """A file of rules."""

    def __init__(self, name: str, content: str) -> None:
        self.name = name
        self.content = content
        self._lines: list[str] = []

    @property
    def lines(self) -> list[str]:
        """Its lines; only a message needs them."""
        if not self._lines:
            self._lines = self.content.split("\n")
        return self._lines

    def items(self) -> Iterator[Node]:
        """The items of the file, of all its YAML documents. RulesError where it is no list of items."""
        try:
            self._check_depth()
            roots = [Node(self, root) for root in yaml.compose_all(self.content, Loader=_LOADER)]
        except yaml.MarkedYAMLError as exc:
            raise self._unparsable(exc) from exc
        except (yaml.YAMLError, UnicodeError) as exc:
            raise RulesError(YAML_PARSE, f"not YAML: {exc}", place=Place(self.name, 1, 1)) from exc
        for root in roots:
            if root.is_null:
                continue
            if not root.is_list:
                raise root.error("a rules file is a list of items, each of which begins with '- rule:' or the like")
            yield from (item for item in root.elements() if not item.is_null)

    def _check_depth(self) -> None:
        """libyaml builds nodes by recursion, and would take the whole process down with it."""
        depth = 0
        for event in yaml.parse(self.content, Loader=_LOADER):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST:
                    mark: Any = event.start_mark
                    place = Place(self.name, mark.line + 1, mark.column + 1)
                    raise RulesError(YAML_PARSE, f"more than {_DEEPEST} levels of lists and mappings", place=place)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _unparsable(self, exc: Any) -> RulesError:
        mark = exc.problem_mark or exc.context_mark
        place = Place(self.name, mark.line + 1, mark.column + 1) if mark else Place(self.name, 1, 1)
        what = ", ".join(part for part in (exc.context, exc.problem) if part)
        return RulesError(YAML_PARSE, f"not YAML: {what}", place=place)


def required(entries: dict[str, Node], key: str, owner: Node) -> Node:
    """The scalar under this key, which must be there and hold something."""
    if key not in entries:
        raise owner.error(f"the key '{key}' is missing")
    return _filled(entries[key], key)


def optional(entries: dict[str, Node], key: str) -> Node | None:
    """The scalar under this key, which must hold something if it is there."""
    return _filled(entries[key], key) if key in entries else None


def _filled(value: Node, key: str) -> Node:
    if value.is_null:
        raise value.error(f"the key '{key}' has no value")
    if not value.is_scalar:
        raise value.error(f"the value of '{key}' is no text")
    if not value.text:
        raise value.error(f"the value of '{key}' is empty")
    return value


def truth(value: Node, key: str) -> bool:
    """What stands for true or false."""
    if value.text not in _BOOLEANS:
        raise value.error(f"the value of '{key}' is neither true nor false")
    return _BOOLEANS[value.text]


def flag(entries: dict[str, Node], key: str, default: bool) -> bool:
    """The truth value under this key."""
    value = optional(entries, key)
    return default if value is None else truth(value, key)


def texts(entries: dict[str, Node], key: str, owner: Node) -> list[Node]:
    """The scalars in the list under this key, which must be there."""
    if key not in entries:
        raise owner.error(f"the key '{key}' is missing")
    if not entries[key].is_list:
        raise entries[key].error(f"the value of '{key}' is no list")
    found = list(entries[key].elements())
    for element in found:
        if not element.is_scalar:
            raise element.error(f"an element of '{key}' is no text")
    return found
