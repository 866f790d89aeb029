# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role k8s_rbac on a real API server: predicted, done, done once, foreign bindings pruned, and undone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.kubernetes import Kubernetes

PLAYBOOK = "- hosts: all\n  gather_facts: false\n  roles: [bulkhead.container_security.k8s_rbac]\n"
LOCAL = {"all": {"hosts": {"lab": {"ansible_connection": "local"}}}}
RBAC = "rbac.authorization.k8s.io"


def _run(k8s: Kubernetes, folder: Path, *, check: bool = False, **variables: Any) -> PlaybookResult:
    playbook = folder / "site.yml"
    playbook.write_text(PLAYBOOK)
    named = {f"k8s_rbac_{name}": value for name, value in {"kubeconfig": str(k8s.kubeconfig), **variables}.items()}
    return run_playbook(playbook, inventory=LOCAL, extra_vars=named, check=check, diff=True)


def _declaration(namespace: str) -> dict[str, Any]:
    team = {"name": "shop", "subjects": ["Group:shop-devs"], "namespaces": [namespace], "profiles": ["developer"]}
    return {"name": f"rbac-{namespace}", "prefix": f"lab-{namespace}", "teams": [{**team, "extras": ["exec"]}]}


def _binding(name: str, namespace: str, **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": RBAC, "kind": "User", "name": "mallory"}],
    }


def _bindings(k8s: Kubernetes, namespace: str) -> set[str]:
    listed = json.loads(k8s.kubectl("get", "rolebindings", "-n", namespace, "-o", "json"))
    return {item["metadata"]["name"] for item in listed["items"]}


def _may(k8s: Kubernetes, namespace: str, *words: str) -> bool:
    asked = ["auth", "can-i", *words, "-n", namespace, "--as", "eve", "--as-group", "shop-devs"]
    return k8s.kubectl(*asked, check=False).strip() == "yes"


def _mounts(k8s: Kubernetes, namespace: str) -> Any:
    account = json.loads(k8s.kubectl("get", "serviceaccount", "default", "-n", namespace, "-o", "json"))
    return account.get("automountServiceAccountToken")


def test_from_declaration_to_access_and_back(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    """What is foreign stays, in a namespace that was not handed over."""
    declaration = _declaration(k8s_namespace)
    k8s.kubectl_apply([_binding("foreign", k8s_namespace)])
    predicted = _run(k8s, tmp_path, check=True, **declaration).check()
    assert len(predicted.changed) == 2
    assert not _may(k8s, k8s_namespace, "get", "pods")

    assert _run(k8s, tmp_path, **declaration).check().changed == predicted.changed
    assert _may(k8s, k8s_namespace, "create", "deployments.apps")
    assert _may(k8s, k8s_namespace, "create", "pods", "--subresource=exec")
    assert not _may(k8s, k8s_namespace, "get", "secrets")
    assert _mounts(k8s, k8s_namespace) is False

    assert _run(k8s, tmp_path, **declaration).check().changed == []

    gone = _run(k8s, tmp_path, **declaration, state="absent").check()
    assert len(gone.changed) == 2
    assert not _may(k8s, k8s_namespace, "get", "pods")
    assert _mounts(k8s, k8s_namespace) is None
    assert _bindings(k8s, k8s_namespace) == {"foreign"}


def test_foreign_bindings_go_from_handed_over_namespaces_alone(
    k8s: Kubernetes, k8s_namespace: str, tmp_path: Path
) -> None:
    owner = json.loads(k8s.kubectl("get", "serviceaccount", "default", "-n", k8s_namespace, "-o", "json"))["metadata"]
    reference = {"apiVersion": "v1", "kind": "ServiceAccount", "name": "default", "uid": owner["uid"]}
    k8s.kubectl_apply(
        [
            _binding("foreign", k8s_namespace),
            _binding("legacy-one", k8s_namespace),
            _binding("owned", k8s_namespace, ownerReferences=[reference]),
        ]
    )
    declaration = _declaration(k8s_namespace)
    handed_over = {**declaration, "managed_namespaces": [k8s_namespace], "keep": ["legacy-*"]}
    predicted = _run(k8s, tmp_path, check=True, **handed_over).check().result_of("k8s_binding_prune")
    assert [item["metadata"]["name"] for item in predicted["removed"]] == ["foreign"]
    assert "foreign" in _bindings(k8s, k8s_namespace)

    backup = tmp_path / "backup"
    pruned = _run(k8s, tmp_path, **handed_over, backup_dir=str(backup)).check().result_of("k8s_binding_prune")
    assert {kept["name"] for kept in pruned["kept"]} == {"legacy-one", "owned"}
    mine = {f"lab-{k8s_namespace}:shop:{name}" for name in ("developer", "extra:exec")}
    assert _bindings(k8s, k8s_namespace) == {"legacy-one", "owned", *mine}
    assert _run(k8s, tmp_path, **handed_over).check().changed == []

    k8s.kubectl("apply", "-f", pruned["backup"])
    assert "foreign" in _bindings(k8s, k8s_namespace)
    run_module(
        "k8s_applyset",
        {"kubeconfig": str(k8s.kubeconfig), "name": declaration["name"], "namespace": "kube-system", "state": "absent"},
    )


def test_the_ground_that_the_run_stands_on_stays(k8s: Kubernetes, k8s_namespace: str) -> None:
    """Somebody who is an administrator of the namespace alone does not prune the binding that makes them one."""
    admin = _binding("admins", k8s_namespace)
    admin["roleRef"]["name"] = "admin"
    admin["subjects"] = [{"apiGroup": RBAC, "kind": "User", "name": "namespace-admin"}]
    k8s.kubectl_apply([admin, _binding("foreign", k8s_namespace)])
    options = {"kubeconfig": str(k8s.user("namespace-admin")), "namespaces": [k8s_namespace]}
    result = run_module("k8s_binding_prune", options)
    assert [item["metadata"]["name"] for item in result["removed"]] == ["foreign"]
    assert [(kept["name"], kept["reason"].partition(",")[0]) for kept in result["kept"]] == [
        ("admins", "it lets somebody manage bindings here")
    ]


def test_protected_namespaces_are_refused(k8s: Kubernetes) -> None:
    options = {"kubeconfig": str(k8s.kubeconfig), "namespaces": ["kube-system"], "protected_namespaces": []}
    result = run_module("k8s_binding_prune", options)
    assert result["failed"]
    assert result["msg"] == "namespaces: kube-system is protected, nothing is pruned there"


def test_an_unsound_declaration_touches_nothing(k8s: Kubernetes, k8s_namespace: str, tmp_path: Path) -> None:
    declaration = _declaration(k8s_namespace)
    wild = {"all": [{"verbs": ["*"], "api_groups": [""], "resources": ["pods"]}]}
    declaration["teams"][0]["profiles"] = ["all"]
    result = _run(k8s, tmp_path, **declaration, profiles=wild)
    assert result.rc != 0
    assert "profile all, rule 0: '*' is a wildcard" in result.stdout + result.stderr
    assert _bindings(k8s, k8s_namespace) == set()
    assert _mounts(k8s, k8s_namespace) is None
