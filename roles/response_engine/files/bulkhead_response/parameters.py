# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parameters of one step: known names, right types, one sentence for each fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bulkhead_response.config_reader import did_you_mean
from bulkhead_response.errors import ConfigError

_FIRST_PRINTABLE = 32


def one_line(value: Any) -> bool:
    """Whether it is text without control characters: such may stand in a header, a log, a command line."""
    return isinstance(value, str) and all(ord(letter) >= _FIRST_PRINTABLE and letter != "\x7f" for letter in value)


class Parameters:
    """Reads typed values; ConfigError says which parameter is wrong and what it should be."""

    def __init__(self, given: Mapping[str, Any], known: Sequence[str]) -> None:
        """ConfigError for a parameter that the step does not have."""
        self._given = given
        for name in given:
            if name not in known:
                hint = did_you_mean(str(name), known) if known else "; it has none"
                raise ConfigError(f"{name}: this step has no such parameter{hint}")

    def has(self, name: str) -> bool:
        """Whether it is given, and not null."""
        return self._given.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """One line of text; required where there is no default."""
        value = self._given.get(name)
        if value is None and default is not None:
            return default
        if not one_line(value) or not value:
            raise ConfigError(f"{name}: must be a line of text")
        return str(value)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        """A number from `low` to `high`, or the default."""
        value = self._given.get(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
            raise ConfigError(f"{name}: must be a number from {low:g} to {high:g}")
        return float(value)

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number from `low` to `high`, or the default."""
        value = self.number(name, default, low, high)
        if value != int(value):
            raise ConfigError(f"{name}: must be a whole number")
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        """true or false."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ConfigError(f"{name}: must be true or false")
        return value

    def choice(self, name: str, default: str, choices: Sequence[str]) -> str:
        """One of `choices`."""
        value = self.text(name, default)
        if value not in choices:
            raise ConfigError(f"{name}: must be one of {', '.join(choices)}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of lines of text; empty where it is not given."""
        value = self._given.get(name)
        if value is None:
            return ()
        if not isinstance(value, (list, tuple)) or not all(one_line(item) and item for item in value):
            raise ConfigError(f"{name}: must be a list of lines of text")
        return tuple(value)

    def mapping(self, name: str) -> dict[str, Any]:
        """Keys and values; empty where it is not given."""
        value = self._given.get(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(one_line(key) for key in value):
            raise ConfigError(f"{name}: must be keys and values")
        return dict(value)

    def one_lines(self, name: str) -> dict[str, str]:
        """Keys and values that are lines of text; empty where it is not given."""
        value = self.mapping(name)
        for key, item in value.items():
            if not one_line(item):
                raise ConfigError(f"{name}.{key}: must be a line of text")
        return value
