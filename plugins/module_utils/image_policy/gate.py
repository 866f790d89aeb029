# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gate finds, and how it says that it cannot tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.image_policy.bundle import Rule
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.facts import ImageFacts


@dataclass(frozen=True)
class Match:
    """A trigger fired: on what (`trigger_id`, by which a whitelist excuses it), and a sentence about it."""

    trigger_id: str
    message: str


class CannotJudgeError(Exception):
    """The facts do not tell; the message says what is missing."""


Trigger = Callable[[Rule, ImageFacts], Iterable[Match]]
"""Raises CannotJudgeError."""


def listed(rule: Rule, name: str) -> list[str]:
    """The parts of a parameter that is a list with commas."""
    return [part.strip() for part in (rule.value(name) or "").split(",") if part.strip()]


def is_true(rule: Rule, name: str) -> bool:
    """Whether a parameter is `true`."""
    return (rule.value(name) or "").strip().lower() == "true"


def compared(actual: float, operator: str, wanted: float) -> bool:
    """Whether a comparison of the engine holds."""
    return {
        "=": actual == wanted,
        "!=": actual != wanted,
        "<": actual < wanted,
        ">": actual > wanted,
        "<=": actual <= wanted,
        ">=": actual >= wanted,
    }.get(operator, False)
