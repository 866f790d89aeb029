# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A set of objects as one unit: plan, apply, prune, wait. What the module and other code of ours call."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset import order
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.definitions import Definition
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    PRUNED,
    SKIPPED,
    UNCHANGED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.membership import (
    Parent,
    Scope,
    scope_of,
    up_to_date,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan, make_plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.prune import prune
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.wait import (
    wait_gone,
    wait_ready,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.waves import Run
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import APPLY_PATCH, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError


class ApplySet:
    """One set in one cluster: plan() tells what would be done, apply() does it."""

    def __init__(self, cluster: Cluster, parent: Parent, settings: Settings | None = None) -> None:
        self.parent = parent
        self.parent_action = UNCHANGED
        self._cluster = cluster
        self._settings = settings or Settings()

    def plan(self, definitions: Iterable[Definition], *, absent: bool = False, check: bool = True) -> Plan:
        """What a run would do. check: no apply() follows, so the server is asked about everything by dry run.

        absent: every member leaves the set; the definitions only tell where to look for some. Raises K8sError.
        """
        plan = make_plan(self._cluster, self.parent, definitions, self._settings, check=check, absent=absent)
        self._hold_back(plan)
        if check:
            prune(self._cluster, _pending_prunes(plan), dry_run=True)
            self._foresee_parent(plan, absent)
        return plan

    def apply(self, plan: Plan, *, absent: bool = False) -> None:
        """Carry the plan out; its members and its problems tell what became of it."""
        if plan.failed and not self._settings.continue_on_error:
            return
        run = Run(self._cluster, plan, self._settings)
        try:
            self._apply(plan, run, absent)
        except K8sError as exc:
            plan.problems.append(f"The run broke off: {exc}")
            run.skip_rest()
            _spare(plan)

    def _apply(self, plan: Plan, run: Run, absent: bool) -> None:
        if not absent:
            self._make(plan, run)
            run.skip_rest()
            _spare(plan)
        if self._settings.wait and not run.stopped:
            wait_ready(self._cluster, plan.members, self.parent.id, self._settings)
            _spare(plan)
        prune(self._cluster, _pending_prunes(plan), dry_run=False)
        if self._settings.wait:
            wait_gone(self._cluster, plan.pruned, self.parent.id, self._settings)
        if not plan.failed:
            self._settle_parent(plan, absent)

    def _make(self, plan: Plan, run: Run) -> None:
        """The parent knows of the new kinds and namespaces before there is an object of them."""
        if plan.brings_namespace(self.parent.namespace):
            run.waves([order.NAMESPACES])
        if not run.stopped:
            self._write_parent(plan, plan.recorded | plan.wanted)
            run.waves(order.WAVES)

    def _hold_back(self, plan: Plan) -> None:
        """A set that cannot be made as a whole is not begun, unless the run is to go on."""
        if plan.failed and not self._settings.continue_on_error:
            for member in plan.members:
                if member.action in (CREATED, CHANGED):
                    _skip(member, "not attempted")
        _spare(plan)

    def _final_scope(self, plan: Plan) -> Scope:
        """What is declared, and what has left the set and stays."""
        staying = scope_of((member.group, member.kind, member.namespace) for member in plan.staying)
        return plan.wanted | staying

    def _foresee_parent(self, plan: Plan, absent: bool) -> None:
        if plan.failed and not self._settings.continue_on_error:
            return
        if absent and not plan.staying:
            self.parent_action = PRUNED if plan.parent_live else UNCHANGED
        elif not (absent and plan.parent_live is None):
            self._write_parent(plan, self._final_scope(plan), dry_run=True)

    def _settle_parent(self, plan: Plan, absent: bool) -> None:
        """Shrink the parent to what is left, or remove it with the last member."""
        if not absent or plan.staying:
            self._write_parent(plan, self._final_scope(plan))
        elif plan.parent_live is not None:
            self._remove_parent(plan.parent_live["metadata"]["uid"])

    def _write_parent(self, plan: Plan, scope: Scope, *, dry_run: bool = False) -> None:
        if up_to_date(self.parent, plan.parent_live, scope):
            return
        if self.parent_action == UNCHANGED:
            self.parent_action = CHANGED if plan.parent_live else CREATED
        if dry_run and plan.brings_namespace(self.parent.namespace):
            return
        query = {"fieldManager": self._settings.field_manager, "force": True, "dryRun": "All" if dry_run else None}
        body = self.parent.body(scope)
        plan.parent_live = self._cluster.request("PATCH", self.parent.path, body, query=query, content_type=APPLY_PATCH)

    def _remove_parent(self, uid: str) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        try:
            self._cluster.request("DELETE", self.parent.path, options)
        except ApiStatus as exc:
            if exc.status != 404:
                raise
        self.parent_action = PRUNED


def _spare(plan: Plan) -> None:
    """After a failure nothing is removed: what is missing may be what replaces it."""
    if plan.failed:
        for member in _pending_prunes(plan):
            if not member.written:
                _skip(member, "nothing is pruned after a failure")


def _pending_prunes(plan: Plan) -> list[Member]:
    return [member for member in plan.pruned if member.action == PRUNED]


def _skip(member: Member, why: str) -> None:
    member.action, member.message, member.fields = SKIPPED, why, []
