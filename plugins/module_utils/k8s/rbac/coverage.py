# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether rules grant what another rule grants, as the API server decides when somebody writes a role.

Source: Kubernetes, component-helpers/auth/rbac/validation/policy_comparator.go.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import ALL, Rule

# A rule that multiplies to more single grants is an attack on whoever compares it.
_MOST_GRANTS = 10_000


def uncovered(rule: Rule, owned: Iterable[Rule]) -> list[Rule]:
    """What of a rule these rules do not grant: nothing, the rule itself, or the single grants that are missing."""
    candidates = [own for own in owned if _may_cover(own, rule)]
    if any(_covers(own, rule) for own in candidates):
        return []
    if not candidates or _count(rule) > _MOST_GRANTS:
        return [rule]
    singles = list(_singles(rule))
    missing = [single for single in singles if not any(_covers(own, single) for own in candidates)]
    return [rule] if len(missing) == len(singles) else missing


def _may_cover(own: Rule, rule: Rule) -> bool:
    """Cheap: whether the two have a verb in common at all."""
    return ALL in own.verbs or any(verb in own.verbs for verb in rule.verbs)


def _covers(own: Rule, rule: Rule) -> bool:
    if not all(own.has_verb(verb) for verb in rule.verbs):
        return False
    if rule.urls and not all(own.has_url(url) for url in rule.urls):
        return False
    if not rule.resources:
        return bool(rule.urls)
    return (
        all(own.has_group(group) for group in rule.groups)
        and all(_resource_covered(own, resource) for resource in rule.resources)
        and (not own.names or (bool(rule.names) and set(rule.names) <= set(own.names)))
    )


def _resource_covered(own: Rule, resource: str) -> bool:
    _resource, slash, subresource = resource.partition("/")
    return own.has_resource(resource, subresource if slash else "")


def _count(rule: Rule) -> int:
    lists: Sequence[Sequence[str]] = (rule.verbs, rule.groups, rule.resources, rule.names, rule.urls)
    product = 1
    for values in lists:
        product *= len(values) or 1
    return product


def _singles(rule: Rule) -> Iterator[Rule]:
    """The rule as rules of one verb, group, resource and name each, or of one verb and path."""
    for verb, url in itertools.product(rule.verbs, rule.urls):
        yield Rule((verb,), urls=(url,))
    for verb, group, resource in itertools.product(rule.verbs, rule.groups, rule.resources):
        if rule.names:
            yield from (Rule((verb,), (group,), (resource,), (name,)) for name in rule.names)
        else:
            yield Rule((verb,), (group,), (resource,))
