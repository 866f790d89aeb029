# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove the RoleBindings that nobody declared, in namespaces that were handed over for it."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.defaults import (
    shipped_rules,
    shipped_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE,
    ROLE_BINDING,
    Binding,
    binding_from,
    role_from,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request, Rule

_API = "/apis/rbac.authorization.k8s.io/v1"
_SELF_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# The cluster itself lives in these, whatever a user says.
CLUSTERS_OWN = frozenset(["kube-system", "kube-public", "kube-node-lease"])
# Only the server knows these fields; an object with them cannot be applied again.
_SERVER_FIELDS = ("managedFields", "uid", "resourceVersion", "creationTimestamp", "selfLink", "generation")

Object = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What becomes of one binding: removed where `kept` is empty, else kept for this reason."""

    item: Object
    kept: str

    @property
    def place(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.item["metadata"]["namespace"], self.item["metadata"]["name"]


def refuse_protected(namespaces: Collection[str], protected: Collection[str]) -> None:
    """Raise K8sError where a namespace was handed over that is protected."""
    both = sorted(set(namespaces) & (set(protected) | CLUSTERS_OWN))
    if both:
        raise K8sError(f"namespaces: {both[0]} is protected, nothing is pruned there")


def judge_bindings(
    cluster: Cluster, namespaces: Sequence[str], declared: Collection[tuple[str, str]], keep: Sequence[str]
) -> list[Verdict]:
    """A verdict on each RoleBinding of the namespaces that is not declared. Raises ApiStatus or Unreachable."""
    found = in_parallel(lambda name: _items(cluster, name), list(dict.fromkeys(namespaces)))
    strangers = [item for items in found for item in items if _place(item) not in declared]
    candidates = [Verdict(item, _reason_to_keep(item, keep)) for item in strangers]
    if all(verdict.kept for verdict in candidates) or _rules_everywhere(cluster):
        return candidates
    return [verdict if verdict.kept else Verdict(verdict.item, _own_ground(cluster, verdict)) for verdict in candidates]


def manifest(item: Mapping[str, Any]) -> Object:
    """The binding as it can be applied again."""
    metadata = {key: value for key, value in item["metadata"].items() if key not in _SERVER_FIELDS}
    shown = {key: item.get(key) for key in ("roleRef", "subjects") if item.get(key)}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": ROLE_BINDING, "metadata": metadata, **shown}


def remove(cluster: Cluster, item: Mapping[str, Any]) -> None:
    """Delete exactly what was judged: a binding that was changed since, or made anew, is left and told.

    Raises ApiStatus or Unreachable. One that is gone already is no error.
    """
    namespace, name = _place(item)
    identity = {key: item["metadata"][key] for key in ("uid", "resourceVersion")}
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": identity}
    try:
        cluster.request("DELETE", f"{_API}/namespaces/{namespace}/rolebindings/{name}", body)
    except ApiStatus as exc:
        if exc.status != 404:
            raise


def _items(cluster: Cluster, namespace: str) -> list[Object]:
    pages = cluster.pages(f"{_API}/namespaces/{namespace}/rolebindings")
    return [item for page in pages for item in page.get("items") or ()]


def _place(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _reason_to_keep(item: Object, keep: Sequence[str]) -> str:
    owner = next(iter(item["metadata"].get("ownerReferences") or ()), None)
    if owner:
        return f"it belongs to {owner.get('kind')} {owner.get('name')}, which would make it again"
    if shipped_subjects(binding_from(item, ROLE_BINDING)) is not None:
        return "it came with the cluster"
    namespace, name = _place(item)
    pattern = next((text for text in keep if _matches(namespace, name, text)), None)
    return f"it matches {pattern!r} of keep" if pattern else ""


def _matches(namespace: str, name: str, pattern: str) -> bool:
    """`shop/legacy-*` of one namespace, `legacy-*` of all."""
    return fnmatch.fnmatchcase(f"{namespace}/{name}" if "/" in pattern else name, pattern)


def _rules_everywhere(cluster: Cluster) -> bool:
    """Whether whoever runs this may delete RoleBindings in all namespaces: no RoleBinding gives or takes that."""
    attributes = {"verb": "delete", "group": "rbac.authorization.k8s.io", "resource": "rolebindings"}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool((cluster.request("POST", _SELF_REVIEW, body).get("status") or {}).get("allowed"))


def _own_ground(cluster: Cluster, verdict: Verdict) -> str:
    """Why to keep a binding that may be the very one that lets this run act in the namespace; "" for others."""
    binding = binding_from(verdict.item, ROLE_BINDING)
    request = Request("delete", "rolebindings", "rbac.authorization.k8s.io", namespace=binding.namespace)
    rules = _role_rules(cluster, binding)
    if rules is None:
        return f"it binds {binding.role.text}, which this run may not read, and may be what lets it act here"
    if any(rule.allows(request) for rule in rules):
        return "it lets somebody manage bindings here, and may be what lets this run do so"
    return ""


def _role_rules(cluster: Cluster, binding: Binding) -> tuple[Rule, ...] | None:
    """The rules of the role; of one that may not be read, those that Kubernetes ships it with, or None."""
    of_cluster = binding.role.kind == CLUSTER_ROLE
    place = "clusterroles" if of_cluster else f"namespaces/{binding.namespace}/roles"
    try:
        return role_from(cluster.get(f"{_API}/{place}/{binding.role.name}"), binding.role.kind).rules
    except ApiStatus as exc:
        if exc.status == 403:
            return shipped_rules(binding.role)
        if exc.status != 404:
            raise
        return ()
