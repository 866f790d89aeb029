# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pods, workloads and namespaces network policies isolate, as facts for controls. Pure: plain objects in.

    coverage = Coverage(namespaces, policies, other_policies)   # lists of objects, as the API server gives them
    for pod in pods:                                            # in any number of pages; nothing of a page is kept
        coverage.see(pod)
    coverage.namespace_facts("shop"); coverage.workload_facts("shop", labels, host_network=False)
    coverage.policy_subjects()

Pods that differ in no label that a selector asks for are judged once. What is stored says nothing about whether a
network plugin enforces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.admin_policy import (
    AdminPolicies,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.dns import dns_allowed
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import (
    Endpoint,
    has_ended,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import (
    Policy,
    is_network_policy,
    policy_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy_facts import (
    policy_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.traffic import (
    DIRECTIONS,
    Traffic,
)

Object = Mapping[str, Any]
Facts = dict[str, Any]
# Where clouds answer a pod's questions about its node, credentials included.
METADATA_ADDRESS = "169.254.169.254"
_NAMES_SHOWN = 100


@dataclass
class Group:
    """Pods of one namespace that policies cannot tell apart, and the names of the first of them."""

    endpoint: Endpoint
    count: int
    names: list[str]


class Coverage:
    """The policies of a cluster, and the pods that were seen."""

    def __init__(
        self, namespaces: Iterable[Object], policies: Iterable[Object], other_policies: Iterable[Object] = ()
    ) -> None:
        """other_policies: AdminNetworkPolicy objects and their like, and policies of a plugin's own kinds."""
        given = [*policies]
        self.namespaces = {
            raw["metadata"]["name"]: raw["metadata"].get("labels") or {} for raw in namespaces if raw.get("metadata")
        }
        self.policies = [policy_from(raw) for raw in given if is_network_policy(raw)]
        self.traffic = Traffic(self.namespaces, self.policies)
        self._others = AdminPolicies([*other_policies, *(raw for raw in given if not is_network_policy(raw))])
        self._groups: dict[str, dict[tuple[frozenset[tuple[str, str]], bool], Group]] = {}
        self._keys = frozenset(key for policy in self.policies for key in policy.pod_label_keys())

    def see(self, pod: Object) -> None:
        """Count a Pod object; one that has ended has no network and does not count."""
        if has_ended(pod):
            return
        metadata, spec = pod.get("metadata") or {}, pod.get("spec") or {}
        namespace, labels = str(metadata.get("namespace") or "default"), self._telling(metadata.get("labels") or {})
        host_network = bool(spec.get("hostNetwork"))
        groups = self._groups.setdefault(namespace, {})
        key = (frozenset(labels.items()), host_network)
        if key not in groups:
            endpoint = Endpoint(namespace, "", labels=labels, host_network=host_network)
            groups[key] = Group(endpoint, 0, [])
        group = groups[key]
        group.count += 1
        if len(group.names) < _NAMES_SHOWN:
            group.names.append(str(metadata.get("name") or ""))

    def _telling(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels that some selector asks for. Without the rest, such as hashes of templates, few kinds are left."""
        return {key: value for key, value in labels.items() if key in self._keys}

    def groups(self, namespace: str) -> list[Group]:
        """The pods that were seen in a namespace."""
        return list(self._groups.get(namespace, {}).values())

    def every_group(self) -> list[Group]:
        """The pods that were seen anywhere."""
        return [group for groups in self._groups.values() for group in groups.values()]

    def namespace_facts(self, name: str) -> Facts:
        """Facts of one namespace, to be merged with others about it.

        network_policies: their names. network_pods: pods to which policies can apply; network_host_pods: those in
        their node's network. network_default_deny_{ingress,egress}: a policy isolates every pod, also future ones, and
        none opens all of it again. network_open_{ingress,egress}: names of pods that are not isolated, of each kind of
        pod the first 100.
        network_without_dns: names of pods whose egress is isolated and that cannot ask the cluster's DNS.
        """
        judged = [group for group in self.groups(name) if group.endpoint.subject_to_policies]
        facts: Facts = {
            "network_policies": sorted(policy.name for policy in self.traffic.policies(name)),
            "network_pods": sum(group.count for group in judged),
            "network_host_pods": sum(group.count for group in self.groups(name)) - sum(g.count for g in judged),
            "network_without_dns": _names(
                group
                for group in judged
                if self.traffic.isolating(group.endpoint, "egress") and not self.asks_dns(group.endpoint)
            ),
        }
        for direction in DIRECTIONS:
            facts[f"network_default_deny_{direction}"] = self.default_deny(name, direction)
            facts[f"network_open_{direction}"] = _names(
                group for group in judged if not self.isolated(group.endpoint, direction)
            )
        return self._others.doubt(facts, name, self.namespaces.get(name, {}))

    def default_deny(self, namespace: str, direction: str) -> bool:
        """Whether a policy isolates every pod of a namespace, and none lets everybody in or out again."""
        general = [
            rules
            for policy in self.traffic.policies(namespace)
            if policy.pods.everything and (rules := policy.rules(direction)) is not None
        ]
        return bool(general) and not any(rule.everything for rules in general for rule in rules)

    def isolated(self, pod: Endpoint, direction: str) -> bool:
        """Whether policies isolate a pod in a direction, and none takes that back for everybody at every port."""
        isolating = self.traffic.isolating(pod, direction)
        opened = any(rule.everything for policy in isolating for rule in policy.rules(direction) or ())
        return bool(isolating) and not opened

    def asks_dns(self, pod: Endpoint) -> bool:
        """Whether the egress rules of a pod let it ask the cluster's DNS."""
        return dns_allowed(self.traffic, pod)

    def workload_facts(self, namespace: str, labels: Mapping[str, str], *, host_network: bool) -> Facts:
        """Facts of a workload by the labels of its pods, to be merged with others about it.

        network_applies: whether policies can apply at all. network_namespace_policies: how many its namespace has.
        network_{ingress,egress}_policies: the names of those that isolate it. network_{ingress,egress}_isolated.
        network_{ingress,egress}_everywhere: the ports at which a rule lets every address in or out, as text.
        network_metadata_reachable: whether its egress reaches a cloud's metadata service.
        """
        pod = Endpoint(namespace, "", labels=labels, host_network=host_network)
        facts: Facts = {
            "network_applies": pod.subject_to_policies,
            "network_namespace_policies": len(self.traffic.policies(namespace)),
            "network_metadata_reachable": self._reaches_metadata(pod),
        }
        for direction in DIRECTIONS:
            isolating = self.traffic.isolating(pod, direction)
            facts[f"network_{direction}_policies"] = sorted(policy.name for policy in isolating)
            facts[f"network_{direction}_isolated"] = self.isolated(pod, direction)
            facts[f"network_{direction}_everywhere"] = _everywhere(isolating, direction)
        return self._others.doubt(facts, namespace, self.namespaces.get(namespace, {}))

    def _reaches_metadata(self, pod: Endpoint) -> bool:
        target = Endpoint(None, METADATA_ADDRESS, ips=(METADATA_ADDRESS,))
        return self.traffic.allowed(pod, target, 80)

    def policy_subjects(self) -> list[Facts]:
        """A subject of the scope network_policy for each policy: see policy_facts."""
        everybody = [group.endpoint for group in self.every_group()]
        by_namespace = {name: [group.endpoint for group in groups.values()] for name, groups in self._groups.items()}
        return [
            policy_facts(policy, self.traffic, by_namespace.get(policy.namespace, []), everybody)
            for policy in self.policies
        ]


def _names(groups: Iterable[Group]) -> list[str]:
    return sorted(name for group in groups for name in group.names)


def _everywhere(policies: Sequence[Policy], direction: str) -> list[str]:
    rules = [rule for policy in policies for rule in policy.rules(direction) or ()]
    return sorted({rule.ports_text for rule in rules if rule.everybody})
