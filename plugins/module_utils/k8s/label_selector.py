# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Label selectors as Kubernetes evaluates them (metav1.LabelSelector)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Requirement:
    """One condition on one label. `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Labels) -> bool:
        """NotIn and DoesNotExist hold for an object without the label. An operator that is none holds never."""
        value = labels.get(self.key)
        if self.operator == "In":
            return value is not None and value in self.values
        if self.operator == "NotIn":
            return value is None or value not in self.values
        if self.operator == "Exists":
            return value is not None
        return self.operator == "DoesNotExist" and value is None


@dataclass(frozen=True)
class Selector:
    """All requirements must hold; a selector without any selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Labels) -> bool:
        """Whether an object with these labels is selected."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    @property
    def everything(self) -> bool:
        """Whether it is the empty selector."""
        return not self.requirements

    @property
    def text(self) -> str:
        """As kubectl writes it, such as `app=web,tier in (a, b)`."""
        return ",".join(_text(requirement) for requirement in self.requirements) or "<everything>"


EVERYTHING = Selector()


def selector_from(raw: Mapping[str, Any] | None) -> Selector:
    """A LabelSelector object. Without conditions it selects everything; what null means is its field's own matter."""
    given = raw or {}
    equal = [("In", key, (value,)) for key, value in (given.get("matchLabels") or {}).items()]
    wider = [
        (str(row.get("operator")), row.get("key"), tuple(row.get("values") or ()))
        for row in given.get("matchExpressions") or ()
    ]
    return _selector(tuple((operator, str(key), values) for operator, key, values in [*equal, *wider]))


@lru_cache(maxsize=4096)
def _selector(rows: tuple[tuple[str, str, tuple[Any, ...]], ...]) -> Selector:
    return Selector(tuple(Requirement(key, operator, frozenset(map(str, values))) for operator, key, values in rows))


def _text(requirement: Requirement) -> str:
    values = ", ".join(sorted(requirement.values))
    if requirement.operator == "In" and len(requirement.values) == 1:
        return f"{requirement.key}={values}"
    if requirement.operator in ("In", "NotIn"):
        return f"{requirement.key} {requirement.operator.lower()} ({values})"
    return requirement.key if requirement.operator == "Exists" else f"!{requirement.key}"
