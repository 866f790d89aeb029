# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a RUN executes: the commands of a shell line, seen well enough to judge them, without running anything.

It is no shell: it knows quotes, operators, pipelines, substitutions and comments, and takes every branch for taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

SHELLS = frozenset(str.split("sh bash ash dash zsh ksh"))
INTERPRETERS = SHELLS | frozenset(str.split("python python2 python3 perl ruby node php pwsh"))
_TOKEN = re.compile(
    r"(?P<comment>(?:(?<=\s)|(?<![\s\S]))\#[^\n]*)"
    r"|(?P<operator>&&|\|\||;;|\$\(|<\(|[;|()`\n]|(?<![<>&\d])&(?![>&]))"
    r"|(?P<blank>[^\S\n]+)"
    r"|(?P<single>'[^']*'?)"
    r'|(?P<double>"(?:[^"\\]|\\[\s\S])*"?)'
    r"|(?P<escaped>\\[\s\S]?)"
    r"|(?P<plain>\$\{[^}]*\}|[^\s'\"\\;|()`&$<#]+|[\s\S])"
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WORDS_BEFORE = frozenset(str.split("if then else elif do while until ! { } exec time nohup command env builtin"))
_DEEPEST = 8
# Whatever a longer word is, it is no program, option or package.
_LONGEST_WORD = 4096


@dataclass
class Command:
    """One command: its program without the folder, its words behind that, and the operator that stands before it.

    parent: the program whose words a substitution is part of. sudo: whether sudo, doas or su runs it.
    """

    program: str
    words: list[str]
    before: str = ""
    parent: str = ""
    sudo: bool = False
    assignments: list[str] = field(default_factory=list)

    @property
    def flags(self) -> list[str]:
        """Its options, as they are written."""
        return [word for word in self.words if word.startswith("-")]

    @property
    def operands(self) -> list[str]:
        """Its words that are no options."""
        return [word for word in self.words if not word.startswith("-")]

    def has(self, letter: str, *names: str) -> bool:
        """Whether it has a short option, alone or among others (-fsSk), or one of these long ones."""
        if any(word.split("=", 1)[0] in names for word in self.words):
            return True
        return bool(letter) and any(re.match(rf"-[A-Za-z0-9]*{letter}", word) for word in self.words)


def commands(text: str) -> list[Command]:
    """Every command of a script, in the order in which they stand."""
    return list(_commands(text, "", "", 0))


def _commands(text: str, before: str, parent: str, depth: int) -> Iterator[Command]:
    words: list[str] = []
    nested: list[str] = []
    # The programs whose words a $( or ( interrupts, to go on with behind the ).
    opened: list[tuple[list[str], str]] = []
    for operator, word, inner in _parts(text):
        if not operator:
            words.append(word)
            nested += inner
            continue
        if operator in ("$(", "<(", "`"):
            opened.append((words, before))
            yield from _nested(nested, words, depth)
            words, nested, before, parent = [], [], operator, _program_of(opened[-1][0])
            continue
        yield from _made(words, before, parent)
        yield from _nested(nested, words, depth)
        words, nested, before = [], [], operator
        if operator == ")" and opened:
            words, before = opened.pop()
            parent = ""
    yield from _made(words, before, parent)
    yield from _nested(nested, words, depth)
    for rest, operator in opened:
        yield from _made(rest, operator, "")


def _nested(texts: list[str], words: list[str], depth: int) -> Iterator[Command]:
    """The commands in quoted substitutions, and in what is given to `sh -c`."""
    program = _program_of(words)
    if depth < _DEEPEST:
        for text in texts:
            yield from _commands(text, "$(", program, depth + 1)
        if program in SHELLS and "-c" in words and words.index("-c") + 1 < len(words):
            yield from _commands(words[words.index("-c") + 1], "", "", depth + 1)


def _parts(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """(operator, "", []) or ("", word, texts of the substitutions in its double quotes)."""
    pieces: list[str] = []
    inner: list[str] = []
    begun = False
    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        if kind in ("operator", "blank", "comment"):
            if begun:
                yield "", "".join(pieces)[:_LONGEST_WORD], inner
            pieces, inner, begun = [], [], False
            if kind == "operator":
                yield value, "", []
            continue
        begun = True
        if kind == "double":
            inner += _substitutions(value)
        pieces.append(_bare(str(kind), value))
    if begun:
        yield "", "".join(pieces)[:_LONGEST_WORD], inner


def _bare(kind: str, value: str) -> str:
    if kind in ("single", "double"):
        value = value[1:-1] if len(value) > 1 and value[-1] == value[0] else value[1:]
        return re.sub(r'\\(["\\$`])', r"\1", value) if kind == "double" else value
    return value[1:] if kind == "escaped" else value


def _substitutions(quoted: str) -> list[str]:
    if "$(" not in quoted and "`" not in quoted:
        return []
    return [text.rstrip('"').rsplit(")", 1)[0] for text in quoted.split("$(")[1:]] + quoted.split("`")[1::2]


def _program_of(words: list[str]) -> str:
    made = next(_made(words, "", ""), None)
    return made.program if made else ""


def _made(words: list[str], before: str, parent: str) -> Iterator[Command]:
    """The command that the words are, without what stands before its program."""
    assignments: list[str] = []
    sudo = False
    at = 0
    while at < len(words):
        word = words[at]
        if _ASSIGNMENT.match(word):
            assignments.append(word)
        elif word in ("sudo", "doas"):
            sudo = True
            while at + 1 < len(words) and words[at + 1].startswith("-"):
                at += 2 if words[at + 1] in ("-u", "-g") else 1
        elif word not in _WORDS_BEFORE:
            program = word.rsplit("/", 1)[-1]
            yield Command(program, words[at + 1 :], before, parent, sudo, assignments)
            return
        at += 1
    if assignments or sudo:
        yield Command("", [], before, parent, sudo, assignments)
