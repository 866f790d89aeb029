# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags among the words of a command line: what they say, and which words to change so that they say something else.

pflag takes `--name=value`, `--name value`, `--name` for a boolean, and underscores for dashes; k3s lists `name=value`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flag_table import BOOL, TYPES
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.flags import flag_name

# What each flag shall say, by its name: one value for each time it is given, None for not at all.
Wanted = Mapping[str, Optional[list[str]]]


@dataclass(frozen=True)
class Given:
    """A flag as it is given: its words begin at `index` and are `count`."""

    name: str
    value: str
    index: int
    count: int = 1


@dataclass
class WordEdits:
    """Words to put in the place of others, by their index; to remove; and to add at the end."""

    replaced: dict[int, str] = field(default_factory=dict)
    removed: set[int] = field(default_factory=set)
    appended: list[str] = field(default_factory=list)

    def on(self, words: Sequence[str]) -> list[str]:
        """The words after the edits."""
        kept = [self.replaced.get(at, word) for at, word in enumerate(words) if at not in self.removed]
        return [*kept, *self.appended]


def given_flags(words: Sequence[str], dashes: bool = True) -> list[Given]:
    """Every flag among the words, in order. dashes: whether a flag begins with dashes, as it does but for k3s."""
    found = []
    at = 0
    while at < len(words):
        word = str(words[at])
        if dashes and not word.startswith("-"):
            at += 1
            continue
        name, equals, value = word.partition("=")
        name = flag_name(name)
        count = 1
        if not equals:
            value = "true"
            if dashes and TYPES.get(name, BOOL) != BOOL and at + 1 < len(words):
                value, count = str(words[at + 1]), 2
        found.append(Given(name, value, at, count))
        at += count
    return found


def flag_values(given: Sequence[Given]) -> dict[str, list[str]]:
    """The values of each flag, in order."""
    values: dict[str, list[str]] = {}
    for each in given:
        values.setdefault(each.name, []).append(each.value)
    return values


def word_edits(words: Sequence[str], wanted: Wanted, prefix: str = "--", *, append: bool = True) -> WordEdits:
    """What to change so that the flags say what is wanted; every other word stays as and where it is.

    append: whether a flag that is not there yet goes to the end of these words.
    """
    edits = WordEdits()
    given = given_flags(words, bool(prefix))
    for name, values in wanted.items():
        mine = [each for each in given if each.name == name]
        for at, each in enumerate(mine):
            spare = range(each.index + 1, each.index + each.count)
            edits.removed.update(spare)
            if values is not None and at < len(values):
                edits.replaced[each.index] = f"{prefix}{name}={values[at]}"
            else:
                edits.removed.add(each.index)
        if append:
            edits.appended += [f"{prefix}{name}={value}" for value in (values or [])[len(mine) :]]
    return edits
