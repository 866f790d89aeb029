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
    CREATED,
    FAILED,
    Member,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.plan import Plan
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


def wait_established(cluster: Cluster, plan: Plan, settings: Settings) -> list[Member]:
    """The objects that have to fail because their kind did not come in time; none is waited for without need."""
    needing = [member for member in plan.members if member.action == CREATED and _is_coming(plan, member)]
    hopeless = [member for member in needing if _definition_of(plan, member).action == FAILED]
    late = _not_served(plan, [member for member in needing if member not in hopeless], settings.wait_timeout)
    for member in hopeless:
        member.fail(f"its kind is not there, because {_definition_of(plan, member).title} failed")
    for member in late:
        definition = _definition_of(plan, member)
        said = _conditions(cluster.get(definition.path))
        member.fail(f"its kind is not served after {settings.wait_timeout:g} s: {definition.title} says {said}")
    return hopeless + late


def _not_served(plan: Plan, waiting: list[Member], timeout: float) -> list[Member]:
    """Those whose kind is still not served when the time, in seconds, is up."""
    deadline, pause = time.monotonic() + timeout, _FIRST_PAUSE
    while waiting:
        plan.kinds.discovery.refresh()
        waiting = [member for member in waiting if _is_coming(plan, member)]
        if not waiting or time.monotonic() + pause > deadline:
            break
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    return waiting


def _is_coming(plan: Plan, member: Member) -> bool:
    return member.resource is not None and plan.kinds.is_coming(member.resource)


def _definition_of(plan: Plan, needing: Member) -> Member:
    """The CustomResourceDefinition of the set that brings the kind of a member."""
    for member in plan.members:
        spec = member.desired.get("spec") if member.key[:2] == CRD else None
        if isinstance(spec, Mapping) and (spec["group"], spec["names"]["kind"]) == (needing.group, needing.kind):
            return member
    raise AssertionError("a kind is only said to be coming where a definition of the set brings it")


def _conditions(crd: Mapping[str, Any]) -> str:
    conditions = (crd.get("status") or {}).get("conditions") or ()
    said = [f"{item.get('type')}={item.get('status')} ({item.get('message')})" for item in conditions]
    return ", ".join(said) or "no condition yet"
