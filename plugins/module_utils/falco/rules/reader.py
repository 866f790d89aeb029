# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the items of rules files into the collection; for the rules among them see rule_reader.py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.collection import (
    Collection,
    ListItem,
    MacroItem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import (
    Document,
    Node,
    flag,
    required,
    texts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import (
    ConditionText,
    Part,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    DEPRECATED_ITEM,
    DUPLICATE_KEY,
    INVALID_LIST_NAME,
    INVALID_MACRO_NAME,
    UNKNOWN_ITEM,
    UNKNOWN_KEY,
    Place,
    Report,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.lexer import BARE, IDENTIFIER
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.overrides import overrides
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.requirements import (
    require_engine,
    require_plugins,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.rule_reader import RuleReader
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean

# The key that says what an item is, in the order in which Falco looks for it, and the keys beside it.
KEYS: dict[str, tuple[str, ...]] = {
    "required_engine_version": (),
    "required_plugin_versions": (),
    "list": ("items", "append", "override"),
    "macro": ("condition", "append", "override"),
    "rule": (
        *("condition", "output", "desc", "priority", "source", "enabled", "capture", "capture_duration", "tags"),
        *("warn_evttypes", "skip-if-unknown-filter", "exceptions", "override", "append"),
    ),
}
_Item = TypeVar("_Item", ListItem, MacroItem)
APPEND_HINT = "say what is appended under 'override', such as 'condition: append'"


class Reader:
    """Reads files into one collection, in their order."""

    def __init__(self, collection: Collection, engine: Engine, report: Report) -> None:
        self._collection = collection
        self._engine = engine
        self._report = report
        self._rules = RuleReader(collection, engine, report)

    def read(self, document: Document) -> None:
        """Take the items of a file. Those that Falco refuses are reported and left out."""
        items = document.items()
        while True:
            try:
                item = next(items, None)
            except RulesError as error:
                return self._report.refuse(error, Place(document.name, 1, 1), "file")
            if item is None:
                return None
            self._read_item(item)

    def _read_item(self, item: Node) -> None:
        label = "item"
        try:
            if not item.is_mapping:
                raise item.error("an item is a mapping, with a key such as 'rule', 'macro' or 'list'")
            entries = item.entries()
            kind = next((key for key in KEYS if key in entries), "")
            if not kind:
                return self._unknown(item, entries)
            label = kind
            if kind in ("list", "macro", "rule"):
                label = f"{kind}: {required(entries, kind, item).text}"
            self._warn_keys(item, kind, label)
            self._take(kind, item, entries, label)
        except RulesError as error:
            self._report.refuse(error, item.place, label)
        return None

    def _take(self, kind: str, item: Node, entries: dict[str, Node], label: str) -> None:
        if kind == "rule":
            self._rules.read(item, entries, label)
        elif kind == "macro":
            self._read_macro(item, entries, label)
        elif kind == "list":
            self._read_list(item, entries, label)
        elif kind == "required_engine_version":
            self._collection.required_engine.append(require_engine(required(entries, kind, item), self._engine))
        else:
            self._collection.required_plugins += require_plugins(entries[kind], self._engine)

    def _unknown(self, item: Node, entries: dict[str, Node]) -> None:
        key = next(iter(entries), "")
        self._report.warn(
            UNKNOWN_ITEM, f"Falco ignores an item that begins with '{key}'", item.place, "item", did_you_mean(key, KEYS)
        )

    def _warn_keys(self, item: Node, kind: str, label: str) -> None:
        seen: set[str] = set()
        for key, node in item.key_nodes():
            if key in seen:
                message = f"the key '{key}' stands twice, and Falco takes the first"
                self._report.warn(DUPLICATE_KEY, message, node.place, label)
            elif key != kind and key not in KEYS[kind]:
                hint = did_you_mean(key, KEYS[kind])
                self._report.warn(UNKNOWN_KEY, f"Falco ignores the key '{key}' of a {kind}", node.place, label, hint)
            seen.add(key)

    def _warn_name(self, code: str, item: Node, pattern: re.Pattern[str], label: str) -> None:
        if not pattern.fullmatch(label.partition(": ")[2]):
            self._report.warn(code, "the name cannot be used in a condition", item.place, label)

    def _appends(self, item: Node, entries: dict[str, Node], key: str, label: str) -> bool:
        append = flag(entries, "append", False)
        if append:
            message = "the key 'append' is deprecated"
            self._report.warn(DEPRECATED_ITEM, message, entries["append"].place, label, APPEND_HINT)
        appended, replaced = overrides(entries, (key,), (key,))
        if append and (appended or replaced):
            raise item.error("'append: true' and 'override' exclude each other", APPEND_HINT)
        return append or key in appended

    def _read_list(self, item: Node, entries: dict[str, Node], label: str) -> None:
        self._warn_name(INVALID_LIST_NAME, item, BARE, label)
        name = entries["list"].text
        items = [node.text for node in texts(entries, "items", item)]
        there = self._collection.lists
        if not self._appends(item, entries, "items", label):
            return self._collection.define(there, ListItem(name, item, items))
        previous = _previous(item, there, name, "list")
        previous.items += items
        return self._collection.touched(previous)

    def _read_macro(self, item: Node, entries: dict[str, Node], label: str) -> None:
        self._warn_name(INVALID_MACRO_NAME, item, IDENTIFIER, label)
        name, node = entries["macro"].text, required(entries, "condition", item)
        condition = ConditionText([Part(node.text, node)])
        there = self._collection.macros
        if not self._appends(item, entries, "condition", label):
            return self._collection.define(there, MacroItem(name, item, condition))
        previous = _previous(item, there, name, "macro")
        previous.condition = previous.condition.followed_by(condition)
        return self._collection.touched(previous)


def _previous(item: Node, there: dict[str, _Item], name: str, kind: str) -> _Item:
    if name not in there:
        raise item.invalid(f"appends to a {kind} that is not defined above", did_you_mean(name, there))
    return there[name]


def read_files(documents: Sequence[Document], engine: Engine, report: Report) -> Collection:
    """The items of these files, in this order."""
    collection = Collection(report)
    reader = Reader(collection, engine, report)
    for document in documents:
        reader.read(document)
    return collection
