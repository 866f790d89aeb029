# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the objects of a plan: wave after wave, those of one wave side by side."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset import order
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.establish import (
    wait_established,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    SKIPPED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.send import (
    explain,
    server_side_apply,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, Unreachable
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel

_PENDING = (CREATED, CHANGED)


class Run:
    """The waves of one run. It stops at the first failure, unless told to go on; always when nobody answers."""

    def __init__(self, cluster: Cluster, plan: Plan, settings: Settings) -> None:
        self._cluster = cluster
        self._plan = plan
        self._settings = settings
        self._stopped = threading.Event()
        self._done: set[int] = set()

    @property
    def stopped(self) -> bool:
        """Whether nothing more is made."""
        return self._stopped.is_set()

    def waves(self, waves: Iterable[int]) -> None:
        """Make the objects of these waves, one wave after the other."""
        for number in waves:
            members = [item for item in self._plan.members if order.wave(item.group, item.kind) == number]
            in_parallel(self._put, [item for item in members if item.action in _PENDING and id(item) not in self._done])
            if number == order.CRDS and not self._stopped.is_set():
                self._stop_for(wait_established(self._cluster, self._plan, self._settings))

    def skip_rest(self) -> None:
        """Say of what was not reached that it was not."""
        for member in self._plan.members:
            if member.action in _PENDING and id(member) not in self._done:
                member.action, member.message, member.fields = SKIPPED, "not attempted", []

    def _stop_for(self, failed: Iterable[Member]) -> None:
        if list(failed) and not self._settings.continue_on_error:
            self._stopped.set()

    def _put(self, member: Member) -> None:
        if self._stopped.is_set():
            return
        self._done.add(id(member))
        try:
            answer = server_side_apply(self._cluster, member, self._settings, dry_run=False)
        except ApiStatus as exc:
            explain(member, exc)
            self._stop_for([member])
            if exc.status == 401:
                self._stopped.set()
        except Unreachable as exc:
            member.fail(f"{exc}; {'it may have been applied all the same' if exc.sent else 'it was not applied'}")
            self._stopped.set()
        else:
            member.written = True
            self._note(member, answer.status)

    def _note(self, member: Member, status: int) -> None:
        """What really happened, where somebody else was faster."""
        if member.action == CREATED and status != 201:
            member.action = CHANGED
        elif member.action == CHANGED and status == 201:
            member.action = CREATED
            member.message = "it was deleted by somebody else meanwhile"
