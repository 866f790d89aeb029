# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules as Falco would evaluate them, over events that are dictionaries of fields: enough of it for the rules of ours.

The conditions are put together and parsed by the code that falco_rules checks them with, exceptions among them.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.compiler import parsed
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    And,
    Check,
    Field,
    Macro,
    Node,
    Not,
    Or,
    Value,
    ValueList,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Document
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import NEWEST, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.exceptions import (
    condition_parts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import ConditionText
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.reader import read_files

FILES = sorted((Path(__file__).parents[4] / "roles" / "falco" / "files" / "rules").glob("*.yaml"))
Event = Mapping[str, Any]


def contents() -> list[tuple[str, str]]:
    """The files of the role, [(name, content)]."""
    return [(file.name, file.read_text()) for file in FILES]


class Rules:
    """The rules of the role's files, read once."""

    @cached_property
    def _read(self) -> Any:
        return read_files([Document(name, text) for name, text in contents()], Engine(), Report())

    @property
    def names(self) -> list[str]:
        """Of all rules."""
        return list(self._read.rules)

    def source(self, name: str) -> str:
        """The source of events of a rule."""
        return str(self._read.rules[name].source)

    def rule(self, name: str) -> Any:
        """A rule as it was read."""
        return self._read.rules[name]

    def condition(self, name: str) -> str:
        """The condition of a rule with all exceptions, lists and macros in it, for an engine that knows none."""
        rule = self._read.rules[name]
        parts = [part for exception in rule.exceptions for part in condition_parts(exception, ())]
        text = ConditionText([*rule.condition.parts, *parts])
        return self._without_macros(self._expanded(text))

    def fits(self, name: str, event: Event) -> bool:
        """Whether a rule fits an event."""
        return _true(parsed(self.condition(name), NEWEST), event)

    def _expanded(self, text: ConditionText) -> str:
        return text.expanded({name: item.items for name, item in self._read.lists.items()}, set())

    def _without_macros(self, text: str) -> str:
        for name, macro in self._read.macros.items():
            if re.search(rf"\b{name}\b", text):
                text = f"({self._inner(macro)})".join(re.split(rf"\b{name}\b", text))
        return text

    def _inner(self, macro: Any) -> str:
        return self._without_macros(self._expanded(macro.condition))


def _true(node: Node, event: Event) -> bool:
    if isinstance(node, And):
        return all(_true(child, event) for child in node.children)
    if isinstance(node, Or):
        return any(_true(child, event) for child in node.children)
    if isinstance(node, Not):
        return not _true(node.child, event)
    assert not isinstance(node, Macro), f"{node.name} was not replaced"
    return _check(node, event)


def _check(check: Check, event: Event) -> bool:
    assert isinstance(check.left, Field)
    name = check.left.name if check.left.arg is None else f"{check.left.name}[{check.left.arg}]"
    value = event.get(name)
    if check.op == "exists" or value is None:
        return value is not None
    right = check.right
    assert isinstance(right, (Value, ValueList))
    operands = [one.text for one in right.values] if isinstance(right, ValueList) else [right.text]
    if name.endswith("net"):
        return any(ipaddress.ip_address(value) in ipaddress.ip_network(operand) for operand in operands)
    values = value if isinstance(value, list) else [value]
    return any(_OPERATORS[check.op](_text(one), operand) for one in values for operand in operands)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "=": str.__eq__,
    "!=": str.__ne__,
    "in": str.__eq__,
    "intersects": str.__eq__,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
    "icontains": lambda value, operand: operand.lower() in value.lower(),
    ">=": lambda value, operand: int(value) >= int(operand),
}
