# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ClusterRoles that are made of others: which ones a role selects, and what its rules come to.

The controller-manager writes the result into the role, and the authorizer reads only that. For manifests, which no
controller has seen, it is computed here: the least set of rules that it would settle at, cycles included.
Source: Kubernetes, pkg/controller/clusterroleaggregation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.label_selector import selector_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE,
    Role,
    RoleRef,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Rule


def selected(role: Role, roles: Iterable[Role]) -> Iterator[Role]:
    """The ClusterRoles whose labels a role selects, itself never."""
    selectors = [selector_from(raw) for raw in role.selectors or ()]
    for other in roles if selectors else ():
        candidate = other.ref.kind == CLUSTER_ROLE and other.ref != role.ref
        if candidate and any(selector.matches(other.labels) for selector in selectors):
            yield other


def aggregated(roles: Iterable[Role]) -> list[Role]:
    """The roles, with the rules of aggregated ones as the controller would write them."""
    every = list(roles)
    sources = {role.ref: [other.ref for other in selected(role, every)] for role in every if role.selectors is not None}
    rules = {role.ref: role.rules for role in every if role.ref not in sources}
    return [replace(role, rules=_union(role.ref, sources, rules)) if role.ref in sources else role for role in every]


def _union(
    ref: RoleRef, sources: dict[RoleRef, list[RoleRef]], rules: dict[RoleRef, tuple[Rule, ...]]
) -> tuple[Rule, ...]:
    """The rules of all roles that are reached from one, each once, in the order of the roles' names."""
    found: dict[Rule, None] = {}
    reached: dict[RoleRef, None] = {ref: None}
    waiting = [ref]
    while waiting:
        for source in sorted(sources.get(waiting.pop(), ())):
            found.update(dict.fromkeys(rules.get(source, ())))
            if source in sources and source not in reached:
                reached[source] = None
                waiting.append(source)
    return tuple(found)
