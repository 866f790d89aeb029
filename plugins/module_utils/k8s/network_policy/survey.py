# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the policies of a cluster cover, as it is or with others as if they were applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import METADATA_LIST, Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.admin_policy import (
    OTHER_POLICIES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.coverage import Coverage
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.endpoint import (
    Endpoint,
    address,
    pod_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.policy import (
    PodPeer,
    is_network_policy,
)

Object = Mapping[str, Any]
ENFORCEMENT = (
    "The API server stores network policies and enforces none of them: that is the work of the network plugin,"
    " and a plugin that does not do it says nothing. Try a connection that must fail"
)
_POLICIES = "/apis/networking.k8s.io/v1/networkpolicies"


def survey(cluster: Cluster, params: Mapping[str, Any]) -> dict[str, Any]:
    """What module k8s_network_policy_info returns. Raises K8sError."""
    assumed = params.get("definitions") or ()
    _check(assumed)
    namespaces = _items(cluster, "/api/v1/namespaces", METADATA_LIST)
    live = [] if params.get("ignore_live") else _items(cluster, _POLICIES)
    coverage = Coverage(namespaces, _as_if_applied(live, assumed), _other_policies(cluster))
    for page in cluster.pages("/api/v1/pods"):
        for pod in page.get("items") or ():
            coverage.see(pod)
    wanted = params.get("namespaces") or sorted(coverage.namespaces)
    return {
        "namespaces": [{"namespace": name, **coverage.namespace_facts(name)} for name in wanted],
        "policies": _policies(coverage, set(wanted)),
        "unlabelled_namespaces": unlabelled(coverage, assumed),
        "missing_namespaces": sorted({each["metadata"]["namespace"] for each in assumed} - set(coverage.namespaces)),
        "connections": [_answer(cluster, coverage, row) for row in params.get("connections") or ()],
        "enforcement": ENFORCEMENT,
    }


def _check(assumed: Sequence[Any]) -> None:
    for each in assumed:
        named = isinstance(each, Mapping) and isinstance(each.get("metadata"), Mapping)
        if not named or not is_network_policy(each) or not {"name", "namespace"} <= set(each["metadata"]):
            raise K8sError("definitions: each is a NetworkPolicy of networking.k8s.io/v1, with name and namespace")


def _as_if_applied(live: Iterable[Object], assumed: Iterable[Object]) -> list[Object]:
    """The live policies, with those that are assumed in the place of their namesakes."""
    by_name = {(raw["metadata"].get("namespace"), raw["metadata"].get("name")): raw for raw in (*live, *assumed)}
    return list(by_name.values())


def _policies(coverage: Coverage, namespaces: set[str]) -> list[dict[str, Any]]:
    rows = []
    for facts in coverage.policy_subjects():
        subject = facts.pop("subject")
        if subject["namespace"] in namespaces:
            rows.append({"namespace": subject["namespace"], "name": subject["name"], **facts})
    return sorted(rows, key=lambda row: (row["namespace"], row["name"]))


def unlabelled(coverage: Coverage, assumed: Sequence[Object]) -> list[str]:
    """Selectors of namespaces in the assumed policies that select none. Before 1.21 their names are no labels."""
    given = {(each["metadata"]["namespace"], each["metadata"]["name"]) for each in assumed}
    peers = {
        peer.namespaces
        for policy in coverage.policies
        if (policy.namespace, policy.name) in given
        for rule in (*(policy.ingress or ()), *(policy.egress or ()))
        for peer in rule.peers or ()
        if isinstance(peer, PodPeer) and peer.namespaces is not None
    }
    return sorted(
        selector.text for selector in peers if not any(selector.matches(it) for it in coverage.namespaces.values())
    )


def _answer(cluster: Cluster, coverage: Coverage, row: Mapping[str, Any]) -> dict[str, Any]:
    """One question with its answer: {from, to, port, protocol, allowed, denied_by}."""
    source, target = (_endpoint(cluster, row[key]) for key in ("source", "destination"))
    traffic, port, protocol = coverage.traffic, int(row["port"]), str(row.get("protocol") or "TCP")
    allowed = traffic.allowed(source, target, port, protocol)
    denied = [] if allowed else traffic.denied(source, target, port, protocol)
    return {**row, "allowed": allowed, "denied_by": denied}


def _endpoint(cluster: Cluster, row: Mapping[str, Any]) -> Endpoint:
    if row.get("ip"):
        return address(str(row["ip"]))
    if not row.get("namespace") or not (row.get("pod") or row.get("labels")):
        raise K8sError("connections: an end is an ip, or a namespace with a pod or with labels")
    if not row.get("pod"):
        return Endpoint(str(row["namespace"]), "", labels=row["labels"])
    namespace, name = str(row["namespace"]), str(row["pod"])
    try:
        found = cluster.get(f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(name, safe='')}")
    except ApiStatus as exc:
        if exc.status != 404:
            raise
        raise K8sError(f"connections: there is no pod {namespace}/{name}") from exc
    return replace(pod_from(found), labels={**pod_from(found).labels, **(row.get("labels") or {})})


def _other_policies(cluster: Cluster) -> list[Object]:
    """Policies of other kinds, where the cluster has them and they may be read."""
    found: list[Object] = []
    for path in OTHER_POLICIES:
        try:
            found += _items(cluster, path)
        except ApiStatus as exc:
            if exc.status not in (403, 404):
                raise
    return found


def _items(cluster: Cluster, path: str, accept: str | None = None) -> list[Object]:
    return [item for page in cluster.pages(path, accept=accept) for item in page.get("items") or ()]
