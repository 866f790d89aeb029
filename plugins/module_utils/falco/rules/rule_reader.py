# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads rules: new ones, and what appends to earlier ones, replaces parts of them or enables them."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.collection import (
    Collection,
    RuleItem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import (
    Node,
    flag,
    optional,
    required,
    texts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.exceptions import (
    RuleException,
    appended,
    read_exceptions,
    validated,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import (
    ConditionText,
    Part,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.field_check import FieldCheck
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    DEPRECATED_ITEM,
    UNKNOWN_SOURCE,
    Report,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.overrides import overrides
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean

PRIORITIES = ("emergency", "alert", "critical", "error", "warning", "notice", "informational", "info", "debug")
_APPENDABLE = ("condition", "output", "desc", "tags", "exceptions")
_REPLACEABLE = (
    *(*_APPENDABLE, "priority", "capture", "capture_duration"),
    *("enabled", "warn_evttypes", "skip-if-unknown-filter"),
)
_FLAGS = {"enabled": "enabled", "warn_evttypes": "warn_evttypes", "skip-if-unknown-filter": "skip_if_unknown_filter"}


class RuleReader:
    """Reads the items of files that are rules."""

    def __init__(self, collection: Collection, engine: Engine, report: Report) -> None:
        self._collection = collection
        self._engine = engine
        self._report = report
        self._sources = engine.sources()
        self._fields = FieldCheck(engine)

    def read(self, item: Node, entries: dict[str, Node], label: str) -> None:
        """Take a rule into the collection."""
        self._check_source(item, entries)
        append = flag(entries, "append", False)
        to_append, to_replace = overrides(entries, _APPENDABLE, _REPLACEABLE)
        if append:
            hint = "say what is appended under 'override', such as 'condition: append'"
            message = "the key 'append' is deprecated"
            self._report.warn(DEPRECATED_ITEM, message, entries["append"].place, label, hint)
            if to_append or to_replace:
                raise item.error("'append: true' and 'override' exclude each other", hint)
        if to_append or to_replace:
            self._override(item, entries, to_append, to_replace, label)
        elif append:
            self._append(item, entries, {"condition", "exceptions"} & set(entries), label)
        elif not {"condition", "output", "desc", "priority"} & set(entries):
            self._enable(item, entries, label)
        else:
            self._define(item, entries, label)

    def _check_source(self, item: Node, entries: dict[str, Node]) -> None:
        previous = self._collection.rules.get(entries["rule"].text)
        source = entries.get("source")
        if previous and source and source.text and previous.source != source.text:
            message = f"the rule is for the source {previous.source} in {previous.node.place}"
            raise source.invalid(message)

    def _define(self, item: Node, entries: dict[str, Node], label: str) -> None:
        condition, output = required(entries, "condition", item), required(entries, "output", item)
        desc, source = required(entries, "desc", item).text, optional(entries, "source")
        rule = RuleItem(
            name=entries["rule"].text,
            node=item,
            source=source.text if source else "syscall",
            condition=ConditionText([Part(condition.text, condition)]),
            output=ConditionText([Part(output.text, output)]),
            desc=desc,
            priority=_priority(required(entries, "priority", item)),
            tags=[node.text for node in texts(entries, "tags", item)] if "tags" in entries else [],
            enabled=flag(entries, "enabled", True),
            warn_evttypes=flag(entries, "warn_evttypes", True),
            skip_if_unknown_filter=flag(entries, "skip-if-unknown-filter", False),
        )
        _check_capture(entries)
        if rule.source not in self._sources:
            rule.unknown_source = True
            place, hint = (source or item).place, did_you_mean(rule.source, self._sources)
            message = f"no plugin that is loaded brings the source {rule.source}: Falco skips the rule"
            self._report.warn(UNKNOWN_SOURCE, message, place, label, hint)
        rule.exceptions = self._exceptions(rule, entries, False, label)
        self._collection.define(self._collection.rules, rule)

    def _exceptions(self, rule: RuleItem, entries: dict[str, Node], append: bool, label: str) -> list[RuleException]:
        found = read_exceptions(entries, append, self._report, label)
        old = {exception.name for exception in rule.exceptions} if append else set()
        for exception in found:
            if exception.name in old:
                _check_values_only(exception)
                continue
            if append and not exception.values:
                raise exception.node.invalid(f"the new exception '{exception.name}' has no 'values'")
            check = None if rule.unknown_source else self._fields.of_source(rule.source)
            validated(exception, self._engine.grammar.list_modifiers, check)
        return found

    def _enable(self, item: Node, entries: dict[str, Node], label: str) -> None:
        enabled = flag(entries, "enabled", True) if "enabled" in entries else None
        if enabled is None:
            raise item.error("a rule needs 'condition', 'output', 'desc' and 'priority', or 'enabled'")
        hint = "add 'override: {enabled: replace}'"
        message = "'enabled' without 'override' is deprecated"
        self._report.warn(DEPRECATED_ITEM, message, entries["enabled"].place, label, hint)
        self._previous(item, entries, "enables or disables").enabled = enabled

    def _previous(self, item: Node, entries: dict[str, Node], what: str) -> RuleItem:
        name = entries["rule"].text
        if name not in self._collection.rules:
            hint = did_you_mean(name, self._collection.rules)
            raise item.invalid(f"{what} a rule that is not defined above", hint)
        return self._collection.rules[name]

    def _override(
        self, item: Node, entries: dict[str, Node], to_append: set[str], to_replace: set[str], label: str
    ) -> None:
        for key in sorted(to_append | to_replace):
            if key not in entries:
                raise item.error(f"'override' names '{key}', but the item has no '{key}'")
        for key in _REPLACEABLE:
            if key in entries and key not in to_append | to_replace:
                raise entries[key].error(f"'override' does not say what to do with '{key}'")
        if to_append:
            self._append(item, entries, to_append, label)
        if to_replace:
            self._replace(item, entries, to_replace, label)

    def _append(self, item: Node, entries: dict[str, Node], keys: set[str], label: str) -> None:
        rule = self._previous(item, entries, "appends to")
        if not keys:
            raise item.invalid("appends neither a condition nor exceptions")
        values: dict[str, Any] = {}
        for key in ("condition", "output"):
            if key in keys:
                node = required(entries, key, item)
                values[key] = getattr(rule, key).followed_by(ConditionText([Part(node.text, node)]))
        if "desc" in keys:
            values["desc"] = f"{rule.desc} {required(entries, 'desc', item).text}"
        if "tags" in keys:
            values["tags"] = [*rule.tags, *(node.text for node in texts(entries, "tags", item))]
        if "exceptions" in keys:
            new = self._exceptions(rule, entries, True, label)
            old = {exception.name for exception in rule.exceptions}
            added = [exception for exception in new if exception.name not in old]
            values["exceptions"] = [*appended(rule.exceptions, new), *added]
        self._collection.update(rule, values)

    def _replace(self, item: Node, entries: dict[str, Node], keys: set[str], label: str) -> None:
        rule = self._previous(item, entries, "replaces parts of")
        values: dict[str, Any] = {}
        for key in {"condition", "output"} & keys:
            node = required(entries, key, item)
            values[key] = ConditionText([Part(node.text, node)])
        if "desc" in keys:
            values["desc"] = required(entries, "desc", item).text
        if "tags" in keys:
            values["tags"] = [node.text for node in texts(entries, "tags", item)]
        if "priority" in keys:
            values["priority"] = _priority(required(entries, "priority", item))
        for key in set(_FLAGS) & keys:
            values[_FLAGS[key]] = flag(entries, key, True)
        _check_capture(entries)
        if "exceptions" in keys:
            values["exceptions"] = self._exceptions(rule, entries, False, label)
            for exception in values["exceptions"]:
                if exception.comps is None:
                    # Falco fills them in only where the rule itself is defined.
                    raise exception.node.invalid(f"the exception '{exception.name}' that replaces needs 'comps'")
        self._collection.update(rule, values)


def _check_values_only(exception: RuleException) -> None:
    for key, given in (("fields", exception.fields), ("comps", exception.comps)):
        if given is not None:
            message = (
                f"the exception '{exception.name}' is there already: '{key}' cannot be appended to it, only values"
            )
            raise exception.node.invalid(message)


def _priority(node: Node) -> str:
    if node.text.lower() not in PRIORITIES:
        hint = did_you_mean(node.text.lower(), PRIORITIES) or "one of " + ", ".join(PRIORITIES)
        raise node.error(f"{node.text} is no priority", hint)
    return node.text.lower()


def _check_capture(entries: dict[str, Node]) -> None:
    flag(entries, "capture", False)
    duration = optional(entries, "capture_duration")
    if duration is not None and not duration.text.isdecimal():
        raise duration.error("'capture_duration' is a number of milliseconds")
