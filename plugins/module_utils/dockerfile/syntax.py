# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Dockerfile as instructions, by the grammar of BuildKit's parser: directives, continuations, heredocs, flags, JSON.

Sources: moby/buildkit frontend/dockerfile/parser and docs.docker.com/reference/dockerfile.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.errors import DockerfileError
from ansible_collections.bulkhead.container_security.plugins.module_utils.dockerfile.words import unquote
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats.plain_secrets import without_secrets

# Docker reads a line into 64 KiB and refuses a longer one.
LONGEST_LINE = 65535
KEYWORDS = frozenset(
    str.split(
        "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER"
        " VOLUME WORKDIR"
    )
)
_DIRECTIVE = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*\Z")
_HEREDOC = re.compile(r"(\d*)<<(-?)([^<]+)\Z")
_FLAG = re.compile(r"--([A-Za-z0-9-]+)(?:=(.*))?\Z", re.DOTALL)
_JSON_FORMS = frozenset(str.split("ADD CMD COPY ENTRYPOINT HEALTHCHECK RUN SHELL VOLUME"))
_HEREDOC_FORMS = frozenset(("ADD", "COPY", "RUN"))


@dataclass(frozen=True)
class Heredoc:
    """A document within an instruction: its name, its text, and whether variables in it are put in."""

    name: str
    text: str
    expand: bool


@dataclass(frozen=True)
class Instruction:
    """One instruction. Lines count from 1; `arguments` is what stands behind the flags; `json` its JSON form, if any.

    comments: (line, text) of the comments between the instruction before and its own end.
    """

    keyword: str
    arguments: str
    line: int
    last_line: int
    flags: tuple[tuple[str, str], ...] = ()
    json: tuple[str, ...] | None = None
    heredocs: tuple[Heredoc, ...] = ()
    comments: tuple[tuple[int, str], ...] = ()
    trigger: bool = False

    def flag(self, name: str) -> list[str]:
        """The values of a flag, in their order."""
        return [value for key, value in self.flags if key == name]

    @property
    def text(self) -> str:
        """The whole of it in one line, for people and for its identity; heredocs follow in lines of their own."""
        flags = [f"--{name}={value}" if value else f"--{name}" for name, value in self.flags]
        head = " ".join(
            [*(["ONBUILD"] if self.trigger else []), self.keyword, *flags, " ".join(self.arguments.split())]
        )
        return "\n".join([head, *(document.text for document in self.heredocs)])


@dataclass(frozen=True)
class Dockerfile:
    """What a file says: its instructions, the escape character, directives by name, and comments behind it all."""

    instructions: tuple[Instruction, ...]
    escape: str = "\\"
    directives: dict[str, str] = field(default_factory=dict)
    trailing: tuple[tuple[int, str], ...] = ()


def parse(text: str, name: str) -> Dockerfile:
    """Read a Dockerfile. Raises DockerfileError, with name and line, for what Docker would refuse as well."""
    return _Parser(text, name).parse()


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self._lines = text[1:].split("\n") if text.startswith("\ufeff") else text.split("\n")
        if self._lines and not self._lines[-1]:
            self._lines.pop()
        self._name = name
        self._at = 0
        self._escape = "\\"
        self._directives: dict[str, str] = {}
        self._comments: list[tuple[int, str]] = []

    def parse(self) -> Dockerfile:
        self._read_directives()
        self._continues = re.compile(rf"(?:(?<!{re.escape(self._escape)})){re.escape(self._escape)}[ \t]*\Z")
        instructions = tuple(self._instructions())
        if not instructions:
            raise DockerfileError(f"{self._name} holds no instruction")
        return Dockerfile(instructions, self._escape, self._directives, tuple(self._comments))

    def _fault(self, line: int, what: str) -> DockerfileError:
        return DockerfileError(f"{self._name}:{line}: {what}")

    def _read_directives(self) -> None:
        for number, raw in enumerate(self._lines, 1):
            found = _DIRECTIVE.match(raw.strip())
            key = found[1].lower() if found else ""
            if not found or key not in ("syntax", "escape", "check"):
                return
            if key in self._directives:
                raise self._fault(number, f"the directive {key} stands there twice")
            self._directives[key] = found[2]
            if key == "escape":
                self._take_escape(number, found[2])

    def _take_escape(self, number: int, value: str) -> None:
        if value not in ("\\", "`"):
            raise self._fault(number, f"the directive escape takes \\ or `, not {value[:20]!r}")
        self._escape = value

    def _next(self) -> str:
        line = self._lines[self._at].rstrip("\r")
        self._at += 1
        if len(line) > LONGEST_LINE:
            raise self._fault(self._at, f"the line is longer than {LONGEST_LINE} characters, which Docker refuses")
        return line

    def _instructions(self) -> Iterator[Instruction]:
        while self._at < len(self._lines):
            line = self._next().lstrip(" \t\r\x0b\x0c")
            if line.startswith("#"):
                self._comments.append((self._at, line))
                continue
            if not line.strip():
                continue
            start = self._at
            logical = self._continued(line)
            if logical.strip():
                yield self._instruction(logical, start)
            self._comments.clear()

    def _continued(self, line: str) -> str:
        """The line with all that continue it: comments and blank lines between them are passed over."""
        parts = []
        line, goes_on = self._cut(line)
        parts.append(line)
        while goes_on and self._at < len(self._lines):
            line = self._next()
            if line.lstrip().startswith("#"):
                self._comments.append((self._at, line.lstrip()))
            elif line.strip():
                line, goes_on = self._cut(line)
                parts.append(line)
        return "".join(parts)

    def _cut(self, line: str) -> tuple[str, bool]:
        found = self._continues.search(line)
        return (line[: found.start()], True) if found else (line, False)

    def _instruction(self, logical: str, start: int) -> Instruction:
        comments = tuple(self._comments)
        instruction = self._parsed(logical.strip(), start, comments)
        if instruction.keyword in _HEREDOC_FORMS and instruction.json is None and "<<" in instruction.arguments:
            heredocs = tuple(self._heredoc(*opened) for opened in heredocs_of(instruction.arguments, self._escape))
            return Instruction(**{**instruction.__dict__, "heredocs": heredocs, "last_line": self._at})
        return instruction

    def _parsed(
        self, logical: str, start: int, comments: tuple[tuple[int, str], ...], trigger: bool = False
    ) -> Instruction:
        word, rest = (*logical.split(None, 1), "")[:2]
        keyword = word.upper()
        if keyword not in KEYWORDS:
            raise self._fault(start, f"{_shown(word)!r} is no instruction")
        if keyword == "ONBUILD":
            return self._onbuild(rest, start, comments, trigger)
        flags, arguments = self._flags(rest, start)
        if not arguments and keyword not in ("CMD", "ENTRYPOINT", "RUN"):
            raise self._fault(start, f"{keyword} needs an argument")
        listed = _json_form(arguments) if keyword in _JSON_FORMS else None
        return Instruction(keyword, arguments, start, self._at, flags, listed, (), comments, trigger)

    def _onbuild(self, rest: str, start: int, comments: tuple[tuple[int, str], ...], trigger: bool) -> Instruction:
        first = rest.split(None, 1)[0].upper() if rest else ""
        if trigger or first in ("ONBUILD", "FROM", "MAINTAINER", ""):
            raise self._fault(start, f"ONBUILD takes an instruction, and not {first or 'nothing'}")
        return self._parsed(rest, start, comments, trigger=True)

    def _flags(self, rest: str, start: int) -> tuple[tuple[tuple[str, str], ...], str]:
        flags: list[tuple[str, str]] = []
        while rest.startswith("--"):
            word, after = _first_word(rest, self._escape)
            if word == "--":
                return tuple(flags), after
            found = _FLAG.match(unquote(word, self._escape))
            if not found:
                raise self._fault(start, f"{_shown(word)!r} is no flag")
            flags.append((found[1].lower(), found[2] or ""))
            rest = after
        return tuple(flags), rest

    def _heredoc(self, name: str, chomp: bool, expand: bool) -> Heredoc:
        start = self._at
        lines: list[str] = []
        while self._at < len(self._lines):
            line = self._next()
            bare = line.lstrip("\t") if chomp else line
            if bare == name:
                return Heredoc(name, "\n".join(lines), expand)
            lines.append(bare)
        raise self._fault(start, f"the heredoc {name[:40]!r} has no end")


def _shown(word: str) -> str:
    """A word for a message. A line that was meant to go on may begin with an assignment of a secret."""
    return without_secrets(word[:200])[:40]


def _json_form(arguments: str) -> tuple[str, ...] | None:
    """The list of texts that it is, or None for the shell form, which Docker takes whatever is no such list for."""
    if not arguments.startswith("["):
        return None
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(value)


def _first_word(text: str, escape: str) -> tuple[str, str]:
    """The first word as it is written, and what follows it."""
    words = split(text, escape, most=1)
    word = words[0] if words else ""
    return word, text[len(word) :].lstrip()


def split(text: str, escape: str = "\\", most: int = 0) -> list[str]:
    """Words as they are written, quotes and escapes included; at most so many."""
    words: list[str] = []
    at, size = 0, len(text)
    while at < size and not (most and len(words) >= most):
        while at < size and text[at].isspace():
            at += 1
        start = at
        quote = ""
        while at < size and (quote or not text[at].isspace()):
            char = text[at]
            if char == escape and quote != "'":
                at += 1
            elif quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            at += 1
        if at > start:
            words.append(text[start:at])
    return words


def heredocs_of(arguments: str, escape: str = "\\") -> list[tuple[str, bool, bool]]:
    """(name, whether tabs are cut, whether variables are put in) of each heredoc that a line opens."""
    opened = []
    for word in split(arguments, escape):
        found = _HEREDOC.match(word)
        if found:
            name = unquote(found[3], escape)
            opened.append((name, bool(found[2]), name == found[3]))
    return opened
