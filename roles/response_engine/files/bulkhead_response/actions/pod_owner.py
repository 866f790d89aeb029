# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who keeps a pod running: ReplicaSet, Deployment, StatefulSet, DaemonSet, Job; and how many of its pods are ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bulkhead_response.actions.label_selector import as_query
from bulkhead_response.actions.pod_target import Pod
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import object_path

_NOT_FOUND = 404
_DEEPEST = 4
_KNOWN = {
    "ReplicaSet": ("apps/v1", "replicasets"),
    "Deployment": ("apps/v1", "deployments"),
    "StatefulSet": ("apps/v1", "statefulsets"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "Job": ("batch/v1", "jobs"),
    "ReplicationController": ("v1", "replicationcontrollers"),
}
_OPERATORS = {
    "In": "{key} in ({values})",
    "NotIn": "{key} notin ({values})",
    "Exists": "{key}",
    "DoesNotExist": "!{key}",
}


@dataclass(frozen=True)
class Owner:
    """A controller of a pod, or of its controller. `manifest` is None for a kind that we do not know, or one gone."""

    kind: str
    name: str
    uid: str
    manifest: Mapping[str, Any] | None = None

    @property
    def resource(self) -> tuple[str, str]:
        """(group and version, plural) of a known kind."""
        return _KNOWN[self.kind]

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec; empty where it is not known."""
        return (self.manifest or {}).get("spec") or {}

    @property
    def desired(self) -> int:
        """How many pods it wants."""
        if self.kind == "DaemonSet":
            return int(((self.manifest or {}).get("status") or {}).get("desiredNumberScheduled") or 0)
        wanted = self.spec.get("parallelism" if self.kind == "Job" else "replicas")
        return 1 if wanted is None else int(wanted)

    @property
    def selector(self) -> Mapping[str, Any]:
        """Its selector: matchLabels, matchExpressions."""
        selector: Mapping[str, Any] = self.spec.get("selector") or {}
        return {"matchLabels": selector} if self.kind == "ReplicationController" else selector

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def _controller(manifest: Mapping[str, Any]) -> Mapping[str, Any] | None:
    references = manifest["metadata"].get("ownerReferences") or []
    return next((reference for reference in references if reference.get("controller")), None)


async def _fetch(kubernetes: KubernetesApi, namespace: str, reference: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """None for a kind that we do not know, or where an object of another uid, or none, has the name."""
    if reference["kind"] not in _KNOWN:
        return None
    api, resource = _KNOWN[reference["kind"]]
    if str(reference["apiVersion"]).rpartition("/")[0] != api.rpartition("/")[0]:
        return None
    try:
        found: Mapping[str, Any] = await kubernetes.get(
            object_path(resource, api=api, namespace=namespace, name=reference["name"])
        )
    except ApiError as error:
        if error.status == _NOT_FOUND:
            return None
        raise
    return found if found["metadata"]["uid"] == reference["uid"] else None


async def owner_chain(kubernetes: KubernetesApi, pod: Pod, depth: int = _DEEPEST) -> list[Owner]:
    """The pod's controller, that one's controller, and so on; empty for a pod that stands alone."""
    chain: list[Owner] = []
    reference = _controller(pod.manifest)
    while reference is not None and len(chain) < depth:
        manifest = await _fetch(kubernetes, pod.namespace, reference)
        chain.append(Owner(reference["kind"], reference["name"], reference["uid"], manifest))
        reference = _controller(manifest) if manifest else None
    return chain


def workload(chain: list[Owner]) -> Owner | None:
    """The outermost owner whose replicas can be counted: the Deployment rather than its ReplicaSet."""
    return next((owner for owner in reversed(chain) if owner.manifest is not None), None)


def _is_ready(manifest: Mapping[str, Any]) -> bool:
    conditions = (manifest.get("status") or {}).get("conditions") or []
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and "deletionTimestamp" not in manifest["metadata"]


async def ready_siblings(kubernetes: KubernetesApi, pod: Pod, owner: Owner) -> int:
    """How many other pods of the owner are ready and stay, counted afresh: its status lags behind in a burst."""
    own = _controller(pod.manifest) or {}
    count = 0
    path = object_path("pods", namespace=pod.namespace)
    async for other in kubernetes.items(path, {"labelSelector": as_query(owner.selector)}):
        same_kind = (_controller(other) or {}).get("kind") == own.get("kind")
        count += same_kind and other["metadata"]["uid"] != pod.uid and _is_ready(other)
    return count
