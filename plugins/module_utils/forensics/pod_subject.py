# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the pod that is meant, by namespace, name and uid; never its successor of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import SubjectGone
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus


@dataclass(frozen=True)
class PodSubject:
    """A pod, as the API server describes it now."""

    raw: Mapping[str, Any]

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Its metadata."""
        found: Mapping[str, Any] = self.raw["metadata"]
        return found

    @property
    def spec(self) -> Mapping[str, Any]:
        """Its spec."""
        found: Mapping[str, Any] = self.raw.get("spec") or {}
        return found

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
    def path(self) -> str:
        """Its path at the API server."""
        return pod_path(self.namespace, self.name)

    @property
    def service_account(self) -> str:
        """The name of its ServiceAccount."""
        return str(self.spec.get("serviceAccountName") or "default")

    def containers(self) -> Iterator[dict[str, Any]]:
        """{name, id, runtime, restarts} of each container; the id is empty where it was never started."""
        status = self.raw.get("status") or {}
        for kind in ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"):
            for row in status.get(kind) or ():
                runtime, _colon, container_id = str(row.get("containerID") or "").partition("://")
                yield {
                    "name": row.get("name", ""),
                    "id": container_id,
                    "runtime": runtime,
                    "restarts": row.get("restartCount", 0),
                }

    def as_dict(self) -> dict[str, Any]:
        """Who it is, for the manifest."""
        return {
            "kind": "pod",
            "namespace": self.namespace,
            "name": self.name,
            "uid": self.uid,
            "node": self.spec.get("nodeName", ""),
            "service_account": self.service_account,
            "created": self.metadata.get("creationTimestamp", ""),
            "phase": (self.raw.get("status") or {}).get("phase", ""),
            "containers": list(self.containers()),
        }


def pod_path(namespace: str, name: str) -> str:
    """The path of a pod at the API server."""
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(name, safe='')}"


def find_pod(cluster: Cluster, entry: Mapping[str, Any]) -> PodSubject:
    """The pod of a selector {namespace, name, uid}. Raises SubjectGone, ApiStatus, Unreachable."""
    shown = f"{entry['namespace']}/{entry['name']}"
    try:
        pod = PodSubject(cluster.get(pod_path(entry["namespace"], entry["name"])))
    except ApiStatus as exc:
        if exc.status == 404:
            raise SubjectGone(f"There is no pod {shown}") from exc
        raise
    if entry.get("uid") and pod.uid != entry["uid"]:
        raise SubjectGone(f"Pod {shown} is another one now: its uid is {pod.uid}, and {entry['uid']} was asked for")
    return pod
