# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response rules of the configuration: what they match, and which steps they take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bulkhead_response import names
from bulkhead_response.config_reader import Section
from bulkhead_response.outcome import STATUSES

AGAIN, SKIP = "again", "skip"
STOP, CONTINUE = "stop", "continue"


@dataclass(frozen=True)
class MatchConfig:
    """All parts that are given must match; a list matches by any of its members, `*` stands for anything."""

    rules: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class StepConfig:
    """One step. `path` is where it stands; `timeout` is in seconds, None for that of the limits.

    on: of a notification, the states of the response in which it is sent. on_doubt: what happens to a step that was
    begun by a runner that ended before it could say what came of it. on_failure: what happens to the actions after it.
    """

    name: str
    is_action: bool
    params: Mapping[str, Any]
    path: str
    on: frozenset[str] = frozenset(STATUSES)
    on_doubt: str = AGAIN
    on_failure: str = STOP
    timeout: float | None = None


@dataclass(frozen=True)
class RuleConfig:
    """One response rule. None for what the limits say for all."""

    name: str
    match: MatchConfig
    steps: tuple[StepConfig, ...]
    path: str
    go_on: bool = False
    dry_run: bool = False
    dedup_seconds: float | None = None
    actions_per_minute: int | None = None


def read_rules(section: Section) -> tuple[RuleConfig, ...]:
    """The rules under `rules`. ConfigError for what is wrong, and for two whose names give the same subject."""
    rules: list[RuleConfig] = []
    for item in section.sections("rules"):
        rule = item.whole_of(_rule)
        twin = next((other for other in rules if names.slug(other.name) == names.slug(rule.name)), None)
        if twin is not None:
            raise item.wrong("name", f"is {rule.name!r}, which cannot be told from {twin.path}, {twin.name!r}")
        rules.append(rule)
    return tuple(rules)


def _rule(section: Section) -> RuleConfig:
    steps = tuple(step.whole_of(_step) for step in section.sections("steps"))
    if not steps:
        raise section.wrong("steps", "must list at least one step")
    return RuleConfig(
        name=section.text("name"),
        match=section.optional("match", _match) or MatchConfig(),
        steps=steps,
        path=section.path,
        go_on=section.flag("continue", False),
        dry_run=section.flag("dry_run", False),
        dedup_seconds=section.number("dedup_seconds", 0) if section.has("dedup_seconds") else None,
        actions_per_minute=section.whole("actions_per_minute", 0) if section.has("actions_per_minute") else None,
    )


def _match(section: Section) -> MatchConfig:
    lists = {key: section.texts(key) for key in ("rules", "priority", "tags", "sources", "namespaces", "images")}
    return MatchConfig(labels=section.lists("labels"), fields=section.lists("fields"), **lists)


def _step(section: Section) -> StepConfig:
    kinds = [kind for kind in ("action", "notify") if section.has(kind)]
    if len(kinds) != 1:
        raise section.wrong("action", "or notify is required, and not both")
    on = section.texts("on", STATUSES)
    unknown = next((status for status in on if status not in STATUSES), None)
    if unknown:
        raise section.wrong("on", f"has {unknown!r}; there are {', '.join(STATUSES)}")
    return StepConfig(
        name=section.text(kinds[0]),
        is_action=kinds[0] == "action",
        params=section.free("params"),
        path=section.path,
        on=frozenset(on),
        on_doubt=section.choice("on_doubt", (AGAIN, SKIP), AGAIN),
        on_failure=section.choice("on_failure", (STOP, CONTINUE), STOP),
        timeout=section.number("timeout", 0, 0.1) if section.has("timeout") else None,
    )
