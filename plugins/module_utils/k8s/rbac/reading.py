# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read roles, bindings and ServiceAccounts: from a cluster in paged lists, or from plain objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.parallel import in_parallel
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.level_match import (
    level_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    ROLE,
    ROLE_BINDING,
    Account,
    Binding,
    Object,
    Role,
    account_from,
    binding_from,
    role_from,
)

_API = "/apis/rbac.authorization.k8s.io/v1"
PATHS = {
    CLUSTER_ROLE: f"{_API}/clusterroles",
    ROLE: f"{_API}/roles",
    CLUSTER_ROLE_BINDING: f"{_API}/clusterrolebindings",
    ROLE_BINDING: f"{_API}/rolebindings",
    "ServiceAccount": "/api/v1/serviceaccounts",
}


@dataclass
class RbacObjects:
    """What a cluster grants. `accounts` is None where nobody knows which ServiceAccounts there are."""

    roles: list[Role] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    accounts: list[Account] | None = None

    def take(self, other: RbacObjects) -> None:
        """Take in what was read elsewhere."""
        self.roles += other.roles
        self.bindings += other.bindings
        if other.accounts is not None:
            self.accounts = [*(self.accounts or ()), *other.accounts]

    def add(self, raw: Object, kind: str) -> None:
        """Take one object in; what is of another kind than these five is left alone. Raises K8sError."""
        if kind in (ROLE, CLUSTER_ROLE):
            self.roles.append(role_from(raw, kind))
        elif kind in (ROLE_BINDING, CLUSTER_ROLE_BINDING):
            self.bindings.append(binding_from(raw, kind))
        elif kind == "ServiceAccount":
            self.accounts = self.accounts or []
            self.accounts.append(account_from(raw))


def read_cluster(cluster: Cluster, *, accounts: bool = True) -> RbacObjects:
    """Everything from the cluster, the lists side by side. Raises ApiStatus or Unreachable."""
    kinds = [kind for kind in PATHS if accounts or kind != "ServiceAccount"]
    objects = RbacObjects(accounts=[] if accounts else None)
    for found in in_parallel(lambda kind: _of_kind(cluster, kind), kinds, workers=len(kinds)):
        objects.take(found)
    return objects


def privileged_policies(cluster: Cluster) -> frozenset[str] | None:
    """The names of the PodSecurityPolicies that hold nobody back: none from Kubernetes 1.25, which has none at all.

    None where they may not be read. Raises ApiStatus for another refusal, or Unreachable.
    """
    try:
        pages = cluster.pages("/apis/policy/v1beta1/podsecuritypolicies")
        policies = [item for page in pages for item in page.get("items") or ()]
    except ApiStatus as exc:
        if exc.status == 404:
            return frozenset()
        if exc.status == 403:
            return None
        raise
    return frozenset(str(item["metadata"]["name"]) for item in policies if level_of(item)[0] == "privileged")


def read_definitions(definitions: Iterable[Any]) -> RbacObjects:
    """From manifests, Lists among them; objects of other kinds are left alone. Raises K8sError."""
    objects = RbacObjects()
    for item, kind in _unfolded(definitions, ""):
        objects.add(item, kind)
    return objects


def _of_kind(cluster: Cluster, kind: str) -> RbacObjects:
    """A page is turned into what is kept of it, and let go, before the next one is asked for."""
    objects = RbacObjects()
    for page in cluster.pages(PATHS[kind]):
        for item in page.get("items") or ():
            objects.add(item, kind)
    return objects


def _unfolded(definitions: Iterable[Any], listed: str) -> Iterator[tuple[Object, str]]:
    """Each object with its kind; the items of a typed list may lack theirs."""
    for definition in definitions:
        if definition is None:  # an empty document between two ---
            continue
        if not isinstance(definition, dict):
            raise K8sError(f"A definition is a dictionary with kind and metadata, not {definition!r}")
        kind = str(definition.get("kind") or listed)
        if kind.endswith("List") and isinstance(definition.get("items"), list):
            yield from _unfolded(definition["items"], kind[: -len("List")])
        else:
            yield definition, kind
