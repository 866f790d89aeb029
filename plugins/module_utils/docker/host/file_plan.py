# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a list of declared files asks for, as steps from what is there; and those steps made, or taken back."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_state import (
    FileChange,
    FileState,
    make,
    read_state,
)


def plan_files(declared: Iterable[Mapping[str, Any]]) -> list[FileChange]:
    """The steps that are needed, in order, with the folders that have to be made first. Raises DockerError."""
    changes: list[FileChange] = []
    for entry in merge_by_path(declared):
        change = _plan_one(entry)
        if change is not None and change.needed:
            made = {earlier.path for earlier in changes}
            changes += [folder for folder in _missing_folders(change) if folder.path not in made]
            changes.append(change)
    return changes


def merge_by_path(declared: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One entry a path; where several name it, what a later one says has the last word."""
    merged: dict[str, dict[str, Any]] = {}
    for entry in declared:
        if not os.path.isabs(entry["path"]):
            raise DockerError(f"files: {entry['path']!r} is not an absolute path")
        path = os.path.normpath(entry["path"])
        said = {key: value for key, value in entry.items() if value is not None}
        merged.setdefault(path, {}).update(said, path=path)
    return list(merged.values())


def make_all(changes: list[FileChange]) -> None:
    """Make every step, or none: when one fails, those before it are taken back. Raises DockerError."""
    done: list[FileChange] = []
    for change in changes:
        try:
            make(change)
        except OSError as exc:
            _take_back(done)
            raise DockerError(f"{change.path} cannot be changed ({exc.strerror or exc}); nothing was changed") from exc
        done.append(change)


def with_line(content: bytes, line: str, match: str) -> bytes:
    """The content with `line` in the place of the lines that match, or at its end where none does."""
    pattern = re.compile(match)
    lines = content.decode("utf-8", "surrogateescape").splitlines(keepends=True)
    hits = [number for number, text in enumerate(lines) if pattern.search(text)]
    if hits:
        lines = [line + "\n" if at == hits[0] else text for at, text in enumerate(lines) if at not in hits[1:]]
    else:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines.append(line + "\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def _plan_one(entry: Mapping[str, Any]) -> FileChange | None:
    path, owns_content = entry["path"], any(entry.get(key) is not None for key in ("content", "secret", "line"))
    before = read_state(path, content=owns_content)
    _refuse_odd(entry, before, owns_content)
    if before is None and not owns_content and not entry.get("directory"):
        return None
    start = before or FileState(
        0o755 if entry.get("directory") else 0o644, 0, 0, directory=bool(entry.get("directory"))
    )
    after = replace(start, mode=_mode(entry, start.mode), uid=_uid(entry, start.uid), gid=_gid(entry, start.gid))
    if owns_content:
        after = replace(after, content=_content(entry, before))
    return FileChange(path, before, after, secret=entry.get("secret") is not None)


def _refuse_odd(entry: Mapping[str, Any], before: FileState | None, owns_content: bool) -> None:
    path = entry["path"]
    if owns_content and os.path.islink(path):
        raise DockerError(f"{path} is a symlink to {os.path.realpath(path)}: name that file")
    if before is not None and owns_content and before.content is None:
        raise DockerError(f"{path} is not a regular file")
    if before is not None and entry.get("directory") and not before.directory:
        raise DockerError(f"{path} is not a folder")


def _content(entry: Mapping[str, Any], before: FileState | None) -> bytes:
    if entry.get("line") is not None:
        held = before.content if before and before.content else b""
        return with_line(held, entry["line"], entry.get("match") or "^" + re.escape(entry["line"]) + "$")
    text = entry["secret"] if entry.get("secret") is not None else entry["content"]
    return str(text).encode()


def _mode(entry: Mapping[str, Any], present: int) -> int:
    if entry.get("mode") is not None:
        return octal(entry, "mode")
    if entry.get("mode_at_most") is not None:
        return present & octal(entry, "mode_at_most")
    return present


def octal(entry: Mapping[str, Any], key: str) -> int:
    """A mode written as octal digits. Raises DockerError for anything else."""
    if not re.fullmatch(r"[0-7]{3,4}", str(entry[key])):
        raise DockerError(
            f"{entry['path']}: {key} {entry[key]!r} is not a mode: write four octal digits in quotes, as 0644"
        )
    return int(entry[key], 8)


def _uid(entry: Mapping[str, Any], present: int) -> int:
    name = entry.get("owner")
    if name is None:
        return present
    try:
        return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid
    except KeyError:
        raise DockerError(f"{entry['path']}: there is no user {name} on this host") from None


def _gid(entry: Mapping[str, Any], present: int) -> int:
    name = entry.get("group")
    if name is None:
        return present
    try:
        return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise DockerError(f"{entry['path']}: there is no group {name} on this host") from None


def _missing_folders(change: FileChange) -> list[FileChange]:
    missing: list[FileChange] = []
    folder = os.path.dirname(change.path)
    while change.before is None and not os.path.isdir(folder):
        missing.insert(0, FileChange(folder, None, FileState(0o755, 0, 0, directory=True)))
        folder = os.path.dirname(folder)
    return missing


def _take_back(done: list[FileChange]) -> None:
    for change in reversed(done):
        with contextlib.suppress(OSError):
            make(FileChange(change.path, change.after, change.before))
