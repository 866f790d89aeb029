# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what left the set, and only that: each object by its uid and its version, so that a change saves it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset import order
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.managed_fields import (
    label_owners,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    FAILED,
    PRUNED,
    SKIPPED,
    UNCHANGED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import (
    PART_OF,
    owner_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import (
    CLUSTERS_OWN,
    Settings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, Unreachable
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

_RACES = 3
# Copies the labels of a Service to its Endpoints, and ours with them.
_COPIER = "kube-controller-manager"


def choose_pruned(leaving: Iterable[Member], settings: Settings) -> tuple[list[Member], list[Member]]:
    """What of the leaving objects is to be removed, and what stays although it has left, with the reason."""
    pruned, staying = [], []
    for member in leaving:
        member.message = _reason_to_stay(member, settings)
        if member.message:
            staying.append(member)
        elif not _is_a_copy(member.live or {}):
            member.action = PRUNED
            pruned.append(member)
    return pruned, staying


def _reason_to_stay(member: Member, settings: Settings) -> str:
    is_namespace = (member.group, member.kind) == ("", "Namespace")
    if is_namespace and member.name in CLUSTERS_OWN:
        return "it is the cluster's own"
    namespace = member.name if is_namespace else member.namespace
    if namespace and namespace in settings.protected_namespaces:
        return f"{namespace} is among protected_namespaces"
    return ""


def _is_a_copy(live: Mapping[str, Any]) -> bool:
    """Whether a controller made the object, with the labels of one of ours."""
    owners = (live.get("metadata") or {}).get("ownerReferences") or ()
    if any(owner.get("controller") for owner in owners if isinstance(owner, Mapping)):
        return True
    return label_owners(live, PART_OF) == {_COPIER}


def prune(cluster: Cluster, members: Iterable[Member], *, dry_run: bool) -> None:
    """Delete in the reverse order of making, up to the first wave that fails; each failure is its member's."""
    every = list(members)
    stopped = threading.Event()
    for number in reversed(order.WAVES):
        wave = [member for member in every if order.wave(member.group, member.kind) == number]
        in_parallel(lambda member: _remove(cluster, member, dry_run, stopped), wave)
        if any(member.action == FAILED for member in wave):
            stopped.set()


def _remove(cluster: Cluster, member: Member, dry_run: bool, stopped: threading.Event) -> None:
    if stopped.is_set():
        member.action, member.message = SKIPPED, "not attempted"
        return
    try:
        _delete(cluster, member, dry_run)
    except ApiStatus as exc:
        member.fail(f"it cannot be deleted: {exc}")
    except Unreachable as exc:
        member.fail(f"{exc}; {'it may have been deleted all the same' if exc.sent else 'it was not deleted'}")
        stopped.set()


def _delete(cluster: Cluster, member: Member, dry_run: bool) -> None:
    for attempt in range(_RACES):
        try:
            cluster.request("DELETE", member.path, _options(member, dry_run), query=_query(dry_run))
        except ApiStatus as exc:
            if exc.status == 404:
                return
            if exc.status != 409 or attempt == _RACES - 1:
                raise
        else:
            member.written = not dry_run
            return
        if not _still_ours(cluster, member):
            return


def _options(member: Member, dry_run: bool) -> dict[str, Any]:
    """DeleteOptions. They replace the query of the request altogether, so a dry run has to be said here too."""
    metadata = (member.live or {})["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        **({"dryRun": ["All"]} if dry_run else {}),
    }


def _query(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


def _still_ours(cluster: Cluster, member: Member) -> bool:
    """Look again after somebody changed the object; False: it is another one now, or not in our set."""
    before = member.live or {}
    try:
        now = cluster.get(member.path)
    except ApiStatus as exc:
        if exc.status != 404:
            raise
        return False
    if now["metadata"]["uid"] != before["metadata"]["uid"] or owner_of(now) != owner_of(before):
        member.action, member.message = UNCHANGED, "somebody took it out of the set meanwhile"
        return False
    member.live = now
    return True
