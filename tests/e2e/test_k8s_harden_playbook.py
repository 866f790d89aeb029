# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook harden_k8s on a real cluster: everything that is declared, once, and what is switched off not at all."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes


def harden(cluster: Kubernetes, namespace: str, **more: Any) -> PlaybookResult:
    """With names of one's own, for the cluster is shared with other tests."""
    host: dict[str, Any] = {}
    for role in ("k8s_rbac", "k8s_pod_security", "k8s_network_policy"):
        host[f"{role}_kubeconfig"] = str(cluster.kubeconfig)
        host[f"{role}_name"] = f"{role.replace('_', '-')}-{namespace}"
        host[f"{role}_set_namespace"] = namespace
        host[f"{role}_prefix"] = f"bulkhead-{namespace}"
    team = {"name": "dev", "subjects": ["Group:dev"], "namespaces": [namespace], "profiles": ["viewer"]}
    host |= {
        "k8s_rbac_teams": [team],
        "k8s_rbac_managed_namespaces": [namespace],
        "k8s_pod_security_namespaces": {namespace: "baseline"},
        "k8s_pod_security_require_enforcement": False,
        "k8s_network_policy_namespaces": [{"name": namespace}],
        "k8s_network_policy_on_gaps": "warn",
    }
    inventory = {"k8s_clusters": {"hosts": {"lab": host}}, "k8s_control_plane": {"hosts": {}}}
    return run_playbook("harden_k8s.yml", inventory=inventory, extra_vars=more)


def made(cluster: Kubernetes, namespace: str) -> set[str]:
    kinds = "rolebindings,networkpolicies"
    listing = json.loads(cluster.kubectl("get", kinds, "-n", namespace, "-o", "json"))["items"]
    return {one["kind"] for one in listing if one["metadata"]["name"].startswith("bulkhead")}


def test_a_cluster_is_hardened_once_and_its_parts_do_not_undo_each_other(k8s: Kubernetes, k8s_namespace: str) -> None:
    off = {"harden_rbac": False, "harden_pod_security": False, "harden_network_policy": False}
    assert harden(k8s, k8s_namespace, **off).check().changed == []
    assert made(k8s, k8s_namespace) == set()

    assert harden(k8s, k8s_namespace).check().changed
    assert made(k8s, k8s_namespace) == {"RoleBinding", "NetworkPolicy"}
    assert harden(k8s, k8s_namespace).check().changed == []

    states = {f"{role}_state": "absent" for role in ("k8s_rbac", "k8s_pod_security", "k8s_network_policy")}
    harden(k8s, k8s_namespace, **states).check()
    assert made(k8s, k8s_namespace) == set()
