# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The patterns of a .dockerignore, and which paths they keep out of a build context.

Sources: moby/patternmatcher (patternmatcher.go, ignorefile.go). The last pattern that matches a path, or a folder above
it, decides; `!` lets in again.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError


@dataclass(frozen=True)
class Pattern:
    """One line: whether it lets in again, and the expression that a path, without a leading slash, is to match."""

    exception: bool
    expression: re.Pattern[str]


class IgnoreFile:
    """The patterns in their order."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = tuple(patterns)
        self.has_exceptions = any(pattern.exception for pattern in self._patterns)

    def ignores(self, path: str) -> bool:
        """Whether a path stays behind, by a pattern for it or for a folder that it is in."""
        if not self._patterns:
            return False
        parts = path.split("/")
        above = ["/".join(parts[:size]) for size in range(len(parts), 0, -1)]
        ignored = False
        for pattern in self._patterns:
            # An exception can only let in what is out, any other pattern only put out what is in.
            if pattern.exception == ignored and any(map(pattern.expression.match, above)):
                ignored = not pattern.exception
        return ignored


def parse_ignore_file(text: str, name: str) -> IgnoreFile:
    """Raises DockerfileError, with name and line, for a pattern that Docker refuses."""
    patterns = []
    for number, line in enumerate(text.lstrip("\ufeff").split("\n"), 1):
        if line.startswith("#"):
            continue
        pattern = line.strip()
        exception = pattern.startswith("!")
        pattern = pattern[1:].strip() if exception else pattern
        if not pattern:
            if exception:
                raise DockerfileError(f"{name}:{number}: a ! with nothing behind it is no pattern")
            continue
        cleaned = _cleaned(pattern)
        try:
            patterns.append(Pattern(exception, re.compile(_expression(cleaned), re.DOTALL)))
        except (re.error, ValueError) as exc:
            raise DockerfileError(f"{name}:{number}: {pattern[:60]!r} is no pattern: {exc}") from exc
    return IgnoreFile(patterns)


def _cleaned(pattern: str) -> str:
    """The shortest equal path, without a slash at its beginning. `..` leads out, where nothing is."""
    path = posixpath.normpath(pattern)
    path = path[1:] if path.startswith("//") else path
    return path[1:] if len(path) > 1 and path.startswith("/") else path


def _expression(pattern: str) -> str:
    """A pattern as a regular expression. `**` is any number of folders, `*` and `?` stay within one."""
    # A pattern that begins with ** and goes on without anything special is a mere ending to Docker.
    rest = pattern[2:]
    if pattern.startswith("**") and rest and not set(rest) & set("*?[]\\"):
        ending = re.escape(rest)
        return rf"(?:.*{ending}|{re.escape(rest[1:])})\Z" if rest.startswith("/") else rf".*{ending}\Z"
    parts = []
    at, size = 0, len(pattern)
    while at < size:
        char = pattern[at]
        at += 1
        if char == "*" and pattern[at : at + 1] == "*":
            at += 1
            at += pattern[at : at + 1] == "/"
            parts.append(".*" if at >= size else "(?:.*/)?")
        elif char == "[":
            text, at = _class(pattern, at)
            parts.append(text)
        elif char == "\\":
            if at >= size:
                raise ValueError("it ends with a backslash")
            parts.append(re.escape(pattern[at]))
            at += 1
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(char) or (re.escape(char)))
    return "".join(parts) + r"\Z"


def _class(pattern: str, at: int) -> tuple[str, int]:
    """A class such as [a-z] or [^0-9], as an expression, and where the pattern goes on."""
    end = at + (pattern[at : at + 1] == "^")
    while end < len(pattern) and pattern[end] != "]":
        end += 2 if pattern[end] == "\\" else 1
    inside = pattern[at:end]
    if end >= len(pattern) or not inside.lstrip("^"):
        raise ValueError("a [ has no end, or nothing stands in it")
    return "[" + inside.replace("[", r"\[") + "]", end + 1
