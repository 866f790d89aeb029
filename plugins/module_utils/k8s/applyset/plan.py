# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what a run would do. Nothing is written: what the comparison cannot decide, the server is asked by dry run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.contents import content_to_lose
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import Definition
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.drift import drift_fields
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.foresight import (
    Coming,
    coming_with,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.kinds import Kinds
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.live import (
    find_members,
    read_live,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.managed_fields import (
    entry_of,
    settled,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    FAILED,
    UNCHANGED,
    Member,
    member_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import (
    Parent,
    Scope,
    owner_of,
    recorded_scope,
    scope_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.prune import choose_pruned
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.send import (
    explain,
    server_side_apply,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import (
    ApiStatus,
    K8sError,
    Unreachable,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel


@dataclass
class Plan:
    """What a run would do, and then what it did.

    members: what is declared. pruned: what carries the label, is declared no more, and is to go. staying: what is
    declared no more and stays. problems: what went wrong and is no object's; nothing is pruned then.
    """

    parent: Parent
    parent_live: dict[str, Any] | None
    recorded: Scope
    wanted: Scope
    kinds: Kinds
    members: list[Member]
    pruned: list[Member]
    staying: list[Member]
    problems: list[str] = field(default_factory=list)

    @property
    def failures(self) -> list[Member]:
        """The objects that something went wrong with."""
        return [member for member in (*self.members, *self.pruned) if member.action == FAILED]

    @property
    def failed(self) -> bool:
        """Whether the set is not, or will not be, as declared."""
        return bool(self.failures or self.problems)

    def brings_namespace(self, name: str) -> bool:
        """Whether a definition of the set will make this namespace."""
        return any(item.key == ("", "Namespace", "", name) and item.action == CREATED for item in self.members)


def make_plan(
    cluster: Cluster,
    parent: Parent,
    definitions: Iterable[Definition],
    settings: Settings,
    *,
    check: bool,
    absent: bool,
) -> Plan:
    """Read and compare.

    check: ask the server about new objects too, which a run finds out by making them. absent: all members leave the
    set; the definitions only tell where to look for some. Raises K8sError where the set as a whole cannot be judged.
    """
    every = list(definitions)
    parent_live = read_parent(cluster, parent)
    recorded = recorded_scope(parent, parent_live)
    kinds = Kinds(cluster, every)
    kinds.preload()
    declared = scope_of((item.group, item.kind, item.namespace) for item in every)
    members = [] if absent else [_resolved(member_of(item, parent.id), item, kinds) for item in every]
    found = find_members(cluster, kinds, recorded | declared if absent else recorded, parent.id)
    read_live(cluster, [member for member in members if member.action != FAILED], found.members)
    coming = coming_with(members, kinds)
    in_parallel(lambda member: _judge(cluster, member, parent, settings, coming, check), members)
    leaving = _leaving(found.members, members)
    pruned, staying = choose_pruned(leaving, settings) if settings.prune or absent else ([], leaving)
    if not settings.delete_contents:
        pruned, full = _keep_full(cluster, kinds, pruned, members, parent.id)
        staying += full
    wanted = scope_of(()) if absent else declared
    return Plan(parent, parent_live, recorded, wanted, kinds, members, pruned, staying, found.problems)


def _keep_full(
    cluster: Cluster, kinds: Kinds, pruned: list[Member], declared: list[Member], applyset_id: str
) -> tuple[list[Member], list[Member]]:
    """What may be removed, and the namespaces and kinds whose removal would take along what is not of the set."""
    for member in pruned:
        member.message = content_to_lose(cluster, kinds, member, declared, applyset_id)
        if member.message:
            member.action = UNCHANGED
    return [item for item in pruned if not item.message], [item for item in pruned if item.message]


def read_parent(cluster: Cluster, parent: Parent) -> dict[str, Any] | None:
    """The parent as it is, or None."""
    try:
        live = cluster.get(parent.path, accept=_METADATA)
    except ApiStatus as exc:
        if exc.status == 404:
            return None
        raise
    return live if isinstance(live, dict) else None


# What a parent holds beside its metadata is none of our business.
_METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"


def _leaving(found: Iterable[Member], members: Iterable[Member]) -> list[Member]:
    """The members found in the cluster that are declared no more.

    One object may be served under two groups, such as Ingress; its uid tells.
    """
    every = list(members)
    keys = {member.key for member in every}
    uids = {_uid(state) for member in every for state in (member.live, member.result) if state}
    return [member for member in found if member.key not in keys and _uid(member.live or {}) not in uids]


def _uid(state: dict[str, Any]) -> str:
    return str((state.get("metadata") or {}).get("uid"))


def _resolved(member: Member, definition: Definition, kinds: Kinds) -> Member:
    try:
        member.resource = kinds.of(definition)
    except ApiStatus as exc:
        if exc.status == 401:
            raise
        member.fail(str(exc))
    except K8sError as exc:
        member.fail(str(exc))
    return member


def _judge(
    cluster: Cluster, member: Member, parent: Parent, settings: Settings, coming: Coming, ask_creations: bool
) -> None:
    if member.action == FAILED:
        return
    if member.live is None:
        member.action = CREATED
        member.predicted = coming.holds_back(member)
        if ask_creations and not member.predicted:
            _ask(cluster, member, settings)
        return
    _refuse_foreign(member, parent)
    if member.action != FAILED and not settled(member.desired, member.live, settings.field_manager):
        member.action = CHANGED
        _ask(cluster, member, settings)


def _refuse_foreign(member: Member, parent: Parent) -> None:
    live = member.live or {}
    owner = owner_of(live)
    if owner not in (None, parent.id):
        member.fail(f"it belongs to another set, {owner}: take it out of that set first")
    elif live["metadata"].get("deletionTimestamp"):
        member.fail(f"it is being deleted since {live['metadata']['deletionTimestamp']}: run again when it is gone")


def _ask(cluster: Cluster, member: Member, settings: Settings) -> None:
    """Let the server say what would come out."""
    try:
        member.result = server_side_apply(cluster, member, settings, dry_run=True).body
    except ApiStatus as exc:
        if exc.status == 401:
            raise
        explain(member, exc)
        return
    except Unreachable as exc:
        if not exc.sent:
            raise
        cluster.get("/version")  # raises where it is not this object that the server chokes on
        member.fail(f"the server answers, but not to a dry run of this object: {exc}")
        return
    if member.live is not None and member.result is not None:
        member.fields = drift_fields(member.kind, member.live, member.result)
        if not member.fields and _owned(member, member.live, settings) == _owned(member, member.result, settings):
            member.action = UNCHANGED
            return
        if not member.fields:
            member.message = f"the same values, from now on owned by {settings.field_manager}"


def _owned(member: Member, state: dict[str, Any], settings: Settings) -> Any:
    return entry_of(state, settings.field_manager, member.api_version)
