# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least role for a list of requests: rules without a wildcard, as few as say no more than what was asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import CLUSTER_ROLE, ROLE
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request, Rule

_Verbs = frozenset[str]


def least_rules(requests: Iterable[Request]) -> list[Rule]:
    """The rules that allow these requests and nothing else, in an order that does not depend on theirs.

    Resources with the same verbs and names are one rule. Names are kept apart from requests without one, so that
    `get secrets db` and `list pods` do not become `get` of every Secret.
    """
    urls: dict[str, set[str]] = defaultdict(set)
    resources: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for request in requests:
        if request.path is not None:
            urls[request.path].add(request.verb)
        else:
            resources[(request.group, request.combined, request.name)].add(request.verb)
    return [*_resource_rules(resources), *_url_rules(urls)]


def least_role(requests: Iterable[Request], name: str, namespace: str = "") -> dict[str, Any]:
    """A manifest of the least Role in a namespace, or without one of the least ClusterRole."""
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": ROLE if namespace else CLUSTER_ROLE,
        "metadata": metadata,
        "rules": [rule.as_dict() for rule in least_rules(requests)],
    }


def _resource_rules(resources: dict[tuple[str, str, str], set[str]]) -> list[Rule]:
    """First the names of a resource that are used alike, then the resources of a group that are."""
    named: dict[tuple[str, str, _Verbs], list[str]] = defaultdict(list)
    for (group, resource, name), verbs in sorted(resources.items()):
        whole = resources.get((group, resource, ""), set()) if name else set()
        if verbs - whole:
            named[(group, resource, frozenset(verbs - whole))].append(name)
    alike: dict[tuple[str, _Verbs, tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource, needed), names in named.items():
        alike[(group, needed, tuple(name for name in names if name))].append(resource)
    rows = ((group, tuple(sorted(needed)), tuple(found), names) for (group, needed, names), found in alike.items())
    return [Rule(ordered, (group,), found, names) for group, ordered, found, names in sorted(rows)]


def _url_rules(urls: dict[str, set[str]]) -> list[Rule]:
    alike: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for url, verbs in sorted(urls.items()):
        alike[tuple(sorted(verbs))].append(url)
    return [Rule(verbs, urls=tuple(found)) for verbs, found in sorted(alike.items())]
