# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes with a Namespace or a CustomResourceDefinition when it is deleted, and is not of the set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.kinds import CRD, Kinds
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import Member
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import PART_OF
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import METADATA_LIST, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

NAMESPACE = ("", "Namespace")
# Made by the cluster for what else is in a namespace.
_BY_THE_CLUSTER = frozenset({"Event", "Endpoints", "EndpointSlice", "ControllerRevision", "PodMetrics"})
_IN_EVERY_NAMESPACE = frozenset(
    {
        ("ServiceAccount", "default"),
        ("ConfigMap", "kube-root-ca.crt"),
        ("ConfigMap", "openshift-service-ca.crt"),
    }
)
_TOKEN_OF = "kubernetes.io/service-account.name"
# Enough to see whether there is anything; most of a namespace's objects are in few kinds.
_A_FEW = 50


def content_to_lose(
    cluster: Cluster, kinds: Kinds, member: Member, declared: Iterable[Member], applyset_id: str
) -> str:
    """Why this Namespace or definition of a kind should stay: what is in it. Empty for all else, and when it is empty.

    Raises Unreachable.
    """
    if member.key[:2] == NAMESPACE:
        held = [item for item in declared if item.namespace == member.name]
        places = [(resource, member.name) for resource in _namespaced(kinds)] if not held else []
    elif member.key[:2] == CRD:
        group, kind = _defined(member)
        held = [item for item in declared if (item.group, item.kind) == (group, kind)]
        resource = kinds.of_group_kind(group, kind) if not held else None
        places = [(resource, "")] if resource else []
    else:
        return ""
    if held:
        return f"{held[0].title}, which is declared, would be deleted with it"
    return _first_foreign(cluster, places, applyset_id)


def _namespaced(kinds: Kinds) -> list[Resource]:
    """Each kind of a namespace once, whatever versions it is served in."""
    found = {
        (resource.group, resource.kind): resource
        for resource in reversed(kinds.discovery.resources())
        if resource.namespaced and "list" in resource.verbs and resource.kind not in _BY_THE_CLUSTER
    }
    return list(found.values())


def _defined(member: Member) -> tuple[str, str]:
    spec = (member.live or {}).get("spec") or {}
    return str(spec.get("group")), str((spec.get("names") or {}).get("kind"))


def _first_foreign(cluster: Cluster, places: list[tuple[Resource, str]], applyset_id: str) -> str:
    found = in_parallel(lambda place: list(_foreign(cluster, *place, applyset_id)), places)
    names = [name for some in found for name in some]
    if not names:
        return ""
    more = f" and {len(names) - 1} more objects" if len(names) > 1 else ""
    return f"{names[0]}{more} would be deleted with it, and delete_contents is not set"


def _foreign(cluster: Cluster, resource: Resource, namespace: str, applyset_id: str) -> Iterator[str]:
    query = {"labelSelector": f"{PART_OF}!={applyset_id}", "limit": _A_FEW}
    try:
        page = cluster.get(resource.path(namespace or None), query=query, accept=f"{METADATA_LIST},application/json")
    except ApiStatus as exc:
        if exc.status in (404, 405):
            return
        yield f"{resource.kind}s that cannot be listed ({exc.reason or exc.status})"
        return
    for item in page.get("items") or ():
        if not _made_by_the_cluster(resource.kind, item["metadata"]):
            place = f"{item['metadata'].get('namespace')}/" if item["metadata"].get("namespace") else ""
            yield f"{resource.kind} {place}{item['metadata']['name']}"


def _made_by_the_cluster(kind: str, metadata: Mapping[str, Any]) -> bool:
    owners = metadata.get("ownerReferences") or ()
    return (
        (kind, metadata["name"]) in _IN_EVERY_NAMESPACE
        or any(owner.get("controller") for owner in owners if isinstance(owner, Mapping))
        or (kind == "Secret" and _TOKEN_OF in (metadata.get("annotations") or {}))
    )
