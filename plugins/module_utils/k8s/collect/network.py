# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network policies as facts of namespaces and workloads, each kind of Pod judged once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.admin_policy import (
    OTHER_POLICIES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.coverage import Coverage

Facts = dict[str, Any]
Json = Mapping[str, Any]

_POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"


class Network:
    """The policies that were read, or why they were not."""

    def __init__(self, coverage: Coverage | None, failure: str = "") -> None:
        self.coverage = coverage
        self.failure = failure
        self._known: dict[tuple[str, frozenset[tuple[str, str]], bool], Facts] = {}

    def workload_facts(self, namespace: str, labels: Mapping[str, str], host_network: bool) -> Facts:
        """Facts of the Pods with these labels. They are shared: copy before changing."""
        key = (namespace, frozenset(labels.items()), host_network)
        if key not in self._known:
            self._known[key] = self._workload_facts(namespace, labels, host_network)
        return self._known[key]

    def _workload_facts(self, namespace: str, labels: Mapping[str, str], host_network: bool) -> Facts:
        if self.coverage is not None:
            return self.coverage.workload_facts(namespace, labels, host_network=host_network)
        return self._unknown(Coverage((), ()).workload_facts(namespace, labels, host_network=host_network))

    def namespace_facts(self, name: str) -> Facts:
        """Facts of a namespace, when all Pods have been seen."""
        if self.coverage is not None:
            return self.coverage.namespace_facts(name)
        return self._unknown(Coverage((), ()).namespace_facts(name))

    def _unknown(self, facts: Iterable[str]) -> Facts:
        return {"unknown": dict.fromkeys(facts, self.failure)}


def read_network(lists: Lists, namespaces: Iterable[Json]) -> Network:
    """The policies of the wanted namespaces. Raises K8sError where the cluster does not answer at all."""
    try:
        policies = list(lists.objects(_POLICIES))
    except ApiStatus as exc:
        return Network(None, str(exc))
    return Network(Coverage(namespaces, policies, [item for path in OTHER_POLICIES for item in _others(lists, path)]))


def _others(lists: Lists, path: str) -> list[Json]:
    try:
        return list(lists.objects(path))
    except ApiStatus as exc:
        if exc.status == 401:
            raise
        return []
