# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of host files as they were before us, and the steps that bring them back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_state import (
    FileChange,
    FileState,
    digest,
    from_record,
    read_state,
)

Record = dict[str, Any]


def remember(record: Record, changes: Iterable[FileChange], declared: Iterable[Mapping[str, Any]]) -> Record:
    """The record with these steps; what was ours already keeps the state from before it became ours."""
    lines = {os.path.normpath(entry["path"]): entry["line"] for entry in declared if entry.get("line") is not None}
    kept = dict(record)
    for change in changes:
        earlier = kept.get(change.path)
        ours = earlier is not None and _is_ours(change.before, earlier["after"])
        after = change.after.to_record() if change.after else None
        if after is not None:
            after = {**after, "content": None, "digest": digest(change.after)}
        before = earlier["before"] if earlier and ours else change.before.to_record() if change.before else None
        kept[change.path] = {"before": before, "after": after, "line": lines.get(change.path), "secret": change.secret}
    return kept


def plan_undo(record: Record, paths: Iterable[str] | None) -> tuple[list[FileChange], list[str]]:
    """The steps back for these recorded paths (None: all), and the paths left alone as somebody changed them since."""
    wanted = set(record) if paths is None else set(paths) | _folders_of(record, paths)
    steps: list[FileChange] = []
    kept: list[str] = []
    for path in sorted(wanted & set(record), key=lambda each: (-each.count("/"), each)):
        stored = record[path]
        current = read_state(path, content=stored["after"].get("digest") is not None)
        before = from_record(stored["before"])
        if current is None or (before is not None and before.same_as(current)):
            continue
        if stored["after"]["directory"] and before is None:
            steps += [FileChange(path, current, None)] if _empty_after(path, steps) else []
        elif _is_ours(current, stored["after"]):
            steps.append(FileChange(path, current, before, stored["secret"]))
        elif stored.get("line") and current.content is not None:
            steps.append(FileChange(path, current, _without_line(current, before, stored["line"])))
        else:
            kept.append(path)
    return [step for step in steps if step.needed], kept


def forget(record: Record, paths: Iterable[str] | None) -> Record:
    """The record without these paths (None: without any), and without folders that are gone."""
    gone = set(record) if paths is None else set(paths)
    left = {path: stored for path, stored in record.items() if path not in gone}
    return {path: stored for path, stored in left.items() if not stored["after"]["directory"] or os.path.isdir(path)}


def _is_ours(current: FileState | None, after: Mapping[str, Any]) -> bool:
    if current is None:
        return False
    same_attributes = (current.mode, current.uid, current.gid) == (after["mode"], after["uid"], after["gid"])
    return same_attributes and after.get("digest") in (None, digest(current))


def _without_line(current: FileState, before: FileState | None, line: str) -> FileState:
    """The file as it is now, with the line of ours replaced by the lines it once replaced."""
    text = (current.content or b"").decode("utf-8", "surrogateescape").splitlines(keepends=True)
    earlier = (before.content or b"") if before else b""
    key = line.partition("=")[0] + "="
    old = [
        each for each in earlier.decode("utf-8", "surrogateescape").splitlines(keepends=True) if each.startswith(key)
    ]
    result: list[str] = []
    for each in text:
        result += old if each.rstrip("\n") == line else [each]
    return replace(current, content="".join(result).encode("utf-8", "surrogateescape"))


def _folders_of(record: Record, paths: Iterable[str]) -> set[str]:
    below = tuple(paths)
    return {
        path
        for path, stored in record.items()
        if stored["after"]["directory"] and any(each.startswith(path + "/") for each in below)
    }


def _empty_after(folder: str, steps: list[FileChange]) -> bool:
    going = {step.path for step in steps if step.after is None}
    return all(os.path.join(folder, name) in going for name in os.listdir(folder))
