# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read metadata.managedFields: which manager owns which field, in the form FieldsV1.

FieldsV1 is a tree of dicts. A key says the step: `f:name` a field, `k:{json}` the element of a list with these keys,
`v:json` a value of a list that is a set, `.` the thing itself. An empty dict is a leaf: a value, or a list or map that
is owned as a whole. The tree therefore tells how a list is merged, without the schema of the kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Fields = Mapping[str, Any]
# A step into an object: the name of a field, the keys of a list element, or its index.
Step = Any
Path = tuple[Step, ...]

_IDENTITY = frozenset({"apiVersion", "kind"})
_METADATA_IDENTITY = frozenset({"name", "namespace"})


def entry_of(live: Mapping[str, Any], manager: str, api_version: str) -> Fields | None:
    """The fields that a manager has applied in this version of the kind, or None."""
    for entry in _entries(live):
        if entry.get("manager") == manager and entry.get("operation") == "Apply" and not entry.get("subresource"):
            return entry.get("fieldsV1") if entry.get("apiVersion") == api_version else None
    return None


def settled(desired: Mapping[str, Any], live: Mapping[str, Any], manager: str) -> bool:
    """Whether applying `desired` would change nothing: its fields are the manager's, no more, no fewer, and equal.

    False also where only the server can tell, as with `cpu: 1000m` that it writes as `1`.
    """
    fields = entry_of(live, manager, str(desired["apiVersion"]))
    if fields is None:
        return False
    own = {key: value for key, value in desired.items() if key not in _IDENTITY}
    own["metadata"] = {key: value for key, value in desired["metadata"].items() if key not in _METADATA_IDENTITY}
    return _same(own, live, fields)


def _same(desired: Any, live: Any, fields: Fields) -> bool:
    below = [key for key in fields if key != "."]
    if not below:
        return _equal(desired, live)
    if isinstance(desired, dict) and isinstance(live, dict):
        return _same_map(desired, live, fields, below)
    if isinstance(desired, list) and isinstance(live, list) and len(below) == len(desired):
        return _same_list(desired, live, fields, below)
    return False


def _same_map(desired: dict[str, Any], live: dict[str, Any], fields: Fields, below: list[str]) -> bool:
    return len(below) == len(desired) and all(
        key in live and f"f:{key}" in fields and _same(value, live[key], fields[f"f:{key}"])
        for key, value in desired.items()
    )


def _same_list(desired: list[Any], live: list[Any], fields: Fields, below: list[str]) -> bool:
    """Each step of the fields takes one element of either list, in the same order."""
    if all(step.startswith("v:") for step in below):
        values = [json.loads(step[2:]) for step in below]
        return all(value in desired and value in live for value in values) and _ordered(desired, live)
    places = []
    for step in below:
        if not step.startswith("k:"):
            return False
        keys = json.loads(step[2:])
        mine, theirs = _matching(desired, keys, strict=False), _matching(live, keys, strict=True)
        if len(mine) != 1 or len(theirs) != 1 or not _same(desired[mine[0]], live[theirs[0]], fields[step]):
            return False
        places.append((mine[0], theirs[0]))
    places.sort()
    return [place for place, _live in places] == list(range(len(desired))) and places == sorted(
        places, key=lambda place: place[1]
    )


def _ordered(desired: list[Any], live: list[Any]) -> bool:
    return [value for value in live if value in desired] == desired


def _matching(elements: Sequence[Any], keys: Mapping[str, Any], *, strict: bool) -> list[int]:
    """Where the elements with these keys stand. Not strict: a key that is left out has its default."""
    return [
        place
        for place, element in enumerate(elements)
        if isinstance(element, dict)
        and any(key in element for key in keys)
        and all(
            _equal(element[key], value) if key in element else not strict or value is None
            for key, value in keys.items()
        )
    ]


def _equal(desired: Any, live: Any) -> bool:
    """Equal as JSON: True is not 1."""
    if isinstance(desired, dict) and isinstance(live, dict):
        return desired.keys() == live.keys() and all(_equal(value, live[key]) for key, value in desired.items())
    if isinstance(desired, list) and isinstance(live, list):
        return len(desired) == len(live) and all(map(_equal, desired, live))
    return isinstance(desired, bool) == isinstance(live, bool) and bool(desired == live)


def last_manager(live: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Who set the field last: {manager, operation, time}, or {} where nobody owns it."""
    owners = [entry for entry in _entries(live) if _owns(entry.get("fieldsV1") or {}, path)]
    if not owners:
        return {}
    last = max(owners, key=lambda entry: str(entry.get("time") or ""))
    return {key: str(last.get(key) or "") for key in ("manager", "operation", "time")}


def label_owners(live: Mapping[str, Any], label: str) -> set[str]:
    """The managers that own a label."""
    path = ("metadata", "labels", label)
    return {str(entry.get("manager")) for entry in _entries(live) if _owns(entry.get("fieldsV1") or {}, path)}


def _owns(fields: Fields, path: Path) -> bool:
    """Whether the tree holds the path, or something above it as a whole."""
    for step in path:
        below = _below(fields, step)
        if below is None:
            return False
        if not below:
            return True
        fields = below
    return True


def _below(fields: Fields, step: Step) -> Fields | None:
    if isinstance(step, str):
        return fields.get(f"f:{step}")
    if isinstance(step, Mapping):
        for key, below in fields.items():
            if key.startswith("k:") and _agrees(json.loads(key[2:]), step):
                return below  # type: ignore[no-any-return]
    return None


def _agrees(keys: Mapping[str, Any], element: Mapping[str, Any]) -> bool:
    return all(element.get(key, value) == value for key, value in keys.items()) and bool(keys.keys() & element.keys())


def _entries(live: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in (live.get("metadata") or {}).get("managedFields") or ():
        if isinstance(entry, Mapping):
            yield entry


def latest_of(live: Mapping[str, Any], manager: str) -> dict[str, str]:
    """A manager and what it did last: {manager, operation, time}."""
    entries = [entry for entry in _entries(live) if entry.get("manager") == manager]
    last = max(entries, key=lambda entry: str(entry.get("time") or ""), default={})
    return {"manager": manager, **{key: str(last.get(key) or "") for key in ("operation", "time")}}
