# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an image was built, read from its history.

The history holds one line a layer: `/bin/sh -c #(nop)  ENV A=b` and `|1 ARG=x /bin/sh -c cmd` from the classic
builder, `ENV A=b` and `RUN |1 ARG=x /bin/sh -c cmd # buildkit` from BuildKit, and whatever command made a commit.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_NOP = re.compile(r".*?#\(nop\)\s+(?P<keyword>[A-Z]+)\s*(?P<text>.*)\Z", re.DOTALL)
_KEYWORD = re.compile(
    r"(?P<keyword>ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL"
    r"|USER|VOLUME|WORKDIR)\s+(?P<text>.*)\Z",
    re.DOTALL,
)
_SHELL = re.compile(r"/\S*sh(?:\s+-?\w+)*?\s+-\w*c\s+")
_ARGUMENTS = re.compile(r"\|(\d+)\s+(?P<arguments>.*?)\s*(?=/\S*sh(?:\s+-?\w+)*?\s+-\w*c\s)", re.DOTALL)
_ARGUMENT = re.compile(r"([A-Za-z_]\w*)=(.*?)(?=\s[A-Za-z_]\w*=|\Z)", re.DOTALL)
_ROOT_FILESYSTEM = re.compile(r"(?:file|multi|dir):[0-9a-f]+ in /\s*\Z")

_MANAGERS = re.compile(r"\b(?:apt|apt-get|aptitude|apk|dnf|microdnf|yum|zypper|pacman|opkg)\b")
_REFRESH = {
    "apt": {"update"},
    "apt-get": {"update"},
    "aptitude": {"update"},
    "apk": {"update"},
    "opkg": {"update"},
    "dnf": {"makecache", "check-update"},
    "microdnf": {"makecache"},
    "yum": {"makecache", "check-update"},
    "zypper": {"refresh", "ref"},
}
_USES = {"install", "in", "add", "upgrade", "dist-upgrade", "full-upgrade", "build-dep", "reinstall", "safe-upgrade"}
# Options that make a package manager or a downloader take what nobody has signed.
_UNVERIFIED = re.compile(
    r"--allow-unauthenticated|--allow-insecure-repositories|--force-yes|--allow-untrusted|--nogpgcheck|--no-gpg-checks?"
    r"|--trusted-host|--no-check-certificate|\bcurl\b[^;&|]*\s(?:--insecure|-[a-zA-Z]*k[a-zA-Z]*)(?=\s)"
    r"|(?:gpgcheck|sslverify)\s*=\s*0|\[\s*trusted\s*=\s*yes|AllowUnauthenticated\s*\"?=?\s*\"?(?:true|1)"
)


@dataclass(frozen=True)
class Step:
    """One instruction: its keyword, its text, and the build arguments that it saw."""

    keyword: str
    text: str
    arguments: tuple[tuple[str, str], ...] = ()


def steps(history: Iterable[Mapping[str, Any]]) -> list[Step]:
    """The answer of GET /images/ID/history, newest first, as instructions, oldest first."""
    lines = [str(entry.get("CreatedBy") or "") for entry in history]
    return [step for step in (parse(line) for line in reversed(lines)) if step]


def parse(created_by: str) -> Step | None:
    """One line of the history, None for an empty one."""
    line = re.sub(r"\s*# buildkit\s*\Z", "", created_by).strip()
    if not line:
        return None
    match = _NOP.match(line) if "#(nop)" in line else _KEYWORD.match(line)
    if match:
        return Step(match["keyword"], match["text"].strip())
    return _run(line[4:].lstrip() if line.startswith("RUN ") else line)


def _run(line: str) -> Step:
    arguments: tuple[tuple[str, str], ...] = ()
    match = _ARGUMENTS.match(line)
    if match:
        arguments = tuple(_ARGUMENT.findall(match["arguments"]))
        line = line[match.end() :]
    return Step("RUN", _SHELL.sub("", line, count=1) if _SHELL.match(line) else line, arguments)


def lone_updates(history: Iterable[Step]) -> list[str]:
    """RUN instructions that refresh a package index and do not use it: what later layers install is stale."""
    return [step.text for step in history if step.keyword == "RUN" and _is_lone_update(step.text)]


def _is_lone_update(text: str) -> bool:
    if not _MANAGERS.search(text):
        return False
    refreshed = False
    for words in commands(text):
        name = words[0].rsplit("/", maxsplit=1)[-1]
        verbs = {word for word in words[1:] if not word.startswith("-")}
        if name == "pacman" and any(re.match(r"-S\w*y", word) for word in words):
            refreshed = refreshed or not verbs
        if name in _REFRESH and verbs & _REFRESH[name]:
            refreshed = True
        elif (name in _REFRESH or name == "pacman") and (verbs & _USES or (name == "pacman" and verbs)):
            return False
    return refreshed


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a shell line as words, without assignments, `sudo` and the like. Quotes are honoured."""
    words: list[str] = []
    for token in [*_tokens(text), ";"]:
        if token and set(token) <= set(";&|()\n"):
            if words:
                yield words
            words = []
        elif words or not _is_prefix(token):
            words.append(token)


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=";&|()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:  # a quote that is never closed: what /bin/sh accepts, this reader need not
        return re.findall(r"[;&|()\n]+|[^\s;&|()]+", text)


def _is_prefix(word: str) -> bool:
    return word in ("sudo", "exec", "command", "env", "{", "!", "then", "do", "if", "else", "time") or bool(
        re.match(r"[A-Za-z_]\w*=", word)
    )


def additions(history: Iterable[Step]) -> list[str]:
    """ADD instructions, but for the one at the bottom that unpacks a root file system, for which there is no COPY."""
    found = []
    for number, step in enumerate(step for step in history if step.keyword not in ("ARG", "LABEL", "MAINTAINER")):
        if step.keyword == "ADD" and not (number == 0 and _ROOT_FILESYSTEM.match(step.text)):
            found.append(step.text)
    return found


def unverified_installs(history: Iterable[Step]) -> list[str]:
    """RUN instructions that switch off the check of signatures or certificates, as the option that does it."""
    return [
        match.group().strip()
        for step in history
        if step.keyword == "RUN"
        for match in _UNVERIFIED.finditer(step.text + " ")
    ]
