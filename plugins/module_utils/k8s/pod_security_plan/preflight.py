# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which workloads that are there now would be refused by what is declared.

Controllers are judged by their template, for it is what the next pod is made of; pods that nothing known makes, as they
are. Equal templates are judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.templates import digest
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.workloads import (
    Controller,
    controllers,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.evaluator import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security.rules import (
    evaluate_rules,
    rules_in_use,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.declaration import Level
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.admission import (
    refusals,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.rules import rules

Object = Mapping[str, Any]
_MAKERS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job", "CronJob"})
# (metadata and spec of a pod, its level) to the sentences that refuse it.
Judge = Callable[[Object, Level], list[str]]
_REPLICA_SETS = Controller("ReplicaSet", "/apis/apps/v1/replicasets")


def refused(cluster: Cluster, levels: Mapping[str, Level], judge: Judge) -> list[dict[str, Any]]:
    """[{kind, namespace, name, level, reasons}] of all workloads in these namespaces. Raises K8sError."""
    verdicts: dict[bytes, list[str]] = {}
    found = []
    for kind, metadata, pod in _workloads(cluster, levels):
        level = levels[metadata["namespace"]]
        key = digest([level.enforce, level.version, pod["spec"], (pod["metadata"] or {}).get("annotations")])
        if key not in verdicts:
            verdicts[key] = judge(pod, level)
        if verdicts[key]:
            identity = {"kind": kind, "namespace": metadata["namespace"], "name": metadata["name"]}
            found.append({**identity, "level": level.enforce, "reasons": verdicts[key]})
    return sorted(found, key=lambda row: (row["namespace"], row["kind"], row["name"]))


def by_standard(pod: Object, level: Level) -> list[str]:
    """What the Pod Security Standards say."""
    return [one.message for one in evaluate(pod["metadata"], pod["spec"], level.enforce, level.version)]


def with_rules(judge: Judge, declared: Mapping[str, Any]) -> Judge:
    """The same with what the rules beside the levels say. Raises K8sError for a rule that does not exist."""
    rules_in_use(declared)
    return lambda pod, level: [
        *judge(pod, level),
        *(one.message for one in evaluate_rules(pod["metadata"], pod["spec"], declared)),
    ]


def by_policy(policies: Mapping[str, Object]) -> Judge:
    """What PodSecurityPolicies say, with what they set in pods. policies: {level: policy}."""
    messages = {level: {rule.field: rule.message for rule in rules(policy)} for level, policy in policies.items()}

    def judge(pod: Object, level: Level) -> list[str]:
        fields = refusals(policies[level.enforce], pod)
        return [f"{field}: {messages[level.enforce].get(field, 'not allowed')}" for field in fields]

    return judge


def _workloads(cluster: Cluster, levels: Mapping[str, Level]) -> Iterator[tuple[str, Object, Object]]:
    """(kind, metadata, {metadata, spec} of its pods)."""
    for controller in (*controllers(cluster.version), _REPLICA_SETS):
        for thing in _items(cluster, controller.path, levels):
            if not _owned(thing):
                yield controller.kind, thing["metadata"], _template(thing, controller.template)
    for pod in _items(cluster, "/api/v1/pods", levels):
        if not _owned(pod) and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            yield "Pod", pod["metadata"], {"metadata": pod["metadata"], "spec": pod.get("spec") or {}}


def _items(cluster: Cluster, path: str, levels: Mapping[str, Level]) -> Iterator[dict[str, Any]]:
    for page in cluster.pages(path):
        for item in page.pop("items", None) or ():
            if item["metadata"].get("namespace") in levels:
                yield item


def _owned(thing: Object) -> bool:
    """Whether it is made by something that is judged itself."""
    owners: Iterable[Object] = thing["metadata"].get("ownerReferences") or ()
    return any(owner.get("controller") and owner.get("kind") in _MAKERS for owner in owners)


def _template(thing: Object, path: Iterable[str]) -> dict[str, Any]:
    here: Any = thing
    for step in path:
        here = (here or {}).get(step)
    return {"metadata": (here or {}).get("metadata") or {}, "spec": (here or {}).get("spec") or {}}
