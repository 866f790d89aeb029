# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response rules, ready to be used: what they match, their steps made, their windows and allowances."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from bulkhead_response import names
from bulkhead_response.actions import ACTIONS
from bulkhead_response.alert import Alert
from bulkhead_response.config import Config
from bulkhead_response.config_reader import did_you_mean
from bulkhead_response.config_rules import RuleConfig, StepConfig
from bulkhead_response.errors import ConfigError
from bulkhead_response.matching import Matcher, compile_labels, compile_match
from bulkhead_response.notify import NOTIFICATIONS
from bulkhead_response.protection import EVENTS
from bulkhead_response.step import Step
from bulkhead_response.windows import Allowance, Clock


@dataclass(frozen=True)
class ResponseStep:
    """A configured step, made."""

    config: StepConfig
    step: Step
    seconds: float

    @property
    def name(self) -> str:
        """As it is configured, such as delete_pod."""
        return self.config.name


class ResponseRule:
    """One rule of the configuration, made."""

    def __init__(self, rule: RuleConfig, config: Config, clock: Clock) -> None:
        """ConfigError for a step that there is not, or whose parameters cannot be used."""
        self.name, self.slug, self.go_on = rule.name, names.slug(rule.name), rule.go_on
        self.dry_run = rule.dry_run or config.dry_run
        self.matches: Matcher = compile_match(rule)
        self.asks_for_labels = bool(rule.match.labels)
        self.labels_match = compile_labels(rule.match)
        self.steps = [_made(step, config.limits.step_timeout) for step in rule.steps]
        self.actions = frozenset(step.name for step in self.steps if step.config.is_action)
        self.touches = bool(self.actions) or any(step.name in EVENTS for step in self.steps)
        seconds = rule.dedup_seconds
        self.window_seconds = config.limits.dedup_seconds if seconds is None else seconds
        self.allowance = Allowance(rule.actions_per_minute or 0, clock)

    def window(self, alert: Alert) -> str:
        """What the alert is about, as far as this rule is concerned: within its window it is answered once."""
        target = alert.target
        if target.pod:
            who = f"{target.namespace}/{target.pod}/{target.pod_uid or target.container_id}"
        else:
            who = target.container_id or target.node or alert.hostname
        return f"{self.slug}|{alert.rule}|{who}"

    def key(self, alert: Alert, index: int) -> str:
        """The same for the same step of the same alert on each delivery; fit for a name of an object."""
        return hashlib.sha256(f"{alert.id}|{self.slug}|{index}".encode()).hexdigest()[:32]


def make_rules(config: Config, clock: Clock) -> list[ResponseRule]:
    """All rules, in their order. ConfigError says which key of which is wrong."""
    return [ResponseRule(rule, config, clock) for rule in config.rules]


def _made(config: StepConfig, seconds: float) -> ResponseStep:
    table: Mapping[str, type[Step]] = ACTIONS if config.is_action else NOTIFICATIONS
    kind = "action" if config.is_action else "notify"
    if config.name not in table:
        raise ConfigError(f"{config.path}.{kind} is {config.name!r}{did_you_mean(config.name, list(table))}")
    try:
        step = table[config.name](config.params)
    except ConfigError as error:
        raise ConfigError(f"{config.path}.params ({config.name}): {error}") from error
    return ResponseStep(config, step, config.timeout or seconds)
