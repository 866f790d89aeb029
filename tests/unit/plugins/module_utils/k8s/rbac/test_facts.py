# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each risk is found in the grants that make it, in the place where they count, and in no others."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_rbac import RBAC_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.access import risk_names
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.facts import rbac_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from tests.unit.plugins.module_utils.k8s.rbac.manifests import account, binding, role, rule

RBAC = "rbac.authorization.k8s.io"
CSR = "certificates.k8s.io"
HOOKS = "admissionregistration.k8s.io"


def _risks(definitions: list[dict[str, Any]], name: str = "eve") -> set[str]:
    facts = [facts for facts in rbac_facts(read_definitions(definitions))["access"] if facts["subject"]["name"] == name]
    return set(facts[0]) & set(risk_names()) if facts else set()


def _granted(*rules: dict[str, list[str]], namespace: str = "") -> set[str]:
    """The risks of somebody to whom a ClusterRole with these rules is bound."""
    return _risks([role("r", *rules), binding("b", "ClusterRole/r", "User:eve", namespace=namespace)])


@pytest.mark.parametrize(
    ("rules", "everywhere", "in_a_namespace"),
    [
        ([rule("get,list,watch", "pods,configmaps,services/status")], set(), set()),
        ([rule("*", "*", "*")], {"wildcard_all"}, {"wildcard_all"}),
        ([rule("*", "*", "apps")], {"wildcard_all", "pod_create"}, {"wildcard_all", "pod_create"}),
        ([rule("*", "pods")], {"wildcard_verbs", "pod_create", "node_status_steal"}, {"wildcard_verbs", "pod_create"}),
        ([rule("*", "configmaps/x")], set(), set()),
        ([rule("list", "*")], {"wildcard_resources", "secrets_read"}, {"wildcard_resources", "secrets_read"}),
        ([rule("list", "*", "metrics.k8s.io")], {"wildcard_resources"}, {"wildcard_resources"}),
        ([rule("watch", "secrets")], {"secrets_read"}, {"secrets_read"}),
        ([rule("get", "secrets", "apps")], set(), set()),
        ([rule("get", "secrets", names="one")], set(), set()),
        ([rule("create", "secrets")], {"secrets_write_token"}, set()),
        ([rule("create", "serviceaccounts/token")], {"sa_token_create"}, {"sa_token_create"}),
        ([rule("create", "*/token")], {"sa_token_create"}, {"sa_token_create"}),
        ([rule("create", "serviceaccounts/*")], set(), set()),
        ([rule("escalate", "roles", RBAC)], {"escalate"}, {"escalate"}),
        ([rule("escalate", "clusterroles", RBAC)], {"escalate"}, set()),
        ([rule("bind", "clusterroles", RBAC)], set(), set()),
        (
            [rule("bind", "clusterroles", RBAC), rule("create", "rolebindings", RBAC)],
            {"bind", "rbac_write"},
            {"bind", "rbac_write"},
        ),
        (
            [rule("bind", "clusterroles", RBAC), rule("create", "clusterrolebindings", RBAC)],
            {"bind", "rbac_write"},
            set(),
        ),
        (
            [rule("bind", "clusterroles", RBAC, "view"), rule("create", "rolebindings", RBAC)],
            {"rbac_write"},
            {"rbac_write"},
        ),
        ([rule("impersonate", "users")], {"impersonate"}, set()),
        ([rule("impersonate", "users", names="intern")], set(), set()),
        ([rule("impersonate", "users", names="system:admin")], {"impersonate"}, set()),
        ([rule("impersonate", "serviceaccounts")], {"impersonate"}, {"impersonate"}),
        ([rule("impersonate", "userextras/scopes", "authentication.k8s.io")], {"impersonate"}, set()),
        ([rule("patch", "rolebindings", RBAC)], {"rbac_write"}, {"rbac_write"}),
        ([rule("patch", "clusterroles", RBAC)], {"rbac_write"}, set()),
        ([rule("create", "clusterroles", RBAC, "x")], set(), set()),
        ([rule("get", "pods/exec")], {"pods_exec_attach"}, {"pods_exec_attach"}),
        ([rule("create", "*/portforward")], {"pods_exec_attach"}, {"pods_exec_attach"}),
        ([rule("create", "pods")], {"pod_create"}, {"pod_create"}),
        ([rule("update", "pods")], set(), set()),
        ([rule("create", "pods", names="one")], set(), set()),
        ([rule("patch", "cronjobs", "batch")], {"pod_create"}, {"pod_create"}),
        ([rule("patch", "pods/ephemeralcontainers")], {"ephemeral_containers"}, {"ephemeral_containers"}),
        ([rule("get", "nodes/proxy")], {"nodes_proxy"}, set()),
        ([rule("update", "certificatesigningrequests/approval", CSR)], set(), set()),
        (
            [rule("update", "certificatesigningrequests/approval", CSR), rule("approve", "signers", CSR)],
            {"csr_approve"},
            set(),
        ),
        ([rule("patch", "mutatingwebhookconfigurations", HOOKS)], {"webhook_write"}, set()),
        ([rule("delete", "validatingadmissionpolicybindings", HOOKS)], {"admission_policy_write"}, set()),
        ([rule("create", "policyexceptions", "kyverno.io")], {"admission_policy_write"}, {"admission_policy_write"}),
        ([rule("delete", "k8srequiredlabels", "constraints.gatekeeper.sh")], {"admission_policy_write"}, set()),
        ([rule("delete", "k8srequiredlabels/status", "constraints.gatekeeper.sh")], set(), set()),
        ([rule("update", "services", "*")], set(), set()),
        ([rule("update", "customresourcedefinitions", "apiextensions.k8s.io")], {"crd_write"}, set()),
        ([rule("create", "persistentvolumes")], {"pv_create"}, set()),
        ([rule("delete", "networkpolicies", "networking.k8s.io")], {"netpol_write"}, {"netpol_write"}),
        ([rule("patch", "nodes/status")], {"node_status_steal"}, set()),
        ([rule("create", "pods/eviction")], {"node_status_steal"}, set()),
        ([rule("patch", "services/status")], {"pod_status_service_status"}, {"pod_status_service_status"}),
        ([rule("update", "configmaps")], {"coredns_awsauth"}, set()),
        ([rule("update", "configmaps", names="aws-auth")], {"coredns_awsauth"}, set()),
        ([rule("update", "configmaps", names="mine")], set(), set()),
        ([rule("delete", "events", "events.k8s.io")], {"events_delete_logs"}, {"events_delete_logs"}),
        ([rule("use", "podsecuritypolicies", "policy")], {"psp_use"}, {"psp_use"}),
        ([{"verbs": ["*"], "nonResourceURLs": ["*"]}], set(), set()),
        ([{"verbs": None, "apiGroups": None, "resources": None}], set(), set()),
    ],
)
def test_risks(rules: list[dict[str, list[str]]], everywhere: set[str], in_a_namespace: set[str]) -> None:
    assert _granted(*rules) == everywhere
    assert _granted(*rules, namespace="shop") == in_a_namespace


def test_a_namespace_that_matters() -> None:
    assert _granted(rule("update", "configmaps"), rule("create", "secrets"), namespace="kube-system") == {
        "coredns_awsauth",
        "secrets_write_token",
    }


def test_secrets_are_tokens_where_a_powerful_service_account_is() -> None:
    """Whoever writes Secrets beside it gets its token."""
    definitions = [
        role("writer", rule("create", "secrets")),
        binding("b", "ClusterRole/writer", "User:eve", namespace="ci"),
        role("all", rule("*", "*", "*")),
    ]
    assert _risks(definitions) == set()
    definitions.append(binding("c", "ClusterRole/all", "ServiceAccount:ci/robot"))
    assert _risks(definitions) == {"secrets_write_token"}


def test_parts_of_a_risk_may_come_by_different_bindings() -> None:
    definitions = [
        role("binder", rule("bind", "clusterroles", RBAC)),
        role("writer", rule("create", "rolebindings", RBAC), namespace="shop"),
        binding("a", "ClusterRole/binder", "User:eve"),
        binding("b", "Role/writer", "User:eve", namespace="shop"),
    ]
    assert _risks(definitions) == {"bind", "rbac_write"}
    definitions[2] = binding("a", "ClusterRole/binder", "User:eve", namespace="other")
    assert _risks(definitions) == {"rbac_write"}


def test_to_bind_a_harmful_role_by_its_name_is_a_risk() -> None:
    definitions = [
        role("delegate", rule("bind", "clusterroles", RBAC, "all"), rule("create", "rolebindings", RBAC)),
        binding("a", "ClusterRole/delegate", "User:eve"),
        role("all", rule("*", "*", "*")),
    ]
    assert _risks(definitions) == {"bind", "rbac_write"}


@pytest.mark.parametrize(
    ("subject", "risks"),
    [
        ("User:system:anonymous", {"anonymous_binding"}),
        ("Group:system:unauthenticated", {"anonymous_binding"}),
        ("Group:system:authenticated", {"authenticated_binding"}),
        ("Group:system:masters", {"cluster_admin_binding"}),
        ("User:alice", set()),
    ],
)
def test_subjects_that_are_a_risk_by_themselves(subject: str, risks: set[str]) -> None:
    definitions = [role("harmless", rule("get", "pods")), binding("b", "ClusterRole/harmless", subject)]
    assert _risks(definitions, subject.partition(":")[2]) == risks


def test_cluster_admin_in_a_namespace_is_told_with_its_path() -> None:
    definitions = [
        role("cluster-admin", rule("*", "*", "*")),
        binding("boss", "ClusterRole/cluster-admin", "User:eve", namespace="shop"),
    ]
    facts = rbac_facts(read_definitions(definitions))["access"][0]
    assert [path["via"] for path in facts["cluster_admin_binding"]] == [
        "RoleBinding shop/boss → ClusterRole cluster-admin, in shop"
    ]
    assert facts["wildcard_all"][0]["namespace"] == "shop"


def test_what_would_do_instead() -> None:
    definitions = [
        role("ops", rule("get,delete", "pods,secrets"), namespace="shop"),
        binding("b", "Role/ops", "Group:ops", namespace="shop"),
    ]
    (path,) = rbac_facts(read_definitions(definitions))["access"][0]["secrets_read"]
    assert path["via"] == "RoleBinding shop/b → Role shop/ops rule 0, in shop"
    assert path["instead"] == [rule("get,delete", "pods"), rule("delete", "secrets")]


@pytest.mark.parametrize(
    ("names", "privileged", "risk"),
    [
        ("", None, True),
        ("restricted", None, True),
        ("", [], False),
        ("", ["open"], True),
        ("restricted", ["open"], False),
        ("restricted,open", ["open"], True),
    ],
)
def test_only_privileged_policies_are_a_risk_to_use(names: str, privileged: list[str] | None, risk: bool) -> None:
    use = rule("use", "podsecuritypolicies", "policy", names)
    objects = read_definitions([role("p", use), binding("b", "ClusterRole/p", "User:eve")])
    assert ("psp_use" in rbac_facts(objects, privileged_policies=privileged)["access"][0]) is risk


def test_bindings_that_lead_nowhere() -> None:
    definitions = [
        binding("b", "Role/gone", "ServiceAccount:shop/web", "ServiceAccount:shop/ghost", namespace="shop"),
        account("web", "shop"),
    ]
    (facts,) = rbac_facts(read_definitions(definitions))["binding"]
    assert facts == {
        "subject": {"kind": "RoleBinding", "name": "b", "namespace": "shop"},
        "dangling": "Role shop/gone",
        "stale_subjects": ["ServiceAccount shop/ghost"],
    }


def test_a_service_account_that_is_bound_as_a_user_is_itself() -> None:
    definitions = [
        binding("b", "ClusterRole/x", "User:system:serviceaccount:shop:default"),
        binding("c", "ClusterRole/x", "User:system:serviceaccount:shop:ghost"),
        account("default", "shop"),
    ]
    facts = rbac_facts(read_definitions(definitions))
    assert facts["service_account"][0]["bound_by"] == ["ClusterRoleBinding b → ClusterRole x"]
    assert [each.get("stale_subjects") for each in facts["binding"]] == [None, ["ServiceAccount shop/ghost"]]


def test_stale_subjects_are_unknown_without_service_accounts() -> None:
    (facts,) = rbac_facts(read_definitions([binding("b", "ClusterRole/x", "ServiceAccount:shop/web")]))["binding"]
    assert "stale_subjects" in facts["unknown"]


def test_service_accounts() -> None:
    definitions = [
        role("r", rule("get", "pods")),
        binding("b", "ClusterRole/r", "ServiceAccount:/default", namespace="shop"),
        account("default", "shop"),
        account("web", "shop", automountServiceAccountToken=False),
    ]
    definitions[3]["metadata"]["annotations"] = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}
    default, web = rbac_facts(read_definitions(definitions))["service_account"]
    assert default["bound_by"] == ["RoleBinding shop/b → ClusterRole r"]
    assert (default["default"], default["automount"], default["bound"]) == (True, True, True)
    assert (web["default"], web["automount"], web["bound"]) == (False, False, False)
    assert web["cloud_identity"] == {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/x"}


def test_each_risk_has_a_control() -> None:
    controlled = {control.id.rpartition(".")[2] for control in RBAC_CONTROLS}
    assert set(risk_names()) <= controlled
