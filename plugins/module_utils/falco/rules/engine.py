# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Falco that rules are checked for: its version, what its grammar has, and the plugins that it loads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.plugin_fields import (
    PLUGIN_FIELDS,
    PLUGIN_SOURCES,
    SOURCE_PLUGINS,
)

ALL_PLUGINS = (*PLUGIN_FIELDS, *SOURCE_PLUGINS)
_PRESENT_TRANSFORMERS = ("tolower", "toupper", "b64", "basename", "len")


@dataclass(frozen=True)
class Grammar:
    """What differs between Falco's versions in conditions and files."""

    engine: tuple[int, int, int]
    transformers: tuple[str, ...] = _PRESENT_TRANSFORMERS
    list_modifiers: tuple[str, ...] = ()
    hex_escapes: bool = False


# What Falco's own `falco --version` calls "Engine".
GRAMMARS: Mapping[str, Grammar] = {
    "0.43": Grammar((0, 58, 0)),
    "0.44": Grammar(
        (0, 62, 0),
        (*_PRESENT_TRANSFORMERS, "join", "concat", "getopt"),
        ("oneof", "anyof", "allof"),
        hex_escapes=True,
    ),
}
NEWEST = "0.44"


@dataclass(frozen=True)
class Engine:
    """The engine of one Falco. plugins: name to version, where "" is a version that is not known."""

    version: str = "0.43"
    plugins: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(ALL_PLUGINS, ""))
    strict: bool = False

    @property
    def grammar(self) -> Grammar:
        """What this version knows."""
        return GRAMMARS[self.version]

    def sources(self) -> frozenset[str]:
        """The sources of events for which rules are loaded; those of others are skipped."""
        of_plugins = {PLUGIN_SOURCES.get(name) or SOURCE_PLUGINS.get(name, "") for name in self.plugins}
        return frozenset({"syscall"} | (of_plugins - {"", "*"}))
