# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads sections of a JSON configuration, and says in one sentence which key is wrong, and why."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from bulkhead_response.errors import ConfigError

T = TypeVar("T")
_KINDS = {str: "a string", bool: "true or false", list: "a list", dict: "an object"}


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A hint at what may have been meant, to put behind a sentence; else what there is."""
    close = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {close[0]}?" if close else f"; there are {', '.join(sorted(known))}"


class Section:
    """One object of the configuration. Each key is taken once; `done` refuses what nobody took."""

    def __init__(self, content: object, path: str) -> None:
        """ConfigError where `content` is no object; `path` is how an operator finds it, such as `rules[0].match`."""
        if not isinstance(content, dict):
            raise ConfigError(f"{path or 'the configuration'} must be an object")
        self._content: dict[str, Any] = content
        self._taken: list[str] = []
        self.path = path

    def at(self, key: str) -> str:
        """The path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, key: str, why: str) -> ConfigError:
        """The error for a key, to be raised."""
        return ConfigError(f"{self.at(key)} {why}")

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._content.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """A string that is not empty; the default where the key is absent. Without a default it is required."""
        found = self._take(key, str, default)
        if not found and default is None:
            raise self.wrong(key, "must not be empty")
        return str(found)

    def flag(self, key: str, default: bool) -> bool:
        """A boolean."""
        return bool(self._take(key, bool, default))

    def number(self, key: str, default: float, least: float = 0) -> float:
        """A number, at least `least`."""
        self._taken.append(key)
        found = self._content.get(key, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise self.wrong(key, "must be a number")
        if not found >= least:
            raise self.wrong(key, f"is {found}, and must be at least {least:g}")
        return float(found) if isinstance(found, float) else found

    def whole(self, key: str, default: int, least: int = 0) -> int:
        """A whole number, at least `least`."""
        found = self.number(key, default, least)
        if int(found) != found:
            raise self.wrong(key, "must be a whole number")
        return int(found)

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A list of strings; a single string stands for a list of one."""
        self._taken.append(key)
        found = self._content.get(key)
        if found is None:
            return tuple(default)
        listed = [found] if isinstance(found, str) else found
        if not isinstance(listed, list) or not all(isinstance(item, str) and item for item in listed):
            raise self.wrong(key, "must be a list of strings that are not empty")
        return tuple(listed)

    def lists(self, key: str) -> dict[str, tuple[str, ...]]:
        """An object whose values are lists of strings, or single strings."""
        section = self.section(key)
        return {name: section.texts(name) for name in section.names()} if section else {}

    def free(self, key: str) -> Mapping[str, Any]:
        """An object that somebody else reads."""
        found: dict[str, Any] = self._take(key, dict, {})
        return found

    def choice(self, key: str, known: Sequence[str], default: str | None = None) -> str:
        """One of a few words."""
        found = self.text(key, default)
        if found not in known:
            raise self.wrong(key, f"is {found!r}{did_you_mean(found, known)}")
        return found

    def section(self, key: str) -> Section | None:
        """The object under a key; None where it is absent or null."""
        self._taken.append(key)
        found = self._content.get(key)
        return None if found is None else Section(found, self.at(key))

    def optional(self, key: str, read: Callable[[Section], T]) -> T | None:
        """What `read` makes of the object under a key; None where it is absent or null."""
        section = self.section(key)
        return None if section is None else section.whole_of(read)

    def sections(self, key: str) -> Iterator[Section]:
        """The objects of a list."""
        for number, item in enumerate(self._take(key, list, [])):
            yield Section(item, f"{self.at(key)}[{number}]")

    def whole_of(self, read: Callable[[Section], T]) -> T:
        """What `read` makes of this section, of which nothing may be left over."""
        result = read(self)
        self.done()
        return result

    def names(self) -> list[str]:
        """The keys that are there."""
        return list(self._content)

    def done(self) -> None:
        """ConfigError for a key that nobody took."""
        unknown = [key for key in self._content if key not in self._taken]
        if unknown:
            raise ConfigError(f"{self.at(unknown[0])} is not known{did_you_mean(unknown[0], self._taken)}")

    def _take(self, key: str, kind: type, default: object) -> Any:
        self._taken.append(key)
        found = self._content.get(key)
        if found is None:
            if default is None:
                raise self.wrong(key, "is required")
            return default
        if not isinstance(found, kind):
            raise self.wrong(key, f"must be {_KINDS[kind]}")
        return found
