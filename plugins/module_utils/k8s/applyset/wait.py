# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until objects are ready, or gone: one list of a kind in a namespace each time, less and less often."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    PRUNED,
    UNCHANGED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import PART_OF
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.readiness import (
    Hopeless,
    unready,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import (
    ApiStatus,
    Unreachable,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

_FIRST_PAUSE, _LONGEST_PAUSE, _SLOWER = 0.1, 2.0, 1.5

Place = tuple[Resource, str]
Live = dict[str, dict[str, Any]]
# Why a member is not as it should be yet; None: it is. Raises Hopeless.
Judge = Callable[[Member, "dict[str, Any] | None"], "str | None"]


def wait_ready(cluster: Cluster, members: Iterable[Member], applyset_id: str, settings: Settings) -> None:
    """Make members that do not become ready in time failures, with the reason."""

    def judge(member: Member, live: dict[str, Any] | None) -> str | None:
        if live is None:
            return "it is not there any more"
        return unready(member.kind, live, settings.wait_conditions.get(member.kind)) or None

    waiting = [member for member in members if member.action in (CREATED, CHANGED, UNCHANGED)]
    _wait(cluster, waiting, applyset_id, settings, judge, "applied, but not ready")


def wait_gone(cluster: Cluster, members: Iterable[Member], applyset_id: str, settings: Settings) -> None:
    """Make members that are not gone in time failures, with the finalizers that hold them."""

    def judge(member: Member, live: dict[str, Any] | None) -> str | None:
        if live is None or live["metadata"]["uid"] != (member.live or {})["metadata"]["uid"]:
            return None
        finalizers = live["metadata"].get("finalizers")
        return f"finalizers hold it: {', '.join(finalizers)}" if finalizers else "it is still there"

    waiting = [member for member in members if member.action == PRUNED]
    _wait(cluster, waiting, applyset_id, settings, judge, "deleted, but not gone")


def _wait(
    cluster: Cluster, members: list[Member], applyset_id: str, settings: Settings, judge: Judge, what: str
) -> None:
    deadline, pause = time.monotonic() + settings.wait_timeout, _FIRST_PAUSE
    reasons: dict[int, str] = {}
    waiting = members
    while waiting:
        waiting = _still(cluster, waiting, applyset_id, judge, reasons)
        if not waiting or time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
        pause = min(_SLOWER * pause, _LONGEST_PAUSE)
    for member in waiting:
        member.fail(f"{what} after {settings.wait_timeout:g} s: {reasons[id(member)]}")


def _still(
    cluster: Cluster, members: list[Member], applyset_id: str, judge: Judge, reasons: dict[int, str]
) -> list[Member]:
    """Those that are to be waited for any longer, with the reason of each."""
    places: dict[Place, list[Member]] = {}
    for member in members:
        if member.resource is None:
            raise AssertionError("what has no resource has failed before")
        places.setdefault((member.resource, member.namespace), []).append(member)

    def look(place: Place) -> list[Member]:
        return _look(cluster, place, places[place], applyset_id, judge, reasons)

    return [member for group in in_parallel(look, places) for member in group]


def _look(
    cluster: Cluster,
    place: Place,
    members: list[Member],
    applyset_id: str,
    judge: Judge,
    reasons: dict[int, str],
) -> list[Member]:
    try:
        live = _read(cluster, place, members, applyset_id)
    except (ApiStatus, Unreachable) as exc:
        if isinstance(exc, ApiStatus) and exc.status in (401, 403):
            raise
        reasons.update((id(member), str(exc)) for member in members)
        return members
    return [member for member in members if _waits(member, live.get(member.name), judge, reasons)]


def _waits(member: Member, live: dict[str, Any] | None, judge: Judge, reasons: dict[int, str]) -> bool:
    try:
        reason = judge(member, live)
    except Hopeless as exc:
        member.fail(f"applied, but it will not become ready: {exc}")
        return False
    reasons[id(member)] = reason or ""
    return reason is not None


def _read(cluster: Cluster, place: Place, members: list[Member], applyset_id: str) -> Live:
    resource, namespace = place
    if len(members) == 1:
        found = _one(cluster, members[0])
        return {members[0].name: found} if found is not None else {}
    query = {"labelSelector": f"{PART_OF}={applyset_id}"}
    pages = cluster.pages(resource.path(namespace or None), query=query)
    return {str(item["metadata"]["name"]): item for page in pages for item in page.get("items") or ()}


def _one(cluster: Cluster, member: Member) -> dict[str, Any] | None:
    try:
        found = cluster.get(member.path)
    except ApiStatus as exc:
        if exc.status == 404:
            return None
        raise
    return found if isinstance(found, dict) else None
