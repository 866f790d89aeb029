# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A build context: what of a folder is sent to the builder, how much that is, and what of it ought to stay."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.ignore_file import (
    IgnoreFile,
    parse_ignore_file,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.secret_files import looks_secret
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.text_file import read_text

_VERSION_CONTROL = frozenset((".git", ".hg", ".svn", ".bzr"))
_MOST_NAMES = 20


@dataclass
class Sent:
    """What would be sent: numbers of files and bytes, and the paths that ought to stay."""

    files: int = 0
    size: int = 0
    secrets: list[str] = field(default_factory=list)
    repositories: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def context_facts(folder: str, dockerfile: str, most_files: int) -> dict[str, Any]:
    """Facts of the context of a Dockerfile (base name). Raises DockerfileError for a folder or patterns that fail.

    most_files: where to stop. What lies beyond is unknown then, and so are the facts that it would change.
    """
    ignore_name, ignore = _ignore_file(folder, dockerfile)
    sent = Sent()
    facts: dict[str, Any] = {"folder": folder, "ignore_file": ignore_name}
    own = {dockerfile, ".dockerignore", f"{dockerfile}.dockerignore"}
    reason = ""
    for path, file, status in walk(folder, ignore, sent):
        if path in own:
            continue
        if sent.files >= most_files:
            reason = f"there are more than {most_files} files in {folder}; raise context_max_files, or ignore more"
            break
        _count(sent, path, file, status)
    if sent.unread:
        reason = reason or f"{sent.unread[0]} cannot be read"
    facts.update(
        files=sent.files,
        size_mb=round(sent.size / 1e6, 1),
        secret_files=sorted(sent.secrets)[:_MOST_NAMES],
        repositories=sorted(sent.repositories)[:_MOST_NAMES],
    )
    if reason:
        # What was found stays a finding; that nothing was found says nothing.
        unseen = {"secret_files": sent.secrets, "repositories": sent.repositories, "size_mb": None}
        facts["unknown"] = {name: reason for name, found in unseen.items() if not found}
    return facts


def _ignore_file(folder: str, dockerfile: str) -> tuple[str | None, IgnoreFile]:
    """The name and patterns of the ignore file: the one of this Dockerfile goes before that of the folder."""
    for name in (f"{dockerfile}.dockerignore", ".dockerignore"):
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return name, parse_ignore_file(read_text(path, path), path)
    return None, IgnoreFile(())


def walk(folder: str, ignore: IgnoreFile, sent: Sent) -> Iterator[tuple[str, str, os.stat_result]]:
    """(path in the context, path, status) of every file that is sent. Links are sent as such, and not followed."""
    waiting = [("", folder)]
    while waiting:
        prefix, place = waiting.pop()
        for entry in _entries(place, sent):
            path = f"{prefix}{entry.name}"
            ignored = ignore.ignores(path)
            is_folder = entry.is_dir(follow_symlinks=False)
            if is_folder and (not ignored or ignore.has_exceptions):
                if not ignored and entry.name in _VERSION_CONTROL:
                    sent.repositories.append(path)
                waiting.append((f"{path}/", entry.path))
            elif not is_folder and not ignored:
                yield path, entry.path, entry.stat(follow_symlinks=False)


def _entries(place: str, sent: Sent) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except PermissionError:
        sent.unread.append(place)
        return []
    except OSError as exc:
        raise DockerfileError(f"The build context {place} cannot be read: {exc.strerror}") from exc


def _count(sent: Sent, path: str, file: str, status: os.stat_result) -> None:
    sent.files += 1
    if not stat.S_ISREG(status.st_mode):
        return
    sent.size += status.st_size
    # A repository is one thing to tell, and its objects are packed.
    if any(path.startswith(f"{folder}/") for folder in sent.repositories):
        return
    try:
        if looks_secret(path, file):
            sent.secrets.append(path)
    except PermissionError:
        sent.unread.append(file)
