# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are Dockerfiles, what they are called in findings, and what their build context is."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError

PATTERNS = ("Dockerfile", "*.Dockerfile", "*.dockerfile", "Dockerfile.*", "Containerfile", "Containerfile.*")
_NO_DOCKERFILE = re.compile(r"\.(?:dockerignore|containerignore|swp|orig|rej|bak)\Z|~\Z")
# What others wrote, or what is no source. Name such a folder in paths to have it searched.
_PASSED_OVER = frozenset((".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", ".tox"))


@dataclass(frozen=True)
class Found:
    """A Dockerfile: its path, and its name in findings, which is its path below the root, with slashes."""

    path: str
    name: str


def find(paths: Sequence[str], root: str, patterns: Sequence[str], exclude: Sequence[str]) -> list[Found]:
    """The Dockerfiles that paths name, or that lie in folders that they name. Raises DockerfileError."""
    expression = _any_of(patterns or PATTERNS)
    excluded = _any_of(exclude) if exclude else None
    found: dict[str, Found] = {}
    for given in paths:
        top = root or root_of(given)
        for path in _below(given, expression):
            name = _name(path, top)
            if excluded is None or not excluded.match(name):
                found.setdefault(os.path.realpath(path), Found(path, name))
    return sorted(found.values(), key=lambda row: row.name)


def root_of(path: str) -> str:
    """The working tree that a path is in; without one, the folder itself, or that of the file."""
    folder = os.path.abspath(path if os.path.isdir(path) else os.path.dirname(path) or ".")
    place = folder
    while True:
        if os.path.exists(os.path.join(place, ".git")):
            return place
        above = os.path.dirname(place)
        if above == place:
            return folder
        place = above


def _name(path: str, root: str) -> str:
    inside = os.path.relpath(os.path.abspath(path), os.path.abspath(root))
    return (os.path.abspath(path) if inside.startswith("..") else inside).replace(os.sep, "/")


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns))


def _below(given: str, expression: re.Pattern[str]) -> Iterator[str]:
    if not os.path.isdir(given):
        if not os.path.lexists(given):
            raise DockerfileError(f"paths: {given} is not there")
        yield given
        return

    def unreadable(exc: OSError) -> None:
        raise DockerfileError(f"paths: {exc.filename} cannot be read: {exc.strerror}") from exc

    for place, folders, files in os.walk(given, onerror=unreadable):
        folders[:] = sorted(folder for folder in folders if folder not in _PASSED_OVER)
        for file in sorted(files):
            if expression.match(file) and not _NO_DOCKERFILE.search(file):
                yield os.path.join(place, file)
