# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workloads of a cluster: what makes pods, and all pods that are not over, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.workloads import controllers
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.survey import Survey
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.workload import (
    Workload,
    template_of,
)

Json = Mapping[str, Any]

_REPLICA_SETS = "/apis/apps/v1/replicasets"
_OVER = ("Succeeded", "Failed")


class LiveReader:
    """Reads a cluster into a survey. What may not be read is in `errors`, a sentence each."""

    def __init__(self, lists: Lists, survey: Survey, wanted: Callable[[str], bool]) -> None:
        """wanted: whether a namespace is to be looked at."""
        self._lists = lists
        self._survey = survey
        self._wanted = wanted
        # What a ReplicaSet or a Job is made by: {(namespace, "ReplicaSet/web-1"): "Deployment/web"}.
        self._made_by: dict[tuple[str, str], str] = {}
        self.errors: list[str] = []

    def read(self) -> None:
        """Everything. Raises K8sError where the cluster does not answer or refuses the credentials."""
        for controller in controllers(self._lists.cluster.version):
            self._attempt(partial(self._makers, controller.kind, controller.path))
        self._attempt(self._replica_sets)
        self._attempt(self._pods)

    def _attempt(self, part: Callable[[], None]) -> None:
        try:
            part()
        except ApiStatus as exc:
            if exc.status == 401:
                raise
            self.errors.append(str(exc))

    def _makers(self, kind: str, path: str) -> None:
        for item in self._items(self._lists.objects(path)):
            self._maker(kind, item)

    def _replica_sets(self) -> None:
        """A Deployment leaves ten of them behind, so only those that nothing owns are read whole."""
        for item in self._items(self._lists.metadata(_REPLICA_SETS)):
            metadata = item["metadata"]
            if owner_of(metadata):
                self._maker("ReplicaSet", item)
            else:
                path = f"/apis/apps/v1/namespaces/{metadata['namespace']}/replicasets/{metadata['name']}"
                self._maker("ReplicaSet", self._lists.cluster.get(path))

    def _maker(self, kind: str, item: Json) -> None:
        metadata = item["metadata"]
        namespace, name, owner = str(metadata["namespace"]), str(metadata["name"]), owner_of(metadata)
        if owner:
            self._made_by[namespace, f"{kind}/{name}"] = owner
            return
        pod = template_of(item, kind)
        if pod is not None:
            self._survey.add(Workload(kind, namespace, name, pod.get("metadata"), pod.get("spec")))

    def _pods(self) -> None:
        for item in self._items(self._lists.objects("/api/v1/pods")):
            metadata = item["metadata"]
            if (item.get("status") or {}).get("phase") not in _OVER:
                namespace, owner = str(metadata["namespace"]), owner_of(metadata)
                owner = self._made_by.get((namespace, owner), owner)
                pod = Workload("Pod", namespace, str(metadata["name"]), metadata, item.get("spec"), owner)
                self._survey.add_pod(pod)

    def _items(self, items: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        return (item for item in items if self._wanted(str(item["metadata"].get("namespace"))))


def owner_of(metadata: Json) -> str:
    """ "Kind/name" of the controller that made an object, "" where nothing did."""
    owners = metadata.get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    return f"{owner['kind']}/{owner['name']}" if owner else ""
