# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The exceptions of rules: how they are read, what they may hold, and the condition that they become."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Union

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Node, required
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import Part, quoted
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    APPEND_NO_VALUES,
    EXCEPTION_NAME_NOT_UNIQUE,
    UNKNOWN_KEY,
    Report,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import (
    LIST_OPERATORS,
    OPERATORS,
    TEXT_OPERATORS,
)

_KEYS = ("name", "fields", "comps", "values")
# A field or a comparison: one, or one for each.
Entry = Union[Node, "list[Node]", None]


@dataclass(frozen=True)
class RuleException:
    """An exception of a rule."""

    name: str
    node: Node
    fields: Entry
    comps: Entry
    values: tuple[Node, ...] = field(default_factory=tuple)


def read_exceptions(entries: dict[str, Node], append: bool, report: Report, item: str) -> list[RuleException]:
    """The exceptions under the key of this name. RulesError where they are not in the form that Falco reads."""
    node = entries.get("exceptions")
    if node is None or node.is_null:
        return []
    if not node.is_list:
        raise node.error("'exceptions' is no list")
    found: list[RuleException] = []
    for element in node.elements():
        exception = _read(element, append)
        if any(exception.name == other.name for other in found):
            report.warn(
                EXCEPTION_NAME_NOT_UNIQUE, f"the exception '{exception.name}' stands twice", element.place, item
            )
        _warn(element, exception, append, report, item)
        found.append(exception)
    return found


def _warn(element: Node, exception: RuleException, append: bool, report: Report, item: str) -> None:
    if append and "values" not in element.entries():
        report.warn(APPEND_NO_VALUES, f"the exception '{exception.name}' appends no values", element.place, item)
    for key, place in element.key_nodes():
        if key not in _KEYS:
            report.warn(UNKNOWN_KEY, f"Falco ignores the key '{key}' of an exception", place.place, item)


def _read(element: Node, append: bool) -> RuleException:
    if not element.is_mapping:
        raise element.error("an exception is a mapping, with 'name', 'fields', 'comps' and 'values'")
    entries = element.entries()
    name = required(entries, "name", element).text
    if "fields" not in entries and not append:
        raise element.error(f"the exception '{name}' has no 'fields'")
    values = entries.get("values")
    if values is not None and not values.is_list:
        raise values.error(f"the 'values' of the exception '{name}' are no list")
    elements = tuple(values.elements()) if values is not None else ()
    for value in elements:
        _check_value(value)
    return RuleException(name, element, _entry(entries, "fields"), _entry(entries, "comps"), elements)


def _check_value(value: Node, depth: int = 0) -> None:
    if value.is_list and depth < 2:
        for element in value.elements():
            _check_value(element, depth + 1)
    elif not value.is_scalar or not value.text:
        raise value.error("a value of an exception is a text or a list of texts, and is not empty")


def _entry(entries: dict[str, Node], key: str) -> Entry:
    node = entries.get(key)
    if node is None or node.is_mapping:
        return None
    found = list(node.elements()) if node.is_list else [node]
    for element in found:
        if not element.is_scalar or not element.text:
            raise element.error(f"each of the '{key}' of an exception is a text, and is not empty")
    return found if node.is_list else node


def validated(
    exception: RuleException, modifiers: Sequence[str], check_field: Callable[[Node], None] | None
) -> RuleException:
    """The exception with the comparisons that Falco adds. RulesError where fields and comparisons do not fit.

    check_field: raises RulesError for a field that does not exist; None where the source is not known.
    """
    if exception.fields is None:
        raise exception.node.invalid(f"the exception '{exception.name}' has no 'fields'")
    if isinstance(exception.fields, list):
        _check_several(exception, exception.fields, modifiers)
    else:
        _check_single(exception, modifiers)
    if check_field is not None:
        for node in exception.fields if isinstance(exception.fields, list) else [exception.fields]:
            check_field(node)
    return exception


def _check_several(exception: RuleException, fields: list[Node], modifiers: Sequence[str]) -> None:
    if exception.comps is None:
        return
    comps = exception.comps if isinstance(exception.comps, list) else []
    if len(comps) != len(fields):
        raise exception.node.invalid(f"the exception '{exception.name}' needs as many 'comps' as 'fields'")
    for comp in comps:
        if _comp(comp, modifiers) not in OPERATORS and not _is_modified(_comp(comp, modifiers), modifiers):
            raise comp.invalid(f"{comp.text} is no operator", "the operators are " + ", ".join(OPERATORS))


def _check_single(exception: RuleException, modifiers: Sequence[str]) -> None:
    if exception.comps is None:
        return
    if isinstance(exception.comps, list):
        raise exception.node.invalid(
            f"'fields' of the exception '{exception.name}' is a text, so 'comps' must be one too"
        )
    comp = _comp(exception.comps, modifiers)
    if comp not in LIST_OPERATORS and not _is_modified(comp, modifiers):
        raise exception.comps.invalid(
            f"with a single field, 'comps' is in, pmatch or intersects, not {exception.comps.text}"
        )


def _comp(node: Node, modifiers: Sequence[str]) -> str:
    """The operator; the Falco that knows modifiers takes blanks around it, too."""
    return node.text.strip(" \t\r\n") if modifiers else node.text


def _is_modified(comp: str, modifiers: Sequence[str]) -> bool:
    operator, _blank, modifier = comp.partition(" ")
    return operator in TEXT_OPERATORS and modifier in modifiers


def appended(old: Sequence[RuleException], new: Sequence[RuleException]) -> Iterator[RuleException]:
    """The old exceptions with the values that new ones of the same name bring."""
    for exception in old:
        values = exception.values
        for other in new:
            if other.name == exception.name:
                values += other.values
        yield replace(exception, values=values)


def condition_parts(exception: RuleException, modifiers: Sequence[str]) -> list[Part]:
    """` and not (…)`, or nothing where there are no values. RulesError where values and fields do not fit."""
    fields = exception.fields
    parts: list[Part] = []
    if isinstance(fields, list):
        parts = _several(exception, fields, modifiers)
    elif fields is not None:
        parts = _single(exception, fields)
    return [Part(" and not ", exception.node, False), *parts] if parts else []


def _single(exception: RuleException, field: Node) -> list[Part]:
    comp = exception.comps.text.strip() if isinstance(exception.comps, Node) else "in"
    parts: list[Part] = []
    for value in exception.values:
        if value.is_list:
            raise value.invalid(f"'fields' of the exception '{exception.name}' is a text, so each value must be one")
        parts.append(Part(", " if parts else f"({field.text} {comp} (", field, False))
        parts.append(Part(quoted(value.text), value, False))
    return [*parts, Part("))", exception.node, False)] if parts else []


def _several(exception: RuleException, fields: list[Node], modifiers: Sequence[str]) -> list[Part]:
    comps = (
        [node.text.strip() for node in exception.comps] if isinstance(exception.comps, list) else ["="] * len(fields)
    )
    parts: list[Part] = []
    for value in exception.values:
        items = list(value.elements()) if value.is_list else []
        if len(items) != len(fields):
            raise value.invalid(
                f"a value of the exception '{exception.name}' has {len(items)} items for {len(fields)} fields",
            )
        parts.append(Part(" or (" if parts else "((", value, False))
        for index, (node, comp, item) in enumerate(zip(fields, comps, items)):
            parts.append(Part(" and " if index else "", node, False))
            parts.append(Part(f" {node.text} {comp} ", node, False))
            parts.append(Part(_compared(item, comp, modifiers), item, False))
        parts.append(Part(")", value, False))
    return [*parts, Part(")", exception.node, False)] if parts else []


def _compared(item: Node, comp: str, modifiers: Sequence[str]) -> str:
    if item.is_list:
        return "(" + ", ".join(quoted(element.text) for element in item.elements()) + ")"
    if comp in LIST_OPERATORS or _is_modified(comp, modifiers):
        return item.text if item.text.startswith("(") else f"({item.text})"
    return quoted(item.text)
