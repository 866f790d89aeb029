# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare two states of an object field by field, and show what differs and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.managed_fields import Path

# Set by the server with each write, so they say nothing of what anybody wanted.
_SERVERS_OWN = frozenset(
    {"creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid", "deletionTimestamp"}
)
# What elements of the API's lists are told apart by, the most telling first.
_ELEMENT_KEYS = (
    ("name",), ("containerPort", "protocol"), ("port", "protocol"), ("mountPath",), ("devicePath",),
    ("topologyKey", "whenUnsatisfiable"), ("type",), ("ip",), ("key",), ("uid",),
)  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9_-]+\Z")


class _Absent:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()


@dataclass(frozen=True)
class FieldChange:
    """One field that differs; `before` or `after` is ABSENT where it is not there."""

    path: Path
    before: Any
    after: Any


def declared_part(obj: Mapping[str, Any]) -> dict[str, Any]:
    """An object without its status and what the server writes by itself."""
    part = {key: value for key, value in obj.items() if key != "status"}
    part["metadata"] = {k: v for k, v in (obj.get("metadata") or {}).items() if k not in _SERVERS_OWN}
    return part


def field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """Every field that differs between two states of an object, the smallest that can be named."""
    return list(_differences(declared_part(before), declared_part(after), ()))


def _differences(before: Any, after: Any, path: Path) -> Iterator[FieldChange]:
    if type(before) is type(after) and before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _differences(before.get(key, ABSENT), after.get(key, ABSENT), (*path, key))
        return
    if isinstance(before, list) and isinstance(after, list):
        keys = _element_keys([*before, *after]) if before and after else None
        if keys is not None and _unique(before, keys) and _unique(after, keys):
            sides = _by_keys(before, keys), _by_keys(after, keys)
            if not _reordered(*sides):
                yield from _element_differences(*sides, path)
                return
    yield from _whole(before, after, path)


def _whole(before: Any, after: Any, path: Path) -> Iterator[FieldChange]:
    """A value that came or went; of a map, its fields."""
    there = after if before is ABSENT else before
    if (before is ABSENT or after is ABSENT) and isinstance(there, dict) and there and len(path) < 3:
        for key, value in there.items():
            yield from _whole(*((ABSENT, value) if before is ABSENT else (value, ABSENT)), (*path, key))
    else:
        yield FieldChange(path, before, after)


def _element_differences(before: dict[Any, Any], after: dict[Any, Any], path: Path) -> Iterator[FieldChange]:
    for keys in [*before, *(keys for keys in after if keys not in before)]:
        yield from _differences(before.get(keys, ABSENT), after.get(keys, ABSENT), (*path, _Keys(keys)))


def _reordered(before: dict[Any, Any], after: dict[Any, Any]) -> bool:
    return [keys for keys in before if keys in after] != [keys for keys in after if keys in before]


class _Keys(dict):  # type: ignore[type-arg]
    """The keys of a list element as a step of a path."""


def _element_keys(elements: Iterable[Any]) -> tuple[str, ...] | None:
    every = list(elements)
    for keys in _ELEMENT_KEYS:
        if all(isinstance(element, dict) and keys[0] in element for element in every):
            return keys
    return None


def _by_keys(elements: list[Any], keys: tuple[str, ...]) -> dict[Any, Any]:
    return {tuple((key, element[key]) for key in keys if key in element): element for element in elements}


def _unique(elements: list[Any], keys: tuple[str, ...]) -> bool:
    try:
        return len(_by_keys(elements, keys)) == len(elements)
    except TypeError:  # a key that is no plain value
        return False


def path_text(path: Path) -> str:
    """As the API writes it: .spec.template.spec.containers[name="web"].image"""
    return "".join(_step_text(step) for step in path)


def _step_text(step: Any) -> str:
    if isinstance(step, Mapping):
        return "[" + ",".join(f"{key}={_quoted(value)}" for key, value in step.items()) + "]"
    return f".{step}" if _PLAIN.match(str(step)) else f"[{_quoted(str(step))}]"


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def only_changes(changes: Iterable[FieldChange]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two states, cut down to the fields that differ; an element of a list keeps its keys."""
    every = list(changes)
    before = _tree((change.path, change.before) for change in every)
    return before, _tree((change.path, change.after) for change in every)


def _tree(fields: Iterable[tuple[Path, Any]]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, value in fields:
        if value is not ABSENT:
            _put(root, path, value)
    return root


def _put(node: Any, path: Path, value: Any) -> None:
    step, rest = path[0], path[1:]
    if isinstance(step, Mapping):
        element = next((part for part in node if all(part.get(key) == step[key] for key in step)), None)
        if element is None:
            element = dict(step)
            node.append(element)
        if rest:
            _put(element, rest, value)
        else:
            element.update(value)
        return
    if not rest:
        node[step] = value
        return
    if not isinstance(node.get(step), (dict, list)):
        node[step] = [] if isinstance(rest[0], Mapping) else {}
    _put(node[step], rest, value)
