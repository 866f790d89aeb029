# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PodSecurityPolicies of somebody else that lets pods in beside ours: policies add up, the loosest one counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.grants import (
    usable_policies,
)

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
# A list leaves the kind of its items out.
_LISTS = {
    "ClusterRole": f"{_RBAC}/clusterroles",
    "Role": f"{_RBAC}/roles",
    "ClusterRoleBinding": f"{_RBAC}/clusterrolebindings",
    "RoleBinding": f"{_RBAC}/rolebindings",
}
_POLICIES = "/apis/policy/v1beta1/podsecuritypolicies"


def told(cluster: Cluster, namespaces: Iterable[str], ours: Collection[str]) -> list[str]:
    """A sentence for each namespace whose pods may use another policy than ours. Raises K8sError.

    Where roles and bindings must not be read, one sentence says that.
    """
    try:
        policies = [
            one for one in _items(cluster, "PodSecurityPolicy", _POLICIES) if one["metadata"]["name"] not in ours
        ]
        if not policies:
            return []
        grants = [one for kind, path in _LISTS.items() for one in _items(cluster, kind, path)]
    except ApiStatus as exc:
        if exc.status != 403:
            raise
        return [f"Whether pods may use other policies beside these cannot be told: {exc}"]
    usable = usable_policies([*policies, *grants], namespaces)
    return [
        f"Namespace {space}: its pods may also use the PodSecurityPolicy {', '.join(names)}, so that its level does not"
        " hold for what these let in"
        for space, names in usable.items()
        if names
    ]


def _items(cluster: Cluster, kind: str, path: str) -> list[Mapping[str, Any]]:
    return [{"kind": kind, **item} for page in cluster.pages(path) for item in page.get("items") or ()]
