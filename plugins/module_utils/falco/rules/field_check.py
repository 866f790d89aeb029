# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether fields exist for a source of events, alone or in transformers."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.comparability import transformed
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Field,
    Operand,
    Transformer,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Node
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import (
    FieldTable,
    FieldType,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import RulesError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import ConditionParser

# What several arguments are made into; Falco 0.44 has them.
_MADE = {
    "join": FieldType("join()", "CHARBUF"),
    "concat": FieldType("concat()", "CHARBUF"),
    "getopt": FieldType("getopt()", "CHARBUF"),
}


class FieldCheck:
    """The fields of each source, looked up once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tables: dict[str, FieldTable] = {}

    def table(self, source: str) -> FieldTable:
        """The fields of a source."""
        if source not in self._tables:
            self._tables[source] = FieldTable(self._engine, source)
        return self._tables[source]

    def of_source(self, source: str) -> Callable[[Node], None]:
        """A check of a field that an exception names."""

        def check(node: Node) -> None:
            try:
                operand_type(ConditionParser(node.text, self._engine.grammar).parse_left_side(), self.table(source))
            except RulesError as error:
                raise node.invalid(error.message, error.suggestion) from error

        return check


def operand_type(operand: Operand, table: FieldTable) -> FieldType:
    """What a field, perhaps in transformers, is. RulesError where there is no such thing; its offset says where."""
    try:
        if isinstance(operand, Field):
            return table.resolve(operand.name, operand.arg)
        if isinstance(operand, Transformer):
            arguments = [operand_type(argument, table) for argument in operand.args]
            return _MADE.get(operand.name) or transformed(arguments[0], operand.name)
    except RulesError as error:
        raise error.at(operand.at) from error
    return FieldType("a value", "CHARBUF")
