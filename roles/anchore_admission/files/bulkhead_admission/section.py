# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads objects of a JSON configuration; one sentence says which key is wrong, and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from bulkhead_admission.errors import ConfigError

_KINDS = {str: "a string", bool: "true or false", list: "a list", dict: "an object"}


class Section:
    """One object. Each key is taken once; `done` refuses what nobody took. `path` is how an operator finds it."""

    def __init__(self, content: object, path: str = "") -> None:
        if not isinstance(content, dict):
            raise ConfigError(f"{path or 'the configuration'} must be an object")
        self._content: dict[str, Any] = content
        self._taken: set[str] = set()
        self._path = path

    def wrong(self, key: str, why: str) -> ConfigError:
        """The error for a key, to be raised."""
        return ConfigError(f"{self._at(key)} {why}")

    def text(self, key: str, default: str | None = None) -> str:
        """A string; without a default it is required, and not empty."""
        found: str = self._take(key, str, default)
        if not found and default is None:
            raise self.wrong(key, "must not be empty")
        return found

    def flag(self, key: str, default: bool) -> bool:
        """A boolean."""
        return bool(self._take(key, bool, default))

    def number(self, key: str, default: float, least: float, most: float) -> float:
        """A number from `least` to `most`."""
        self._taken.add(key)
        found = self._content.get(key, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not least <= found <= most:
            raise self.wrong(key, f"must be a number from {least:g} to {most:g}")
        return float(found)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of strings that are not empty."""
        found: list[Any] = self._take(key, list, [])
        if not all(isinstance(item, str) and item for item in found):
            raise self.wrong(key, "must be a list of strings that are not empty")
        return tuple(found)

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        found = self.text(key, default)
        if found not in known:
            raise self.wrong(key, f"is {found!r}{_hint(found, known)}")
        return found

    def section(self, key: str) -> Section:
        """The object under a key, an empty one where it is absent."""
        return Section(self._take(key, dict, {}), self._at(key))

    def sections(self, key: str) -> Iterator[Section]:
        """The objects of a list."""
        for number, item in enumerate(self._take(key, list, [])):
            yield Section(item, f"{self._at(key)}[{number}]")

    def words(self, key: str, names: Sequence[str], known: Sequence[str]) -> dict[str, str]:
        """An object from some of `names` to some of `known`."""
        section = self.section(key)
        for name in section._content:
            if name not in names:
                raise section.wrong(name, f"is not known{_hint(name, names)}")
        return {name: section.choice(name, known) for name in section._content}

    def done(self) -> None:
        """ConfigError for a key that nobody took."""
        for key in self._content:
            if key not in self._taken:
                raise self.wrong(key, f"is not known{_hint(key, sorted(self._taken))}")

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _take(self, key: str, kind: type, default: object) -> Any:
        self._taken.add(key)
        found = self._content.get(key)
        if found is None:
            if default is None:
                raise self.wrong(key, "is required")
            return default
        if not isinstance(found, kind):
            raise self.wrong(key, f"must be {_KINDS[kind]}")
        return found


def _hint(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(known)}"
