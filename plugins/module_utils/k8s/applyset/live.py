# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read what is in the cluster with few requests: the members by their label, what is declared by name.

Of what is not ours, only the names are looked at, unless most of what is in a place is to be ours; a page at a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.kinds import Kinds
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    Member,
    found_member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import (
    PART_OF,
    Scope,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import METADATA_LIST, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import (
    ApiStatus,
    K8sError,
    Unreachable,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

# From so many objects of a kind in a namespace on, one list of the names costs less than asking for each.
MANY = 10
# In more namespaces than these, the whole cluster is asked at once, where that is allowed.
SEVERAL_NAMESPACES = 4
_FORBIDDEN, _NOT_FOUND = 403, 404

Place = tuple[Resource, str]


@dataclass
class Found:
    """The members that carry the label of the set, and why some could not be looked for."""

    members: list[Member] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def find_members(cluster: Cluster, kinds: Kinds, scope: Scope, applyset_id: str) -> Found:
    """Everything in the scope that carries the label of the set. Raises Unreachable."""
    found = Found()
    places: list[Place] = []
    for group, kind in sorted(scope.kinds):
        try:
            resource = kinds.of_group_kind(group, kind)
        except ApiStatus as exc:  # an aggregated API whose own server is down
            found.problems.append(f"nothing is pruned, for it is not known whether {kind} is served: {exc}")
        else:
            places += _places(resource, scope) if resource else []
    for members, problem in in_parallel(lambda place: _labelled(cluster, place, scope, applyset_id), places):
        found.members.extend(members)
        found.problems.extend(problem)
    return found


def _places(resource: Resource, scope: Scope) -> list[Place]:
    if not resource.namespaced or len(scope.namespaces) > SEVERAL_NAMESPACES:
        return [(resource, "")]
    return [(resource, namespace) for namespace in sorted(scope.namespaces)]


def _labelled(cluster: Cluster, place: Place, scope: Scope, applyset_id: str) -> tuple[list[Member], list[str]]:
    resource, namespace = place
    try:
        return _list(cluster, place, scope, applyset_id), []
    except ApiStatus as exc:
        if exc.status != _FORBIDDEN or not resource.namespaced or namespace:
            return [], [_lost(exc, resource, namespace)]
    members: list[Member] = []
    problems: list[str] = []
    for one in sorted(scope.namespaces):
        try:
            members += _list(cluster, (resource, one), scope, applyset_id)
        except ApiStatus as exc:
            problems.append(_lost(exc, resource, one))
    return members, problems


def _lost(exc: ApiStatus, resource: Resource, namespace: str) -> str:
    if exc.status == 401:
        raise exc
    where = f" in {namespace}" if namespace else ""
    return f"nothing is pruned, for {resource.kind}{where} cannot be listed: {exc}"


def _list(cluster: Cluster, place: Place, scope: Scope, applyset_id: str) -> list[Member]:
    resource, namespace = place
    query = {"labelSelector": f"{PART_OF}={applyset_id}"}
    pages = cluster.pages(resource.path(namespace or None), query=query)
    every = (found_member(resource, item) for page in pages for item in page.get("items") or ())
    return [member for member in every if not member.namespace or member.namespace in scope.namespaces]


def read_live(cluster: Cluster, members: Iterable[Member], known: Iterable[Member]) -> None:
    """Fill in what is there of each member; `known` have been read already. A refusal becomes the member's failure."""
    # In another version of its kind the same object has other fields.
    by_key = {(member.api_version, *member.key): member.live for member in known}
    missing: dict[Place, list[Member]] = {}
    for member in members:
        member.live = by_key.get((member.api_version, *member.key))
        if member.live is None and member.resource is not None:
            missing.setdefault((member.resource, member.namespace), []).append(member)
    left = in_parallel(lambda place: _read_together(cluster, place, missing[place]), missing)
    in_parallel(lambda member: _read(cluster, member), [member for members in left for member in members])


def _read_together(cluster: Cluster, place: Place, members: list[Member]) -> list[Member]:
    """Read the members of a kind in a namespace with as few requests as can be; returns those to ask for one by one."""
    if len(members) < MANY:
        return members
    resource, namespace = place
    path = resource.path(namespace or None)
    try:
        pages = cluster.pages(path, accept=f"{METADATA_LIST},application/json")
        names = [item["metadata"]["name"] for page in pages for item in page.get("items") or ()]
    except ApiStatus as exc:
        if exc.status == 401:
            raise
        return members
    known = set(names)
    there = [member for member in members if member.name in known]
    if len(there) < MANY or 2 * len(there) < len(names):
        return there
    by_name = {member.name: member for member in there}
    for page in cluster.pages(path):
        for item in page.get("items") or ():
            if item["metadata"]["name"] in by_name:
                found = found_member(resource, item)
                by_name[found.name].live = found.live
    return []


def _read(cluster: Cluster, member: Member) -> None:
    try:
        member.live = cluster.get(member.path)
    except Unreachable:
        raise
    except ApiStatus as exc:
        if exc.status == 401:
            raise
        if exc.status != _NOT_FOUND:
            member.fail(str(exc))
    except K8sError as exc:
        member.fail(str(exc))
