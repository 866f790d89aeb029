# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a declaration to what enforces it, on clusters of every age."""

from __future__ import annotations

from typing import Any, cast

import kubernetes_validate
import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_plan.plan import plan
from tests.unit.plugins.module_utils.k8s.pod_security_plan.pretended import PretendedCluster

_PRIVILEGED = {"containers": [{"name": "app", "securityContext": {"privileged": True}}]}
_SILENT = {"containers": [{"name": "app", "image": "registry.example.com/app:1"}]}
_RULES = {"allowed_registries": ["registry.example.com"], "read_only_root_filesystem": True}
_EXEMPT = ["kube-system", "kube-public", "kube-node-lease"]


def planned(cluster: PretendedCluster, **options: Any) -> dict[str, Any]:
    given = {"namespaces": {"shop": "restricted"}, "exempt_namespaces": _EXEMPT, **options}
    return plan(cast(Cluster, cluster), given)


def _pod(name: str, spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", **metadata}, "spec": spec}


@pytest.mark.parametrize(
    ("cluster", "backend", "enforced"),
    [
        (PretendedCluster(20, psp="on"), "psp", True),
        (PretendedCluster(20, psp="off"), "psp", False),
        (PretendedCluster(24, psp="on", labels=True), "psp", True),
        (PretendedCluster(24, psp="off", labels=True), "labels", True),
        (PretendedCluster(25, labels=True), "labels", True),
        (PretendedCluster(30, labels=True, policy_api="v1"), "labels", True),
    ],
)
def test_what_is_enforced_is_taken(cluster: PretendedCluster, backend: str, enforced: bool) -> None:
    found = planned(cluster)
    assert (found["backend"], found["enforced"]) == (backend, enforced)


def test_a_dry_run_that_tells_nothing_is_no_proof() -> None:
    found = planned(PretendedCluster(20, psp="on", refusal="serviceaccount default not found"))
    assert (found["enforced"], found["psp_enforced"]) == (False, False)
    assert "serviceaccount default not found" in found["warnings"][0]


def test_a_refusal_in_the_name_of_all_policies_is_a_proof() -> None:
    refusal = "PodSecurityPolicy: no providers available to validate pod request"
    assert planned(PretendedCluster(20, psp="on", refusal=refusal))["enforced"]


@pytest.mark.parametrize(
    ("cluster", "options", "said"),
    [
        (PretendedCluster(25), {}, "offers nothing that enforces"),
        (PretendedCluster(25, labels=True), {"backend": "psp"}, "serves no PodSecurityPolicy"),
        (PretendedCluster(30, labels=True), {"rules": {"no_latest": True}}, "no rule 'no_latest'"),
        (PretendedCluster(20, psp="on"), {"rules": {"no_latest": True}}, "no rule 'no_latest'"),
        (
            PretendedCluster(20, psp="on"),
            {"namespaces": {"a": {"level": "baseline", "version": 1.3}}},
            "quote the version",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(cluster: PretendedCluster, options: dict[str, Any], said: str) -> None:
    with pytest.raises(K8sError, match=said):
        planned(cluster, **options)


def test_nothing_is_planned_where_it_shall_be_absent() -> None:
    found = planned(PretendedCluster(25), state="absent")
    assert (found["definitions"], found["labels"], found["refused"]) == ([], {}, [])


@pytest.mark.parametrize(("minor", "api"), [(28, "v1beta1"), (30, "v1"), (34, "v1")])
def test_rules_beside_labels_become_valid_admission_policies(minor: int, api: str) -> None:
    found = planned(PretendedCluster(minor, labels=True, policy_api=api), rules=_RULES)
    assert {one["kind"] for one in found["definitions"]} == {
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
    for one in found["definitions"]:
        kubernetes_validate.validate(one, f"1.{minor}", strict=True)
    assert found["labels"]["shop"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_rules_that_the_cluster_cannot_enforce_are_said() -> None:
    found = planned(PretendedCluster(25, labels=True), rules=_RULES)
    assert found["definitions"] == []
    assert "nothing enforces them" in found["warnings"][0]


def test_rules_become_fields_of_policies_as_far_as_these_can_say_them() -> None:
    found = planned(PretendedCluster(20, psp="on"), rules=_RULES)
    specs = {one["metadata"]["name"]: one["spec"] for one in found["definitions"] if one["kind"] == "PodSecurityPolicy"}
    assert [name for name, spec in specs.items() if spec.get("readOnlyRootFilesystem")] == [
        "bulkhead-baseline",
        "bulkhead-restricted",
    ]
    assert "can say allowed_registries" in found["warnings"][0]
    assert found["labels"] == {}


def test_a_rule_never_makes_the_restricted_policy_looser() -> None:
    rules = {"run_as_user": {"rule": "MustRunAs", "ranges": [{"min": 0, "max": 1000}]}}
    found = planned(PretendedCluster(20, psp="on"), rules=rules)
    users = {one["metadata"]["name"]: one["spec"]["runAsUser"]["rule"] for one in found["definitions"][:3]}
    assert users["bulkhead-baseline"] == "MustRunAs"
    assert users["bulkhead-restricted"] == "MustRunAsNonRoot"


def test_a_default_level_is_for_all_namespaces_that_are_neither_named_nor_exempt() -> None:
    cluster = PretendedCluster(30, labels=True, policy_api="v1", namespaces=("shop", "idle", "kube-system"))
    found = planned(cluster, default_level="baseline", rules=_RULES)
    levels = {name: labels["pod-security.kubernetes.io/enforce"] for name, labels in found["labels"].items()}
    assert levels == {"shop": "restricted", "idle": "baseline"}
    selector = found["definitions"][0]["spec"]["matchConstraints"]["namespaceSelector"]["matchExpressions"]
    assert [(row["operator"], row["values"]) for row in selector] == [("NotIn", _EXEMPT)]


def test_namespaces_that_are_not_there_are_told() -> None:
    found = planned(PretendedCluster(25, labels=True), namespaces={"new": "baseline"})
    assert found["missing"] == ["new"]


def test_workloads_are_judged_by_their_template_and_bare_pods_as_they_are() -> None:
    owner = [{"kind": "ReplicaSet", "name": "web-1", "controller": True}]
    template = {"spec": {"template": {"metadata": {}, "spec": _PRIVILEGED}}}
    objects = {
        "/apis/apps/v1/deployments": [{"metadata": {"name": "web", "namespace": "shop"}, **template}],
        "/api/v1/pods": [
            _pod("web-1-x", _PRIVILEGED, ownerReferences=owner),
            _pod("bare", _PRIVILEGED),
            {**_pod("done", _PRIVILEGED), "status": {"phase": "Succeeded"}},
            {**_pod("other", _PRIVILEGED), "metadata": {"name": "other", "namespace": "elsewhere"}},
        ],
    }
    found = planned(PretendedCluster(25, labels=True, objects=objects), namespaces={"shop": "baseline"})
    assert [(row["kind"], row["name"]) for row in found["refused"]] == [("Deployment", "web"), ("Pod", "bare")]
    assert "privileged" in found["refused"][0]["reasons"][0]


def test_what_a_policy_would_set_counts_and_levels_set_nothing() -> None:
    objects = {"/api/v1/pods": [_pod("silent", _SILENT)]}
    assert planned(PretendedCluster(20, psp="on", objects=objects))["refused"] == []
    refused = planned(PretendedCluster(25, labels=True, objects=objects))["refused"]
    assert [row["name"] for row in refused] == ["silent"]


@pytest.mark.parametrize(("actions", "refused"), [(["Deny"], ["app"]), (["Warn", "Audit"], [])])
def test_a_rule_that_only_warns_refuses_nobody(actions: list[str], refused: list[str]) -> None:
    objects = {"/api/v1/pods": [_pod("app", _SILENT)]}
    cluster = PretendedCluster(30, labels=True, policy_api="v1", objects=objects)
    found = planned(cluster, namespaces={"shop": "baseline"}, rules={"require_digest": True}, rule_actions=actions)
    assert [row["name"] for row in found["refused"]] == refused


def test_exempt_subjects_are_exempt_from_rules_and_labels_cannot_say_it() -> None:
    subjects = [
        {"kind": "Group", "name": "ops"},
        {"kind": "ServiceAccount", "name": "ci", "namespace": "build"},
    ]
    cluster = PretendedCluster(30, labels=True, policy_api="v1")
    found = planned(cluster, rules=_RULES, exempt_subjects=subjects)
    conditions = str(found["definitions"][0]["spec"]["matchConditions"])
    assert "ops" in conditions
    assert "system:serviceaccount:build:ci" in conditions
    assert "labels exempt nobody" in found["warnings"][0]


def _granted(policy: str, group: str) -> dict[str, list[dict[str, Any]]]:
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    rule = {"apiGroups": ["policy"], "resources": ["podsecuritypolicies"], "verbs": ["use"]}
    return {
        "/apis/policy/v1beta1/podsecuritypolicies": [{"metadata": {"name": policy}}],
        f"{rbac}/clusterroles": [{"metadata": {"name": "use"}, "rules": [rule]}],
        f"{rbac}/clusterrolebindings": [
            {
                "metadata": {"name": "all"},
                "roleRef": {"kind": "ClusterRole", "name": "use"},
                "subjects": [{"kind": "Group", "name": group}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("policy", "group", "told"),
    [
        ("vendor", "system:authenticated", True),
        ("vendor", "system:serviceaccounts:shop", True),
        ("vendor", "system:serviceaccounts:build", False),
        ("bulkhead-privileged", "system:authenticated", False),
    ],
)
def test_a_policy_of_somebody_else_that_pods_may_use_is_told(policy: str, group: str, told: bool) -> None:
    found = planned(PretendedCluster(20, psp="on", objects=_granted(policy, group)))
    assert [("vendor" in one) for one in found["warnings"]] == [True] * told


@pytest.mark.parametrize("backend", ["psp", "labels"])
@pytest.mark.parametrize(
    "options", [{"namespaces": {"old": "baseline"}}, {"namespaces": {}, "default_level": "baseline"}]
)
def test_a_namespace_that_is_being_deleted_is_left_out(backend: str, options: dict[str, Any]) -> None:
    spaces = [
        {"metadata": {"name": "shop"}},
        {"metadata": {"name": "old", "deletionTimestamp": "2026-01-01T00:00:00Z"}},
    ]
    cluster = PretendedCluster(24, psp="on", labels=True, objects={"/api/v1/namespaces": spaces})
    found = planned(cluster, backend=backend, **options)
    assert "old" not in [each["metadata"].get("namespace") for each in found["definitions"]]
    assert "old" not in found["labels"]
    assert found["missing"] == []
    assert "Namespaces that are being deleted are left out: old" in found["warnings"]
