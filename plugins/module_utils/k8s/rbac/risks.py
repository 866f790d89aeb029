# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a role's rules by the table of risks: once a role, however often it is bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Optional

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.risk_table import (
    GRANTS,
    WILDCARD_TARGETS,
    WILDCARD_VERBS,
    Grant,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import ALL, Rule

_ANYWHERE = Grant((ALL,), (ALL,), (ALL,))
Instead = Optional["tuple[Rule, ...]"]
# These address no object by its name: a rule that names objects does not allow them at all.
_NAMELESS = ("create", "deletecollection")


@dataclass(frozen=True)
class Hit:
    """A rule, by its index, is a risk, or a part of one. `instead` is what would be left of the rule without it.

    `instead` is None where the rule reaches the resource by a wildcard: then only its use tells what is needed.
    """

    risk: str
    index: int
    rule: Rule
    grant: Grant
    instead: Instead

    def counts_in(self, namespace: str) -> bool:
        """Whether it is one where the role is bound: in a namespace, or "" for everywhere."""
        if not namespace:
            return True
        return not self.grant.cluster and (not self.grant.namespaces or namespace in self.grant.namespaces)


def judge(rules: Iterable[tuple[int, Rule]]) -> tuple[Hit, ...]:
    """Every risk of every rule. What allows everything is told once, as wildcard_all, and not as each risk again."""
    return tuple(
        Hit(risk, index, rule, grant, instead) for index, rule in rules for risk, grant, instead in _faults(rule)
    )


# Thousands of roles are made from a few templates.
@lru_cache(maxsize=8192)
def _faults(rule: Rule) -> tuple[tuple[str, Grant, Instead], ...]:
    wildcard = _wildcard(rule)
    if wildcard and wildcard[0] == "wildcard_all" and ALL in rule.groups and not rule.names:
        return (wildcard,)
    return (*((wildcard,) if wildcard else ()), *_listed(rule))


def _wildcard(rule: Rule) -> tuple[str, Grant, Instead] | None:
    if ALL in rule.resources:
        if ALL in rule.verbs:
            return "wildcard_all", _ANYWHERE, None
        risky = any(verb in WILDCARD_VERBS for verb in rule.verbs)
        return ("wildcard_resources", _ANYWHERE, None) if risky else None
    target = next((grant for grant in WILDCARD_TARGETS if _touches(rule, grant)), None) if ALL in rule.verbs else None
    return ("wildcard_verbs", target, _without(rule, target)) if target else None


def _listed(rule: Rule) -> Iterator[tuple[str, Grant, Instead]]:
    """One hit tells a risk of a rule: the one that counts in a namespace too, where there are several."""
    for risk, grants in GRANTS.items():
        allowed = [grant for grant in grants if _allows(rule, grant)]
        if allowed:
            grant = min(allowed, key=lambda grant: grant.cluster)
            yield risk, grant, _without(rule, grant)


def _allows(rule: Rule, grant: Grant) -> bool:
    if not _touches(rule, grant):
        return False
    if not rule.names or grant.names is True:
        return True
    return bool(grant.names) and any(name in rule.names for name in grant.names or ())


def _touches(rule: Rule, grant: Grant) -> bool:
    """Whether the rule allows one of the verbs on one of the resources, of some object at least."""
    if not any(rule.has_group(group) for group in grant.groups):
        return False
    if ALL in grant.resources:
        return _has_any(rule, grant)
    return any(
        _has(rule, resource) and any(_verb_counts(rule, verb, resource) for verb in grant.verbs)
        for resource in grant.resources
    )


def _has_any(rule: Rule, grant: Grant) -> bool:
    """Of a grant on whatever a group has: a rule of all groups reaches it by all resources alone, not by any name."""
    by_name = any(group in rule.groups for group in grant.groups) and any("/" not in name for name in rule.resources)
    return (ALL in rule.resources or by_name) and any(_verb_counts(rule, verb, ALL) for verb in grant.verbs)


def _has(rule: Rule, resource: str) -> bool:
    """`userextras/*` of a grant stands for any; in a rule it would be a resource of that very name."""
    if resource.endswith("/*"):
        return ALL in rule.resources or any(name.startswith(resource[:-1]) for name in rule.resources)
    return rule.has_resource(resource, resource.partition("/")[2])


def _verb_counts(rule: Rule, verb: str, resource: str) -> bool:
    if rule.names and verb in _NAMELESS and "/" not in resource:
        return False
    return rule.has_verb(verb)


def _without(rule: Rule, grant: Grant) -> Instead:
    """The rule's other resources with all of its verbs, and these resources with the harmless verbs."""
    if ALL in rule.resources or ALL in rule.verbs or ALL in grant.resources:
        return None
    risky = tuple(name for name in rule.resources if name in grant.resources)
    if not risky:
        return None
    others = tuple(name for name in rule.resources if name not in risky)
    harmless = tuple(verb for verb in rule.verbs if verb not in grant.verbs)
    kept = [Rule(rule.verbs, rule.groups, others, rule.names)] if others else []
    kept += [Rule(harmless, rule.groups, risky, rule.names)] if harmless else []
    return tuple(kept)
