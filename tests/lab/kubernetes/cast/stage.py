# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the whole cast up on a cluster, in a second or two."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.lab.dockerd import LabError
from tests.lab.kubernetes.cast.access import FAULTS, HARMLESS, LETHAL
from tests.lab.kubernetes.cast.members import Member, Object, labelled
from tests.lab.kubernetes.cast.namespaces import NAMESPACES, WORKSHOP
from tests.lab.kubernetes.cast.policies import POLICIES
from tests.lab.kubernetes.cast.secrets import SECRETS
from tests.lab.kubernetes.cast.workloads import (
    ACCOUNT,
    ELSEWHERE,
    KINDS,
    PRIVILEGES,
    RESOURCES,
    SHARING,
    WELL_KEPT,
)

if TYPE_CHECKING:
    from tests.lab.kubernetes.cluster import Kubernetes

_THREADS = 8
_PLURALS = {"NetworkPolicy": "networkpolicies", "PodSecurityPolicy": "podsecuritypolicies"}
_NO_NAMESPACE = ("ClusterRole", "ClusterRoleBinding", "Namespace", "PodSecurityPolicy")
_APPLY = "?fieldManager=bulkhead-lab&force=true"
_REQUISITES = (labelled("ServiceAccount", ACCOUNT, WORKSHOP, automountServiceAccountToken=False),)


def whole_cast() -> tuple[Member, ...]:
    """Everyone, good and bad."""
    workloads = (*WELL_KEPT, *PRIVILEGES, *SHARING, *RESOURCES, *KINDS, *ELSEWHERE)
    return (*NAMESPACES, *POLICIES, *SECRETS, *workloads, *HARMLESS, *LETHAL, *FAULTS)


def objects(members: Iterable[Member]) -> list[Object]:
    """What they are made of, namespaces first."""
    made = [*_REQUISITES, *(made for member in members for made in member.objects)]
    return sorted(made, key=lambda each: (each["kind"] != "Namespace", each["kind"] != "ServiceAccount"))


def path(made: Object) -> str:
    """Where an object of the cast is on an API server."""
    api, kind, metadata = made["apiVersion"], made["kind"], made["metadata"]
    root = "/api/v1" if api == "v1" else f"/apis/{api}"
    place = "" if kind in _NO_NAMESPACE else f"/namespaces/{metadata['namespace']}"
    return f"{root}{place}/{_PLURALS.get(kind, f'{kind.lower()}s')}/{metadata['name']}"


def set_stage(cluster: Kubernetes) -> tuple[Member, ...]:
    """Apply the whole cast. LabError for an object that the API server refuses."""
    members = whole_cast()
    made = objects(members)
    first = [each for each in made if each["kind"] in ("Namespace", "ServiceAccount")]
    _apply(cluster, [each for each in first if each["kind"] == "Namespace"])
    _apply(cluster, [each for each in first if each["kind"] != "Namespace"])
    _apply(cluster, made[len(first) :])
    return members


def _apply(cluster: Kubernetes, made: list[Object]) -> None:
    """Server-side apply of each, some at a time."""

    def some(part: list[Object]) -> None:
        with contextlib.closing(cluster.rest()) as rest:
            for each in part:
                status, answer = rest.send("PATCH", path(each) + _APPLY, each, "application/apply-patch+yaml")
                _expect(status, each, answer)

    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(some, (made[start::_THREADS] for start in range(_THREADS))))


def _expect(status: int, made: Object, answer: Any) -> None:
    if status not in (200, 201):
        raise LabError(f"{made['kind']} {made['metadata']['name']}: {status} {answer}")
