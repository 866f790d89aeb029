# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts lists and macros into the conditions of rules, and reports what Falco would refuse or warn of."""

from __future__ import annotations

import functools

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.collection import (
    Collection,
    MacroItem,
    RuleItem,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition import (
    Macro,
    Node,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.condition_check import (
    ConditionCheck,
    ConditionWarning,
    macros_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.cost import (
    MANY_EVENTS,
    Cost,
    Costs,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import GRAMMARS, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.exceptions import condition_parts
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.expansion import (
    ConditionText,
    Part,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.field_check import FieldCheck
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    DEPRECATED_ITEM,
    NO_EVTTYPE,
    UNKNOWN_FILTER,
    UNUSED_LIST,
    UNUSED_MACRO,
    VALIDATE,
    Report,
    RulesError,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.list_names import (
    compiled_lists,
    list_warnings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.output import (
    deprecated_items,
    output_errors,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.parser import ConditionParser
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.suggest import did_you_mean


@functools.lru_cache(maxsize=4096)
def parsed(text: str, version: str) -> Node:
    """The tree of a condition whose lists are replaced. RulesError with its offset where it has none."""
    return ConditionParser(text, GRAMMARS[version]).parse()


class Compiler:
    """Compiles what has been collected."""

    def __init__(self, collection: Collection, engine: Engine, report: Report) -> None:
        self._collection = collection
        self._engine = engine
        self._report = report
        self._fields = FieldCheck(engine)
        self._used_macros: set[str] = set()
        self._lists, self._used_lists = compiled_lists(collection.lists)
        self._trees: dict[str, Node | None] = {}
        self._named: dict[str, frozenset[str]] = {}
        self._costs = Costs(self._trees)
        self._macro_errors: dict[tuple[str, str], list[RulesError]] = {}
        self.costs: dict[str, Cost] = {}

    def compile(self) -> None:
        """Check everything."""
        for macro in self._collection.macros.values():
            tree = self._parse(macro.condition, f"macro: {macro.name}")
            self._trees[macro.name] = tree
            self._named[macro.name] = frozenset(named.name for named in macros_of(tree)) if tree else frozenset()
        for macro in self._collection.macros.values():
            self._check_macro(macro)
        for macro in sorted(self._collection.macros.values(), key=lambda each: each.index):
            # In the order in which they build on each other, so that a long chain of them nests nowhere.
            self._costs.learn(macro.name)
        for rule in self._collection.rules.values():
            if not rule.unknown_source:
                self._check_rule(rule)
        self._report_unused()

    def _parse(self, text: ConditionText, label: str) -> Node | None:
        """The tree, or None after the report of why there is none."""
        try:
            expanded = text.expanded(self._lists, self._used_lists)
        except RulesError as error:
            self._report.refuse(error, text.place(0), label)
            return None
        try:
            tree = parsed(expanded, self._engine.version)
        except RulesError as error:
            place = text.expanded_place(self._lists, error.offset or 0)
            self._report.refuse(error, place, label)
            return None
        for warning in list_warnings(tree, self._lists):
            self._warn(warning, text, label)
        return tree

    def _warn(self, warning: ConditionWarning, text: ConditionText, label: str) -> None:
        place = text.expanded_place(self._lists, warning.offset)
        self._report.warn(warning.code, warning.message, place, label, warning.suggestion)

    def _check_macro(self, macro: MacroItem) -> None:
        tree = self._trees[macro.name]
        if tree is not None:
            self._resolve(tree, macro.condition, macro, f"macro: {macro.name}")

    def _resolve(self, tree: Node, text: ConditionText, macro: MacroItem | None, label: str) -> bool:
        """Whether all the macros that a condition names are there, and lead nowhere in a circle."""
        good = True
        for named in macros_of(tree):
            try:
                self._look_up(named, macro)
                self._used_macros.add(named.name)
            except RulesError as error:
                good = False
                self._report.refuse(error, text.expanded_place(self._lists, named.at), label)
        return good

    def _look_up(self, named: Macro, macro: MacroItem | None) -> None:
        other = self._collection.macros.get(named.name)
        if other is None:
            hint = did_you_mean(named.name, self._collection.macros)
            if named.name in self._collection.lists:
                hint = f"{named.name} is a list: write 'proc.name in ({named.name})' or the like"
            raise RulesError(VALIDATE, f"there is no macro {named.name}", suggestion=hint)
        if macro is None:
            return
        if macro.name == other.name or macro.name in self._reached(other.name):
            raise RulesError(VALIDATE, f"the macro {macro.name} leads back to itself, by {named.name}")
        if other.index >= macro.visibility:
            message = f"the macro {named.name} is defined only below, in {other.node.place}"
            raise RulesError(VALIDATE, message, suggestion="define it above")

    def _reached(self, name: str) -> frozenset[str]:
        """This macro and all that it names, in whatever depth."""
        found: set[str] = set()
        left = [name]
        while left:
            new = self._named.get(left.pop(), frozenset()) - found
            found |= new
            left += new
        return frozenset(found | {name})

    def _check_rule(self, rule: RuleItem) -> None:
        label = f"rule: {rule.name}"
        self._check_output(rule, label)
        try:
            text = self._condition_text(rule)
        except RulesError as error:
            return self._report.refuse(error, rule.node.place, label)
        tree = self._parse(text, label)
        if tree is None or not self._resolve(tree, text, None, label):
            return None
        used = frozenset().union(*(self._reached(named.name) for named in macros_of(tree))) & set(self._trees)
        check = ConditionCheck(self._fields.table(rule.source))
        for wrong in check.errors(tree):
            place = text.expanded_place(self._lists, wrong.offset or 0)
            self._refuse(rule, wrong.placed(place), label)
        for warning in check.warnings(tree):
            self._warn(warning, text, label)
        for name in sorted(used):
            self._check_used_macro(rule, name, check)
        return self._weigh(rule, tree, used, label)

    def _refuse(self, rule: RuleItem, error: RulesError, label: str) -> None:
        """Report an error, unless the rule is to be skipped for what this Falco does not know."""
        place = error.place or rule.node.place
        if error.unknown and rule.skip_if_unknown_filter:
            message = f"{error.message}: Falco skips the rule"
            self._report.warn(UNKNOWN_FILTER, message, place, label, error.suggestion)
        else:
            self._report.refuse(error, place, label)

    def _condition_text(self, rule: RuleItem) -> ConditionText:
        if not rule.exceptions:
            return rule.condition
        parts = [Part("(", rule.node, False), *rule.condition.parts, Part(")", rule.node, False)]
        for exception in rule.exceptions:
            parts += condition_parts(exception, self._engine.grammar.list_modifiers)
        return ConditionText(parts)

    def _check_used_macro(self, rule: RuleItem, name: str, check: ConditionCheck) -> None:
        key = (name, rule.source)
        if key not in self._macro_errors:
            self._macro_errors[key] = self._errors_of_macro(name, check)
        for error in self._macro_errors[key]:
            self._refuse(rule, error, f"macro: {name}")

    def _errors_of_macro(self, name: str, check: ConditionCheck) -> list[RulesError]:
        tree, text = self._trees[name], self._collection.macros[name].condition
        if tree is None:
            return []
        for warning in check.warnings(tree):
            self._warn(warning, text, f"macro: {name}")
        return [error.placed(text.expanded_place(self._lists, error.offset or 0)) for error in check.errors(tree)]

    def _check_output(self, rule: RuleItem, label: str) -> None:
        text = rule.output.text
        for offset, what in deprecated_items(text):
            self._report.warn(DEPRECATED_ITEM, what, rule.output.place(offset), label)
        for error in output_errors(text.rstrip(), self._fields.table(rule.source), self._engine.grammar):
            self._refuse(rule, error.placed(rule.output.place(error.offset or 0)), label)

    def _weigh(self, rule: RuleItem, tree: Node, used: frozenset[str], label: str) -> None:
        if rule.source != "syscall":
            return
        cost = self._costs.of_rule(tree, used)
        self.costs[rule.name] = cost
        if cost.events > MANY_EVENTS and rule.warn_evttypes and rule.enabled:
            message = f"Falco evaluates the rule for {'every event' if cost.event_types is None else 'most events'}"
            hint = "add evt.type, such as 'evt.type in (execve, execveat)'"
            self._report.warn(NO_EVTTYPE, f"{message}: {cost.reason}", rule.condition.place(0), label, hint)

    def _report_unused(self) -> None:
        for name, item in self._collection.macros.items():
            if name not in self._used_macros:
                self._report.warn(UNUSED_MACRO, "no rule or macro uses it", item.node.place, f"macro: {name}")
        for name, listed in self._collection.lists.items():
            if name not in self._used_lists:
                self._report.warn(UNUSED_LIST, "no condition or list uses it", listed.node.place, f"list: {name}")
