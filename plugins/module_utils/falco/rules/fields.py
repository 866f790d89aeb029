# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields that conditions and outputs may name, for one source of events."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.core_fields import (
    CORE_FIELDS,
    EVENT_ARGUMENTS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.event_types import EVENT_TYPES
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_CONDITION,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.plugin_fields import (
    PLUGIN_EVENT_TYPES,
    PLUGIN_FIELDS,
    PLUGIN_SOURCES,
    SOURCE_PLUGINS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean

_NUMBER = re.compile(r"\s*[+-]?[0-9]+")
_ANCESTORS = ("proc.apid", "proc.aname", "proc.aexe", "proc.aexepath", "proc.acmdline", "proc.args", "proc.aargs")
_ENVIRONMENTS = ("proc.env", "proc.aenv")


@dataclass(frozen=True)
class FieldType:
    """A field: its type as Falco calls it (CHARBUF, INT64, …), the flags of its table, and where it comes from."""

    name: str
    type: str
    flags: str = ""
    plugin: str = ""

    @property
    def is_list(self) -> bool:
        """Whether it has several values at once."""
        return "l" in self.flags


def _rows(table: str) -> list[tuple[str, str, str]]:
    """[(name, type, flags)] of a table; lines that begin with blanks go on with the type above."""
    rows, kind = [], ""
    for line in table.split("\n"):
        words = line.split()
        if line[:1].isalpha():
            kind = words.pop(0).rstrip(":")
        for word in words:
            name, _mark, flags = word.partition("!")
            rows.append((name, kind, flags))
    return rows


@functools.lru_cache(maxsize=1)
def _core() -> dict[str, FieldType]:
    return {name: FieldType(name, kind, flags) for name, kind, flags in _rows(CORE_FIELDS)}


@functools.lru_cache(maxsize=1)
def event_arguments() -> Mapping[str, str]:
    """{argument of an event: its type}."""
    return {name: kind for name, kind, _flags in _rows(EVENT_ARGUMENTS)}


@functools.cache
def _of_plugin(plugin: str) -> dict[str, FieldType]:
    rows = _rows(PLUGIN_FIELDS[plugin])
    return {name: FieldType(name, kind, flags + "P", plugin) for name, kind, flags in rows}


class FieldTable:
    """The fields of one source: those of the engine and of the plugins that read this source."""

    def __init__(self, engine: Engine, source: str) -> None:
        self.source = source
        self.fields = dict(_core())
        self._resolved: dict[tuple[str, str | None], FieldType] = {}
        wanted = {"*", source}
        for plugin in PLUGIN_FIELDS:
            if plugin in _readers(engine) and PLUGIN_SOURCES[plugin] in wanted:
                self.fields.update(_of_plugin(plugin))
        types = [PLUGIN_EVENT_TYPES.get(plugin, "") for plugin in engine.plugins]
        self.event_types = EVENT_TYPES.union(*(text.split() for text in types)) if types else EVENT_TYPES

    def resolve(self, name: str, arg: str | None) -> FieldType:
        """The field of this name and argument. RulesError where Falco knows no such field."""
        key = (name, arg)
        if key not in self._resolved:
            self._resolved[key] = self._resolve(name, arg)
        return self._resolved[key]

    def _resolve(self, name: str, arg: str | None) -> FieldType:
        special = _SPECIAL.get(name) or next(
            (read for start, read in _PREFIXES.items() if name.startswith(start)), None
        )
        if special is not None:
            return special(self, name, arg)
        found = self.fields.get(name)
        if found is None:
            raise self.nonexistent(name)
        if found.plugin:
            _check_plugin_argument(found, arg)
        elif arg is not None:
            raise self.nonexistent(f"{name}[{arg}]", f"{name} takes no argument")
        return found

    def nonexistent(self, name: str, hint: str = "") -> RulesError:
        """The error that there is no such field, with what may have been meant."""
        message = f"there is no field {name} for the source {self.source}"
        owner = next((plugin for plugin in PLUGIN_FIELDS if name.split("[")[0] in _of_plugin(plugin)), "")
        if not hint and owner:
            hint = f"it belongs to plugin {owner}, which reads events of the source {PLUGIN_SOURCES[owner]}"
        hint = hint or did_you_mean(name, self.fields)
        return RulesError(COMPILE_CONDITION, message, suggestion=hint, unknown=True)


def _readers(engine: Engine) -> set[str]:
    """The plugins with fields: k8saudit reads what its siblings for clouds bring."""
    return {("k8saudit" if name in SOURCE_PLUGINS else name) for name in engine.plugins}


def _check_plugin_argument(found: FieldType, arg: str | None) -> None:
    if arg is None:
        if "a" in found.flags:
            raise RulesError(COMPILE_CONDITION, f"{found.name} requires an argument, as {found.name}[…]")
        return
    if not set("ao") & set(found.flags):
        raise RulesError(COMPILE_CONDITION, f"{found.name} takes no argument, but has [{arg}]")
    index = arg.isdecimal() and (arg == "0" or arg[0] != "0")
    if not index and "k" not in found.flags:
        raise RulesError(COMPILE_CONDITION, f"the argument of {found.name} must be a number, not {arg}")


def _numbered(table: FieldTable, name: str, arg: str | None) -> FieldType:
    if arg is not None and not _NUMBER.fullmatch(arg):
        raise table.nonexistent(f"{name}[{arg}]", f"the argument of {name} is a number")
    return table.fields[name]


def _environment(table: FieldTable, name: str, arg: str | None) -> FieldType:
    return table.fields[name]


def _around(table: FieldTable, name: str, arg: str | None) -> FieldType:
    if arg is None or not _NUMBER.fullmatch(arg):
        raise RulesError(COMPILE_CONDITION, "evt.around needs a time, as evt.around[1404996934793590564]")
    return table.fields[name]


def _event_argument(table: FieldTable, name: str, arg: str | None) -> FieldType:
    rest = name[len("evt.arg") :]
    if not rest and arg is not None and _NUMBER.fullmatch(arg):
        return table.fields["evt.arg"]
    if rest.startswith(".") and arg is None and rest[1:] in event_arguments():
        return table.fields["evt.arg"]
    if not rest:
        raise RulesError(COMPILE_CONDITION, "evt.arg needs an argument, as evt.arg.name or evt.arg[0]")
    raise _unknown_argument(name, rest)


def _raw_argument(table: FieldTable, name: str, arg: str | None) -> FieldType:
    rest = name[len("evt.rawarg") :]
    if rest.startswith(".") and arg is None and rest[1:] in event_arguments():
        return replace(table.fields["evt.rawarg"], type=event_arguments()[rest[1:]])
    if arg is not None or not rest:
        raise RulesError(COMPILE_CONDITION, "evt.rawarg needs a name, as evt.rawarg.size")
    raise _unknown_argument(name, rest)


def _unknown_argument(name: str, rest: str) -> RulesError:
    hint = did_you_mean(rest[1:], event_arguments())
    return RulesError(COMPILE_CONDITION, f"no event has the argument {rest[1:]} of {name}", suggestion=hint)


def _path(table: FieldTable, name: str, arg: str | None) -> FieldType:
    if arg is None and name in ("evt.abspath", "evt.abspath.src", "evt.abspath.dst"):
        return table.fields["evt.abspath"]
    raise table.nonexistent(name)


def _is_type(table: FieldTable, name: str, arg: str | None) -> FieldType:
    wanted = name[len("evt.type.is.") :]
    if arg is None and name.startswith("evt.type.is.") and wanted in EVENT_TYPES:
        return table.fields["evt.type.is"]
    raise table.nonexistent(name)


def _control_group(table: FieldTable, name: str, arg: str | None) -> FieldType:
    if arg is None and name.startswith("thread.cgroup.") and name[len("thread.cgroup.") :].replace("_", "a").isalpha():
        return table.fields["thread.cgroup"]
    raise table.nonexistent(name)


_Read = Callable[[FieldTable, str, "str | None"], FieldType]
_SPECIAL: dict[str, _Read] = {
    **dict.fromkeys((*_ANCESTORS, "fd.types"), _numbered),
    **dict.fromkeys(_ENVIRONMENTS, _environment),
    "evt.arg": _event_argument,
    "evt.rawarg": _raw_argument,
    "evt.around": _around,
    "thread.cgroup": _control_group,
    "evt.type.is": _is_type,
}
_PREFIXES: dict[str, _Read] = {
    "evt.arg.": _event_argument,
    "evt.rawarg.": _raw_argument,
    "evt.abspath": _path,
    "evt.type.is.": _is_type,
    "thread.cgroup.": _control_group,
}
