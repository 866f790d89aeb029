# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect the subjects of scope `workload`: what makes Pods, and the Pods that nothing makes.

A Pod of a Deployment is judged as the Deployment: one finding to act upon instead of a hundred. Pods of a controller
that is not known here (of a custom resource) are judged as that controller. Bare Pods of the same facts are a subject
each as long as they are few; more than `MOST_ALIKE` in one namespace are one subject, named after the first, with
their number in `pods`. (Their images may differ: images are judged by themselves.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.facts import merged
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.network import Network
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.templates import (
    Judge,
    Templates,
    digest,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.usage import Usage
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.pods import (
    component_argvs,
    is_mirror,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

Facts = dict[str, Any]
Json = Mapping[str, Any]

MOST_ALIKE = 20
_OF_IMAGES = frozenset(("containers", "images"))
_REPLICA_SETS = "/apis/apps/v1/replicasets"


@dataclass(frozen=True)
class Controller:
    """A kind that makes Pods: where its objects are listed, and where in them the Pod template stands."""

    kind: str
    path: str
    template: tuple[str, ...] = ("spec", "template")

    @property
    def group_kind(self) -> tuple[str, str]:
        """API group and kind: a custom resource may be called Job, too."""
        return (self.path.split("/")[2] if self.path.startswith("/apis/") else "", self.kind)


def controllers(version: Version) -> list[Controller]:
    """The kinds, as this version of Kubernetes serves them."""
    cron = "v1" if version.at_least(1, 21) else "v1beta1"
    return [
        Controller("Deployment", "/apis/apps/v1/deployments"),
        Controller("StatefulSet", "/apis/apps/v1/statefulsets"),
        Controller("DaemonSet", "/apis/apps/v1/daemonsets"),
        Controller("ReplicationController", "/api/v1/replicationcontrollers"),
        Controller("CronJob", f"/apis/batch/{cron}/cronjobs", ("spec", "jobTemplate", "spec", "template")),
        Controller("Job", "/apis/batch/v1/jobs"),
    ]


@dataclass
class Workloads:
    """What was found: the subjects, what they use, and the sentences of the kinds that could not be read."""

    subjects: list[Facts] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    errors: list[str] = field(default_factory=list)


class WorkloadCollector:
    """One pass over the controllers, then over the Pods."""

    def __init__(
        self, lists: Lists, judge: Judge, automount: Mapping[tuple[str, str], bool | None], network: Network
    ) -> None:
        """automount: what each ServiceAccount says of mounting its token, by (namespace, name); null for nothing."""
        self._lists = lists
        self._templates = Templates(judge)
        self._automount = automount
        self._network = network
        self._found = Workloads()
        self._covered: set[tuple[str, str]] = set()
        self._adopted: set[tuple[str, str, str]] = set()
        self._alike: dict[tuple[str, bytes], tuple[list[str], Facts, int]] = {}

    def collect(self) -> Workloads:
        """The workloads. What may not be read is in `errors`; raises K8sError where the cluster does not answer."""
        for controller in controllers(self._lists.cluster.version):
            self._attempt(partial(self._controllers, controller))
        self._attempt(self._replica_sets)
        self._attempt(self._pods)
        self._bare_pods()
        return self._found

    def _attempt(self, part: Callable[[], None]) -> None:
        try:
            part()
        except ApiStatus as exc:
            if exc.status == 401:
                raise
            self._found.errors.append(str(exc))

    def _controllers(self, controller: Controller) -> None:
        for item in self._lists.objects(controller.path):
            if not _is_made(item, self._covered):
                self._add(controller.kind, item["metadata"], _template(item, controller.template))
        self._covered.add(controller.group_kind)

    def _replica_sets(self) -> None:
        """A Deployment leaves ten of them behind, so only those that nothing owns are read whole."""
        bare = [item["metadata"] for item in self._lists.metadata(_REPLICA_SETS) if not _is_made(item, self._covered)]
        for metadata in bare:
            path = f"/apis/apps/v1/namespaces/{metadata['namespace']}/replicasets/{metadata['name']}"
            item = self._lists.cluster.get(path)
            self._add("ReplicaSet", item["metadata"], _template(item, ("spec", "template")))
        self._covered.add(("apps", "ReplicaSet"))

    def _pods(self) -> None:
        for pod in self._lists.objects("/api/v1/pods"):
            owner = _controller_of(pod)
            if owner is None or owner["kind"] == "Node":
                self._bare(pod)
            elif _group_kind(owner) not in self._covered:
                self._adopt(pod, owner)
            self._running(pod)
            if self._network.coverage is not None:
                self._network.coverage.see(pod)

    def _running(self, pod: Json) -> None:
        spec, status = pod.get("spec") or {}, pod.get("status") or {}
        images = {each.get("name"): str(each.get("image") or "") for each in spec.get("containers") or ()}
        for each in status.get("containerStatuses") or ():
            self._found.usage.add_running(images.get(each.get("name"), ""), str(each.get("imageID") or ""))

    def _add(self, kind: str, metadata: Json, template: Json) -> None:
        subject = {"kind": kind, "name": str(metadata.get("name")), "namespace": str(metadata.get("namespace"))}
        facts = self._facts(kind, metadata, template.get("spec") or {}, template.get("metadata") or {})
        self._found.subjects.append({"subject": subject, **facts})
        self._found.usage.add_workload(subject, facts)

    def _adopt(self, pod: Json, owner: Json) -> None:
        """Judge a Pod as its controller, the first one of each."""
        key = (str(pod["metadata"].get("namespace")), str(owner["kind"]), str(owner["name"]))
        if key not in self._adopted:
            self._adopted.add(key)
            metadata = {"name": key[2], "namespace": key[0]}
            self._add(key[1], metadata, {"spec": pod.get("spec"), "metadata": pod["metadata"]})

    def _bare(self, pod: Json) -> None:
        metadata = pod["metadata"]
        facts = self._facts("Pod", metadata, pod.get("spec") or {}, metadata)
        name, namespace = str(metadata.get("name")), str(metadata.get("namespace"))
        self._found.usage.add_workload({"kind": "Pod", "name": name, "namespace": namespace}, facts)
        key = digest({fact: value for fact, value in facts.items() if fact not in _OF_IMAGES})
        names, shared, count = self._alike.get((namespace, key), ([], facts, 0))
        if count < MOST_ALIKE:
            names.append(name)
        self._alike[namespace, key] = (names, shared, count + 1)

    def _bare_pods(self) -> None:
        for (namespace, _digest), (names, facts, count) in self._alike.items():
            for name in names if count <= MOST_ALIKE else names[:1]:
                subject = {"kind": "Pod", "name": name, "namespace": namespace}
                pods = 1 if count <= MOST_ALIKE else count
                self._found.subjects.append({"subject": subject, "pods": pods, **facts})

    def _facts(self, kind: str, metadata: Json, spec: Json, pod_metadata: Json) -> Facts:
        facts = self._templates.facts(kind, metadata, spec, pod_metadata)
        namespace = str(metadata.get("namespace"))
        automount = facts.pop("automount")
        static = is_mirror(pod_metadata)
        if static:
            automount = False  # a kubelet's own Pods have no ServiceAccount
        elif automount is None:
            automount = self._automount.get((namespace, facts["service_account"]))
        labels = pod_metadata.get("labels") or {}
        network = self._network.workload_facts(namespace, labels, bool(spec.get("hostNetwork")))
        # What a file on a node of the control plane declares is what it is by nature: judged as a component instead.
        control_plane = static and namespace == "kube-system" and bool(component_argvs(pod_metadata, spec))
        return merged(facts, network, {"token_mounted": automount is not False, "control_plane": control_plane})


def _template(item: Json, path: Iterable[str]) -> Json:
    found: Any = item
    for part in path:
        found = (found or {}).get(part)
    return found or {}


def _controller_of(item: Json) -> Json | None:
    owners = (item.get("metadata") or {}).get("ownerReferences") or ()
    return next((owner for owner in owners if owner.get("controller")), None)


def _group_kind(owner: Json) -> tuple[str, str]:
    group, slash, _version = str(owner.get("apiVersion") or "").partition("/")
    return (group if slash else "", str(owner.get("kind") or ""))


def _is_made(item: Json, covered: set[tuple[str, str]]) -> bool:
    """Whether a controller that is judged itself makes this object."""
    owner = _controller_of(item)
    return owner is not None and _group_kind(owner) in covered
