# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What dockerd of a given version accepts, and what a daemon's command line already says.

The table itself is in daemon_option_table; here are its questions: is this key known to that version, what is its
default, what does a SIGHUP do with it, which settings does this argv hold.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.option_table import (
    FLAG_ONLY_KINDS,
    FLAG_ONLY_SHORT,
    MEMBER_FLAGS,
    OPTIONS,
    Option,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

Version = tuple[int, ...]

OPTION_BY_KEY: dict[str, Option] = {option.key: option for option in OPTIONS}
_BY_FLAG: dict[str, Option] = {option.flag: option for option in OPTIONS if option.flag}
_BY_SHORT: dict[str, str] = {option.short: option.flag for option in OPTIONS if option.short}

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})


@dataclass(frozen=True)
class FlagSettings:
    """What a command line sets.

    `values`: by JSON key, in the shape that daemon.json would have. `config_file`: what --config-file names, None
    where it is not given. `flag_only`: flags that have no key. `unknown`: words that are no flag known to us.
    """

    values: dict[str, Any] = field(default_factory=dict)
    config_file: str | None = None
    flag_only: dict[str, Any] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def parse_version(text: str) -> Version:
    """The numbers of an engine version: "20.10.24+dfsg1" is (20, 10, 24). Raises DockerError where there are none."""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    if not match:
        raise DockerError(f"The engine's version is {text!r}, which is no version number: name it with engine_version")
    return tuple(int(part) for part in match.groups() if part is not None)


def known(option: Option, version: Version) -> bool:
    """Whether that version of dockerd has the option."""
    started = version >= parse_version(option.since)
    return started and not (option.until and version >= parse_version(option.until))


def default_of(key: str, version: Version) -> Any:
    """What dockerd does without the option; None where that depends on the host, or for an unknown key."""
    if key == "ip6tables":
        return version >= (27, 0)
    option = OPTION_BY_KEY.get(key)
    return option.default if option else None


def key_problem(key: str, version: Version) -> str | None:
    """Why dockerd of that version would not take the key in daemon.json, with what to do; None where it would."""
    release = ".".join(str(part) for part in version)
    option = OPTION_BY_KEY.get(key)
    if option is None:
        return _unknown_key(key, release)
    if known(option, version):
        return None
    if option.until and version >= parse_version(option.until):
        instead = f"; {option.old_hint}" if option.old_hint else ""
        return f"{key} was retired in Docker {option.until} (this is {release}){instead}"
    return f"{key} needs Docker {option.since} or later (this is {release})"


def _unknown_key(key: str, release: str) -> str:
    dashed = key.replace("_", "-")
    option = _BY_FLAG.get(dashed)
    if option or dashed in OPTION_BY_KEY:
        return f"{key} is not a key of daemon.json; write {option.key if option else dashed}"
    if dashed in MEMBER_FLAGS:
        return f"{key} is not a key of daemon.json; write it under {MEMBER_FLAGS[dashed][0]}"
    if dashed in FLAG_ONLY_KINDS:
        return f"{key} is read from the command line only, not from daemon.json"
    near = difflib.get_close_matches(dashed.lower(), OPTION_BY_KEY, n=1, cutoff=0.75)
    return f"{key} is not an option of dockerd {release}" + (f"; did you mean {near[0]}?" if near else "")


def parse_argv(argv: Sequence[str]) -> FlagSettings:
    """What a dockerd command line (argv[0] included) sets, read as dockerd's own flag parser (pflag) reads it.

    Both --name=value and --name value, -H value, -Hvalue and -H=value, -D and -DH value; a flag given repeatedly
    adds to a list and replaces a scalar.
    """
    settings = _Reading()
    words = list(argv[1:])
    while words:
        word = words.pop(0)
        if word == "--":
            settings.unknown.extend(words)
            break
        if word.startswith("--"):
            settings.long(word[2:], words)
        elif word.startswith("-") and len(word) > 1:
            settings.shorthands(word[1:], words)
        else:
            settings.unknown.append(word)
    only = settings.flag_only
    return FlagSettings(settings.values, only.pop("config-file", None), only, tuple(settings.unknown))


class _Reading:
    """A command line being read."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.flag_only: dict[str, Any] = {}
        self.unknown: list[str] = []

    def long(self, word: str, rest: list[str]) -> None:
        name, has_value, value = word.partition("=")
        if not has_value and _flag_kind(name) not in ("bool", ""):
            value = rest.pop(0) if rest else ""
        self._set(name, value if has_value or value else "true", f"--{word}")

    def shorthands(self, letters: str, rest: list[str]) -> None:
        while letters:
            letter, letters = letters[0], letters[1:]
            name = _BY_SHORT.get(letter) or FLAG_ONLY_SHORT.get(letter, "")
            if _flag_kind(name) == "bool" and not letters.startswith("="):
                self._set(name, "true", f"-{letter}")
                continue
            value = letters[1:] if letters.startswith("=") else letters
            if not letters and _flag_kind(name):
                value = rest.pop(0) if rest else ""
            self._set(name, value, f"-{letter}")
            return

    def _set(self, name: str, value: str, word: str) -> None:
        if name in FLAG_ONLY_KINDS:
            self.flag_only[name] = value in _TRUE if FLAG_ONLY_KINDS[name] == "bool" else value
        elif name in MEMBER_FLAGS:
            key, member = MEMBER_FLAGS[name]
            self.values.setdefault(key, {})[member] = value
        elif name in _BY_FLAG:
            option = _BY_FLAG[name]
            self.values[option.key] = _add(option, self.values.get(option.key), value)
        else:
            self.unknown.append(word)


def _flag_kind(name: str) -> str:
    if name in MEMBER_FLAGS:
        return "str"
    option = _BY_FLAG.get(name)
    return option.kind if option else FLAG_ONLY_KINDS.get(name, "")


def _add(option: Option, before: Any, value: str) -> Any:
    """A flag's value in the JSON shape of its key, added to what earlier flags gave."""
    name, _equals, rest = value.partition("=")
    if option.kind == "bool":
        return value in _TRUE
    if option.kind == "int":
        return int(value, 0) if re.fullmatch(r"[+-]?(0[xob])?[0-9a-fA-F]+", value) else value
    if option.kind in ("list", "ip_list"):
        return [*(before or []), value]
    if option.kind == "pools":
        return [*(before or []), _pool(value)]
    member = _member(option.kind, name, rest, before.get(name) if isinstance(before, dict) else None)
    return value if member is None else {**(before or {}), name: member}


def _member(kind: str, name: str, value: str, before: Any) -> Any:
    """The value that `name=value` gives one member of a map, None where the kind is no map."""
    if kind == "map":
        return value
    if kind == "bool_map":
        return value in _TRUE or value == ""
    if kind == "runtimes":
        return {"path": value}
    if kind == "ulimits":
        soft, _colon, hard = value.partition(":")
        return {"Name": name, "Soft": _number(soft), "Hard": _number(hard or soft)}
    if kind == "nested_map":
        inner, _equals, setting = value.partition("=")
        return {**(before or {}), inner: setting}
    return None


def _pool(value: str) -> dict[str, Any]:
    pairs = (part.partition("=") for part in value.split(","))
    return {name: int(text) if name == "size" and text.isdigit() else text for name, _equals, text in pairs}


def _number(text: str) -> Any:
    return int(text) if re.fullmatch(r"-?\d+", text) else text
