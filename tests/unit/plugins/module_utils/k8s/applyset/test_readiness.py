# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readiness of each kind, read from its status."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.readiness import (
    Hopeless,
    unready,
)


def _conditions(**statuses: str) -> list[dict[str, str]]:
    return [{"type": name, "status": status, "reason": "Because"} for name, status in statuses.items()]


_SEEN = {"observedGeneration": 2}
_ROLLED = {**_SEEN, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2, "readyReplicas": 2}
_READY: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("Deployment", {"replicas": 2}, _ROLLED),
    ("Deployment", {"replicas": 0}, _SEEN),
    ("StatefulSet", {"replicas": 2}, _ROLLED),
    ("StatefulSet", {"replicas": 2, "updateStrategy": {"type": "OnDelete"}}, {**_ROLLED, "updatedReplicas": 0}),
    ("StatefulSet", {"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
     {**_ROLLED, "updatedReplicas": 1}),
    ("DaemonSet", {}, {**_SEEN, "desiredNumberScheduled": 1, "numberAvailable": 1, "updatedNumberScheduled": 1}),
    ("DaemonSet", {}, {**_SEEN, "desiredNumberScheduled": 0}),
    ("Job", {}, {"conditions": _conditions(Complete="True")}),
    ("Job", {"suspend": True}, {}),
    ("Pod", {}, {"phase": "Succeeded"}),
    ("Pod", {}, {"phase": "Running", "conditions": _conditions(Ready="True")}),
    ("PersistentVolumeClaim", {}, {"phase": "Bound"}),
    ("CustomResourceDefinition", {}, {"conditions": _conditions(NamesAccepted="True", Established="True")}),
    ("APIService", {}, {"conditions": _conditions(Available="True")}),
    ("Namespace", {}, {"phase": "Active"}),
    ("ConfigMap", {}, {}),
    ("Certificate", {}, {"conditions": _conditions(Ready="True")}),
]  # fmt: skip
_NOT_READY: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("Deployment", {}, {}, "no controller has seen it yet"),
    ("Deployment", {"replicas": 2}, {**_ROLLED, "observedGeneration": 1}, "has not seen the change yet"),
    ("Deployment", {"replicas": 2}, {**_ROLLED, "availableReplicas": 1}, "1 of 2 replicas are available"),
    ("Deployment", {"replicas": 2}, {**_ROLLED, "replicas": 3}, "1 old replicas are still there"),
    ("StatefulSet", {"replicas": 2}, {**_ROLLED, "updatedReplicas": 0}, "0 of 2 replicas are updated"),
    ("DaemonSet", {}, {**_SEEN, "desiredNumberScheduled": 2, "numberAvailable": 1}, "1 of 2"),
    ("Job", {"completions": 3}, {"succeeded": 1}, "1 of 3 completions"),
    ("Pod", {}, {"phase": "Pending", "conditions": _conditions(PodScheduled="False")}, "not scheduled (Because)"),
    ("Pod", {}, {"containerStatuses": [{"name": "web", "state": {"waiting": {"reason": "ErrImagePull"}}}]},
     "container web (ErrImagePull)"),
    ("PersistentVolumeClaim", {}, {"phase": "Pending"}, "it is Pending"),
    ("CustomResourceDefinition", {}, {}, "Established is not known"),
    ("Namespace", {}, {"phase": "Terminating"}, "it is Terminating"),
    ("Certificate", {}, {"conditions": _conditions(Ready="False")}, "Ready is False (Because)"),
    ("Certificate", {}, {"observedGeneration": 1}, "has not seen the change yet"),
]  # fmt: skip
_HOPELESS: list[tuple[str, dict[str, Any]]] = [
    ("Deployment", {**_SEEN, "conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}),
    ("Job", {"conditions": _conditions(Failed="True")}),
    ("Pod", {"phase": "Failed"}),
    ("PersistentVolumeClaim", {"phase": "Lost"}),
    ("CustomResourceDefinition", {"conditions": _conditions(NamesAccepted="False")}),
]


def _object(spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"generation": 2}, "spec": spec, "status": status}


@pytest.mark.parametrize(("kind", "spec", "status"), _READY)
def test_what_is_ready(kind: str, spec: dict[str, Any], status: dict[str, Any]) -> None:
    """There is nothing to say."""
    assert unready(kind, _object(spec, status)) == ""


@pytest.mark.parametrize(("kind", "spec", "status", "reason"), _NOT_READY)
def test_what_is_not_ready_and_why(kind: str, spec: dict[str, Any], status: dict[str, Any], reason: str) -> None:
    """A reason that a person can act upon."""
    assert reason in unready(kind, _object(spec, status))


@pytest.mark.parametrize(("kind", "status"), _HOPELESS)
def test_what_will_not_become_ready(kind: str, status: dict[str, Any]) -> None:
    """Nobody waits for it."""
    with pytest.raises(Hopeless):
        unready(kind, _object({}, status))


def test_conditions_that_a_user_wants_replace_what_is_known() -> None:
    """All of them."""
    obj = _object({}, {"conditions": _conditions(Ready="True", Synced="False")})
    assert unready("Deployment", obj, {"Ready": "True"}) == ""
    assert "Synced is False" in unready("Deployment", obj, {"Ready": "True", "Synced": "True"})
