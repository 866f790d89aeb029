# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's clusters are what they promise, and leave nothing behind."""

from __future__ import annotations

from tests.lab.kubernetes import Kubernetes


def test_a_user_may_nothing_until_it_is_granted(k8s: Kubernetes) -> None:
    """A client certificate names a user and its groups, and RBAC judges them."""
    kubeconfig = k8s.user("alice", ["devs"])

    before = k8s.kubectl(f"--kubeconfig={kubeconfig}", "get", "nodes", check=False)
    k8s.kubectl("create", "clusterrolebinding", "lab-devs", "--clusterrole=view", "--group=devs")
    after = k8s.kubectl(f"--kubeconfig={kubeconfig}", "auth", "can-i", "list", "pods")
    k8s.kubectl("delete", "clusterrolebinding", "lab-devs")

    assert 'User "alice" cannot list resource "nodes"' in before
    assert after == "yes\n"


def test_a_service_account_has_a_token(k8s: Kubernetes, k8s_namespace: str) -> None:
    """TokenRequest works, and the API server knows whose token it is."""
    kubeconfig = k8s.service_account(k8s_namespace, "default")

    refused = k8s.kubectl(f"--kubeconfig={kubeconfig}", "get", "nodes", check=False)

    assert f"system:serviceaccount:{k8s_namespace}:default" in refused
