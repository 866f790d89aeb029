# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists, macros and rules of all files, in the order in which Falco meets them.

index: when the name was met first. visibility: when it was changed last, which is how far a list or macro sees others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Node
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.exceptions import RuleException
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import ConditionText
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import REDEFINED, Report


@dataclass
class ListItem:
    """A list and its items as they are written."""

    name: str
    node: Node
    items: list[str]
    index: int = 0
    visibility: int = 0

    kind = "list"


@dataclass
class MacroItem:
    """A macro."""

    name: str
    node: Node
    condition: ConditionText
    index: int = 0
    visibility: int = 0

    kind = "macro"


@dataclass
class RuleItem:
    """A rule, after all that appends to it and replaces parts of it."""

    name: str
    node: Node
    source: str
    condition: ConditionText
    output: ConditionText
    desc: str
    priority: str
    exceptions: list[RuleException] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    enabled: bool = True
    warn_evttypes: bool = True
    skip_if_unknown_filter: bool = False
    unknown_source: bool = False
    index: int = 0
    visibility: int = 0

    kind = "rule"


_Item = TypeVar("_Item", ListItem, MacroItem, RuleItem)


class Collection:
    """What has been read so far."""

    def __init__(self, report: Report) -> None:
        self.lists: dict[str, ListItem] = {}
        self.macros: dict[str, MacroItem] = {}
        self.rules: dict[str, RuleItem] = {}
        self.required_engine: list[tuple[int, int, int]] = []
        self.required_plugins: list[list[dict[str, str]]] = []
        self._report = report
        self._next = 0

    def define(self, there: dict[str, _Item], item: _Item) -> None:
        """Take an item; one of the same name is replaced, at its old place."""
        previous = there.get(item.name)
        item.index, item.visibility = self._next, self._next
        self._next += 1
        if previous is not None:
            item.index = previous.index
            self._report.warn(
                REDEFINED,
                f"replaces the {item.kind} of this name in {previous.node.place}",
                item.node.place,
                f"{item.kind}: {item.name}",
                "rename one of them, or say what is meant with 'override'",
            )
        there[item.name] = item

    def touched(self, item: _Item) -> None:
        """Note that an item has been changed here, from where it sees more."""
        item.visibility = self._next
        self._next += 1

    def update(self, rule: RuleItem, values: Mapping[str, Any]) -> None:
        """Give a rule these values for its attributes."""
        for name, value in values.items():
            setattr(rule, name, value)
        self.touched(rule)
