# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until the kinds that a set brings are served."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.kinds import CRD
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import (
    CHANGED,
    CREATED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def wait_established(cluster: Cluster, plan: Plan, settings: Settings) -> list[Member]:
    """The objects that have to fail because their kind did not come in time; none is waited for without need."""
    needing = [
        member
        for member in plan.members
        if member.action == CREATED and member.resource is not None and plan.kinds.is_coming(member.resource)
    ]
    deadline, pause = time.monotonic() + settings.wait_timeout, _FIRST_PAUSE
    while needing:
        plan.kinds.discovery.refresh()
        needing = [item for item in needing if item.resource is not None and plan.kinds.is_coming(item.resource)]
        if not needing or time.monotonic() > deadline:
            break
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    for member in needing:
        member.fail(f"{member.api_version} {member.kind} is not served yet: {_state(cluster, plan, member)}")
    return needing


def _state(cluster: Cluster, plan: Plan, needing: Member) -> str:
    """What the definition of a kind says of itself."""
    for member in plan.members:
        names = (member.desired.get("spec") or {}).get("names") if member.key[:2] == CRD else None
        if isinstance(names, Mapping) and names.get("kind") == needing.kind:
            if member.action not in (CREATED, CHANGED):
                return f"{member.title} was not made"
            return f"{member.title}: {_conditions(cluster.get(member.path))}"
    return "its CustomResourceDefinition is not there"


def _conditions(crd: Mapping[str, Any]) -> str:
    conditions = (crd.get("status") or {}).get("conditions") or ()
    said = [f"{item.get('type')}={item.get('status')} ({item.get('message')})" for item in conditions]
    return ", ".join(said) or "no condition yet"
