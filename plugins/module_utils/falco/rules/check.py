# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks rules as Falco would, without Falco."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.collection import Collection
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.compiler import Compiler
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.cost import Cost
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.document import Document
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import Issue, Report
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.reader import read_files


@dataclass(frozen=True)
class RuleSummary:
    """A rule as Falco would run it."""

    name: str
    file: str
    source: str
    priority: str
    enabled: bool
    tags: tuple[str, ...]
    cost: Cost | None

    def as_dict(self) -> dict[str, Any]:
        """As the module returns it."""
        cost = self.cost
        return {
            "name": self.name,
            "file": self.file,
            "source": self.source,
            "priority": self.priority,
            "enabled": self.enabled,
            "tags": list(self.tags),
            "cost": cost.level if cost else "",
            "cost_reason": cost.reason if cost else "",
            "event_types": cost.event_types if cost else None,
        }


@dataclass(frozen=True)
class Verdict:
    """What a check of rules files found, by file and line."""

    issues: tuple[Issue, ...]
    rules: tuple[RuleSummary, ...]
    macros: int
    lists: int

    @property
    def errors(self) -> list[Issue]:
        """What Falco would not load."""
        return [issue for issue in self.issues if issue.severity == "error"]

    @property
    def warnings(self) -> list[Issue]:
        """What Falco would load all the same."""
        return [issue for issue in self.issues if issue.severity == "warning"]

    @property
    def valid(self) -> bool:
        """Whether Falco would load the rules."""
        return not self.errors


def check_rules(files: Sequence[tuple[str, str]], engine: Engine | None = None) -> Verdict:
    """Check files that Falco loads together, in this order: [(name, content)]."""
    engine, report = engine or Engine(), Report()
    collection = read_files([Document(name, content) for name, content in files], engine, report)
    compiler = Compiler(collection, engine, report)
    compiler.compile()
    order = {name: number for number, (name, _content) in enumerate(files)}
    issues = sorted(report.issues, key=lambda issue: (order[issue.place.file], issue.place.line, issue.place.column))
    return Verdict(tuple(issues), _summaries(collection, compiler), len(collection.macros), len(collection.lists))


def _summaries(collection: Collection, compiler: Compiler) -> tuple[RuleSummary, ...]:
    return tuple(
        RuleSummary(
            rule.name,
            rule.node.document.name,
            rule.source,
            rule.priority,
            rule.enabled,
            tuple(dict.fromkeys(rule.tags)),
            compiler.costs.get(rule.name),
        )
        for rule in collection.rules.values()
    )
