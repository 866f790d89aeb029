# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pod that an alert is about: found by namespace and name, and told by uid or container id to be the same one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bulkhead_response.alert import Target
from bulkhead_response.kubernetes_api import ApiError, KubernetesApi
from bulkhead_response.kubernetes_path import BadName, object_path
from bulkhead_response.names import is_container_id

_NOT_FOUND = 404
_STATIC_POD_HASH = "kubernetes.io/config.hash"
MIRROR = "kubernetes.io/config.mirror"


class PodGone(Exception):
    """The pod of the alert is no more; another may have its name."""


class Refused(Exception):
    """The step must not be done to this target; the message says why."""


@dataclass(frozen=True)
class Pod:
    """A pod that has been told to be the one of the alert. `manifest` is as the API server gave it."""

    manifest: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata."""
        metadata: Mapping[str, Any] = self.manifest["metadata"]
        return metadata

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return str(self.metadata["namespace"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.metadata["name"])

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.metadata["uid"])

    @property
    def labels(self) -> Mapping[str, str]:
        """Its labels."""
        return self.metadata.get("labels") or {}

    @property
    def annotations(self) -> Mapping[str, str]:
        """Its annotations."""
        return self.metadata.get("annotations") or {}

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        return self.manifest.get("spec") or {}

    @property
    def path(self) -> str:
        """Where it is on the API server."""
        return object_path("pods", namespace=self.namespace, name=self.name)

    @property
    def is_static(self) -> bool:
        """Whether a kubelet runs it from a file; the API server has only a mirror of such a pod."""
        return MIRROR in self.annotations

    def __str__(self) -> str:
        return f"pod {self.namespace}/{self.name}"


async def find_pod(kubernetes: KubernetesApi, target: Target) -> Pod:
    """PodGone, or Refused where the alert does not name one pod, or where it cannot be told to be the same one."""
    if not target.namespace or not target.pod:
        raise Refused("the alert names no pod")
    if not target.pod_uid and not is_container_id(target.container_id):
        raise Refused(
            f"pod {target.namespace}/{target.pod} cannot be told to be the same pod: "
            "the alert gives neither its uid nor a container id of at least 12 digits"
        )
    try:
        path = object_path("pods", namespace=target.namespace, name=target.pod)
    except BadName as error:
        raise Refused(str(error)) from error
    pod = await _read(kubernetes, path, target)
    if not _is_same(pod, target):
        raise PodGone(f"that pod is gone, another has its name: {pod} is now {pod.uid}")
    return pod


async def _read(kubernetes: KubernetesApi, path: str, target: Target) -> Pod:
    try:
        return Pod(await kubernetes.get(path))
    except ApiError as error:
        if error.status == _NOT_FOUND:
            raise PodGone(f"pod {target.namespace}/{target.pod} is gone") from error
        raise


def _is_same(pod: Pod, target: Target) -> bool:
    if target.pod_uid:
        # What a container runtime calls the uid of a static pod is the hash of its file; the mirror has its own uid.
        known = {pod.uid, pod.annotations.get(_STATIC_POD_HASH) if pod.is_static else None}
        return target.pod_uid in known
    return any(container_id.startswith(target.container_id) for container_id in _container_ids(pod.manifest))


def _container_ids(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Of all containers, those before a restart too, without the runtime's name."""
    status = manifest.get("status") or {}
    for kind in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for container in status.get(kind) or []:
            ended = (container.get(state, {}).get("terminated") or {} for state in ("state", "lastState"))
            for holder in (container, *ended):
                yield str(holder.get("containerID") or "").rpartition("://")[2]
