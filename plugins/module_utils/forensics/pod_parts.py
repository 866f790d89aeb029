# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the evidence of a pod, through the API server alone. No Secret and no ConfigMap is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import redaction
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import PartSkipped
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
    safe_name,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.parts import Part
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.pod_subject import PodSubject
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import POD_PARTS, Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.label_selector import selector_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.answers import answer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.questions import question_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_cluster

_AT = "pod"
# Kinds that own pods, and those that own these: where they are served.
_OWNERS = {
    ("apps", "ReplicaSet"): "replicasets",
    ("apps", "Deployment"): "deployments",
    ("apps", "StatefulSet"): "statefulsets",
    ("apps", "DaemonSet"): "daemonsets",
    ("batch", "Job"): "jobs",
    ("batch", "CronJob"): "cronjobs",
    ("", "ReplicationController"): "replicationcontrollers",
}
_LONGEST_CHAIN = 8


@dataclass
class PodParts:
    """One pod and the set that its evidence goes into."""

    cluster: Cluster
    subject: PodSubject
    request: Request
    folder: EvidenceFolder

    def parts(self) -> Iterator[Part]:
        """Those that are asked for; logs are a part for each container."""
        wanted = [name for name in POD_PARTS if name in self.request.parts]
        for name in wanted:
            if name != "logs":
                yield f"{_AT}/{name}", getattr(self, f"_{name}")
        if "logs" in wanted:
            yield from self._log_parts()

    def _pod(self) -> str:
        # Read again: it is the state at the time of taking that counts. Whose it is has been made sure of before.
        raw = self.cluster.get(self.subject.path)
        if PodSubject(raw).uid != self.subject.uid:
            raise PartSkipped("the pod was replaced meanwhile")
        self._document("pod.json", redaction.document(raw))
        return ""

    def _events(self) -> str:
        query = {"fieldSelector": f"involvedObject.uid={self.subject.uid}"}
        events = [
            item
            for page in self.cluster.pages(f"/api/v1/namespaces/{self.subject.namespace}/events", query=query)
            for item in page.get("items") or ()
        ]
        self._document("events.json", redaction.document(events))
        return ""

    def _owners(self) -> str:
        chain: list[Any] = []
        metadata: Mapping[str, Any] = self.subject.metadata
        note = ""
        while len(chain) < _LONGEST_CHAIN and (reference := _controller(metadata)):
            try:
                owner = self.cluster.get(self._owner_path(reference))
            except (ApiStatus, PartSkipped) as exc:
                chain.append({"reference": reference})
                note = f"{reference.get('kind')} {reference.get('name')}: {exc}"
                break
            same = owner["metadata"]["uid"] == reference.get("uid")
            chain.append({"reference": reference, "is_the_owner": same, "object": redaction.document(owner)})
            metadata = owner["metadata"] if same else {}
        self._document("owners.json", chain)
        return note

    def _owner_path(self, reference: Mapping[str, Any]) -> str:
        group, slash, version = str(reference.get("apiVersion")).rpartition("/")
        resource = _OWNERS.get((group, str(reference.get("kind"))))
        if resource is None:
            raise PartSkipped("owners of this kind are not followed")
        root = f"/apis/{group}/{version}" if slash else f"/api/{version}"
        name = quote(str(reference.get("name")), safe="")
        return f"{root}/namespaces/{self.subject.namespace}/{resource}/{name}"

    def _node(self) -> str:
        name = self.subject.spec.get("nodeName")
        if not name:
            raise PartSkipped("the pod is on no node")
        self._document("node.json", redaction.document(self.cluster.get(f"/api/v1/nodes/{quote(name, safe='')}")))
        return ""

    def _network_policies(self) -> str:
        path = f"/apis/networking.k8s.io/v1/namespaces/{self.subject.namespace}/networkpolicies"
        labels = self.subject.metadata.get("labels") or {}
        selecting = [
            item
            for page in self.cluster.pages(path)
            for item in page.get("items") or ()
            if selector_from((item.get("spec") or {}).get("podSelector")).matches(labels)
        ]
        self._document("network_policies.json", redaction.document(selecting))
        return ""

    def _access(self) -> str:
        """What the pod's ServiceAccount may do, and through which bindings."""
        objects = read_cluster(self.cluster, accounts=False)
        account = f"ServiceAccount:{self.subject.namespace}/{self.subject.service_account}"
        found = answer(Authorizer(objects.roles, objects.bindings), question_from({"subject": account}, 0))
        self._document("access.json", {"subject": account, **found})
        return ""

    def _log_parts(self) -> Iterator[Part]:
        for container in self.subject.containers():
            name = str(container["name"])
            yield f"{_AT}/logs/{name}", lambda name=name: self._log(name, previous=False)  # type: ignore[misc]
            if container["restarts"]:
                yield f"{_AT}/logs/{name}/previous", lambda name=name: self._log(name, previous=True)  # type: ignore[misc]

    def _log(self, container: str, *, previous: bool) -> str:
        query = {
            "container": container,
            "previous": "true" if previous else None,
            "timestamps": "true",
            "tailLines": self.request.log_lines,
            "limitBytes": max(1, self.request.log_bytes),
        }
        try:
            text = self.cluster.get(f"{self.subject.path}/log", query=query, accept="text/plain, */*")
        except ApiStatus as exc:
            if exc.status == 400:  # it has not started, or what it wrote before was thrown away
                raise PartSkipped(str(exc)) from exc
            raise
        name = f"{safe_name(container)}{'.previous' if previous else ''}.log"
        self.folder.write(f"{_AT}/logs/{name}", [str(text or "").encode()], self.request.log_bytes)
        return ""

    def _document(self, name: str, value: Any) -> None:
        self.folder.write_json(f"{_AT}/{name}", value)


def _controller(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    references = metadata.get("ownerReferences") or ()
    return next((row for row in references if row.get("controller")), None)
