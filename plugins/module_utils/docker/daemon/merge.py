# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Declared keys merged into a daemon.json that may hold others' keys, and taken out of it again.

Maps are merged member by member, None removes (as in a JSON merge patch, RFC 7396), scalars are replaced, and lists are
replaced or completed. Whatever is not named keeps its value and its place.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

Record = dict[str, dict[str, Any]]
"""What was changed, by key: {"set": our value, and "before": the value that was there, where there was one}."""


def merged(
    data: Mapping[str, Any], declared: Mapping[str, Any], absent: Iterable[str] = (), append: bool = False
) -> dict[str, Any]:
    """A copy of `data` with `declared` merged in and the keys of `absent` gone. `append` completes lists."""
    result = copy.deepcopy(dict(data))
    _merge(result, declared, append)
    for key in absent:
        result.pop(key, None)
    return result


def _merge(target: dict[str, Any], declared: Mapping[str, Any], append: bool) -> None:
    for name, value in declared.items():
        there = target.get(name)
        if value is None:
            target.pop(name, None)
        elif isinstance(value, Mapping):
            inner = there if isinstance(there, dict) else {}
            _merge(inner, value, append)
            target[name] = inner
        elif append and isinstance(value, list) and isinstance(there, list):
            target[name] = there + [item for item in value if item not in there]
        else:
            target[name] = copy.deepcopy(value)


def changed_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The top-level keys whose value differs, in the order of the file after, then those that went."""
    return [key for key in {**after, **before} if key not in before or key not in after or before[key] != after[key]]


def recorded(record: Record, before: Mapping[str, Any], after: Mapping[str, Any]) -> Record:
    """The record of what we changed, continued: the first value that was not ours stays the one to go back to."""
    result = copy.deepcopy(record)
    for key in changed_keys(before, after):
        entry = result.get(key)
        if entry is None or (key in before and before[key] != entry.get("set")):
            entry = {"before": before[key]} if key in before else {}
        entry.pop("set", None)
        if key in after:
            entry["set"] = after[key]
        result[key] = entry
    return result


def undone(data: Mapping[str, Any], record: Record, keys: Iterable[str] | None) -> tuple[dict[str, Any], list[str]]:
    """A copy of `data` without our changes, and the keys that others have changed since and that were left alone.

    `keys` limits it; None means every key of the record.
    """
    result, foreign = copy.deepcopy(dict(data)), []
    for key in record if keys is None else [key for key in keys if key in record]:
        entry = record[key]
        if ("set" in entry) != (key in result):
            # We removed it and someone put it back, or the other way round.
            foreign += [key] if "set" not in entry or "before" in entry else []
            continue
        restored = _restore(result.get(key), entry)
        if restored is _FOREIGN:
            foreign.append(key)
        elif restored is _GONE:
            result.pop(key, None)
        else:
            result[key] = restored
    return result, foreign


_GONE = object()
_FOREIGN = object()


def _restore(now: Any, entry: Mapping[str, Any]) -> Any:
    before = copy.deepcopy(entry["before"]) if "before" in entry else _GONE
    if now == entry.get("set"):
        return before
    if isinstance(now, dict) and isinstance(entry.get("set"), dict):
        return _restore_members(now, entry["set"], before if isinstance(before, dict) else {})
    if isinstance(now, list) and isinstance(entry.get("set"), list):
        kept = before if isinstance(before, list) else []
        left = [item for item in now if item in kept or item not in entry["set"]]
        return left or before
    return _FOREIGN


def _restore_members(now: dict[str, Any], ours: Mapping[str, Any], before: Mapping[str, Any]) -> Any:
    """A map that others have changed beside us: only the members that are still as we set them go back."""
    result = {}
    for name in {**now, **before}:
        touched = ours.get(name) != before.get(name) and now.get(name) == ours.get(name)
        source = before if touched else now
        if name in source:
            result[name] = source[name]
    return result or _GONE
