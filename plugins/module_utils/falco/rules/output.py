# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The outputs of rules: a text with %fields, perhaps in transformers. There is no way to write a plain %."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.comparability import transformed
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition_check import (
    DEPRECATED_FIELDS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Grammar
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import (
    FieldTable,
    FieldType,
    event_arguments,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_OUTPUT,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean

# The width of a field may stand before it.
_TOKEN = re.compile(r"%([0-9]*)")
_NAME = re.compile(r"[a-zA-Z]\w*(?:\.\w+)*")
_ARGUMENT = re.compile(r"\[([^\]]*)\]")
_INFO = "%container.info"


def deprecated_items(text: str) -> Iterator[tuple[int, str]]:
    """(offset, what is deprecated) in an output."""
    if _INFO in text:
        yield (
            text.index(_INFO),
            "%container.info is deprecated and empty: the container plugin adds its fields by itself",
        )
    for name in DEPRECATED_FIELDS:
        found = re.search(rf"%{re.escape(name)}(?![\w.])", text)
        if found:
            yield found.start(), f"%{name} is deprecated: {DEPRECATED_FIELDS[name]}"


def output_errors(text: str, table: FieldTable, grammar: Grammar) -> Iterator[RulesError]:
    """What Falco refuses in an output, each with its offset. It stops at the first; what follows is told as well."""
    text = text.replace(_INFO, " " * len(_INFO))
    at = 0
    while (token := _TOKEN.search(text, at)) is not None:
        at = token.end()
        try:
            at = _field_end(text, at, token, table, grammar)
        except RulesError as error:
            yield RulesError(
                COMPILE_OUTPUT,
                error.message,
                offset=token.start(),
                suggestion=error.suggestion,
                unknown=error.unknown,
            )


def _field_end(text: str, at: int, token: re.Match[str], table: FieldTable, grammar: Grammar) -> int:
    if at == len(text):
        message = "an output cannot end with a %" if not token.group(1) else "an output cannot end with a number"
        raise RulesError(COMPILE_OUTPUT, message)
    transformers, at = _transformers(text, at, grammar)
    field, at = _field(text, at, table)
    if "f" in field.flags:
        raise RulesError(COMPILE_OUTPUT, f"{field.name} is for conditions only", suggestion="use %fd.name or the like")
    for transformer in reversed(transformers):
        field = transformed(field, transformer)
        if not text.startswith(")", at):
            raise RulesError(COMPILE_OUTPUT, f"the ')' that ends {transformer}( is missing")
        at += 1
    return at


def _transformers(text: str, at: int, grammar: Grammar) -> tuple[list[str], int]:
    found: list[str] = []
    while True:
        name = next((name for name in grammar.transformers if text.startswith(name + "(", at)), "")
        if not name:
            return found, at
        found.append(name)
        at += len(name) + 1


def _field(text: str, at: int, table: FieldTable) -> tuple[FieldType, int]:
    """The longest field that the text begins with, and where it ends."""
    word = _NAME.match(text, at)
    name = word.group() if word else ""
    known = next((name[:end] for end in range(len(name), 0, -1) if _is_field(name[:end], table)), "")
    if not known:
        what = name or text[at : at + 1]
        hint = did_you_mean(name, table.fields) if name else "Falco has no way to write a plain %: leave it out"
        owner = table.nonexistent(name).suggestion if name else ""
        message = f"there is no field %{what} for the source {table.source}"
        raise RulesError(COMPILE_OUTPUT, message, suggestion=owner or hint, unknown=True)
    end = at + len(known)
    argument = _ARGUMENT.match(text, end)
    if argument is None:
        return table.resolve(known, None), end
    try:
        return table.resolve(known, argument.group(1)), argument.end()
    except RulesError as error:
        # Of a field that takes no argument, the bracket is text.
        if error.unknown:
            return table.resolve(known, None), end
        raise


def _is_field(name: str, table: FieldTable) -> bool:
    start, _dot, rest = name.partition("arg.")
    if start in ("evt.", "evt.raw") and rest:
        return rest in event_arguments()
    if name.startswith("thread.cgroup."):
        return len(name) > len("thread.cgroup.")
    return name in table.fields or name in ("evt.abspath.src", "evt.abspath.dst")
