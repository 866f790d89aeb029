# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Grants that a real API server's own audit log never shows, and the least roles of what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

RBAC = "rbac.authorization.k8s.io"
POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}


def _granted(name: str, subject: str, *rules: dict[str, Any]) -> list[dict[str, Any]]:
    """A Role in the namespace default, bound to a user."""
    metadata = {"name": name, "namespace": "default"}
    return [
        {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": metadata, "rules": list(rules)},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": name},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": subject}],
        },
    ]


def _rule(verbs: str, resources: str) -> dict[str, list[str]]:
    return {"verbs": verbs.split(","), "apiGroups": [""], "resources": resources.split(",")}


def _read_to_the_end(k8s: Kubernetes) -> None:
    """The server writes its log by itself, in order: once a request of ours shows, those before it do too."""
    k8s.kubectl("get", "configmap", "the-last-one", "--ignore-not-found")
    k8s.processes.wait("last line of the log", lambda: "the-last-one" in k8s.audit_log.read_text(), ["kube-apiserver"])


def test_what_was_used_and_what_was_not(make_k8s: Callable[..., Kubernetes]) -> None:
    """A list, a create, one that is refused, and one in somebody else's name."""
    k8s = make_k8s("api", audit_policy=POLICY)
    alice = [_rule("list", "pods"), _rule("create,delete", "configmaps"), _rule("get", "secrets")]
    robot = [_rule("get", "services"), _rule("list", "endpoints")]
    k8s.kubectl_apply(_granted("alice", "alice", *alice) + _granted("robot", "robot", *robot))
    kubeconfig = str(k8s.user("alice"))
    k8s.kubectl("--kubeconfig", kubeconfig, "get", "pods", "-n", "default")
    k8s.kubectl("--kubeconfig", kubeconfig, "create", "configmap", "mine", "-n", "default")
    k8s.kubectl("--kubeconfig", kubeconfig, "get", "secrets", "-n", "default", check=False)
    k8s.kubectl("get", "service", "kubernetes", "-n", "default", "--as", "robot", check=False)
    _read_to_the_end(k8s)

    options = {"kubeconfig": str(k8s.kubeconfig), "audit_log": [str(k8s.audit_log)]}
    usage = run_module("k8s_access_info", options)["usage"]
    assert {each["subject"]["name"]: each["grants"] for each in usage["unused"]} == {
        "alice": ["RoleBinding default/alice → Role default/alice rule 2, in default"],
        "robot": ["RoleBinding default/robot → Role default/robot rule 1, in default"],
    }
    assert usage["log"]["unreadable"] == 0
    least = {
        each["subject"]["name"]: each["role"]["rules"]
        for each in usage["minimal_roles"]
        if each["namespace"] == "default"
    }
    assert least["alice"] == [_rule("create", "configmaps"), _rule("list", "pods")]
    assert least["robot"] == [{**_rule("get", "services"), "resourceNames": ["kubernetes"]}]

    audit = run_module("k8s_audit", {**options, "select": ["k8s.rbac.unused_grants"]})
    assert {finding["subject"]["name"] for finding in audit["findings"]} == {"alice", "robot"}
