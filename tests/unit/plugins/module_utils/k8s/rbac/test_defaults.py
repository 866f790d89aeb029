# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came with the cluster is told from what somebody added to it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.defaults import shipped_rules
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.facts import rbac_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.objects import RoleRef
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Rule
from tests.unit.plugins.module_utils.k8s.rbac.manifests import binding, role, rule

TTL = role("system:controller:ttl-controller", rule("update,patch,list,watch", "nodes"))
TTL_BINDING = binding("system:controller:ttl-controller", "ClusterRole/system:controller:ttl-controller")
TTL_BINDING["subjects"] = [{"kind": "ServiceAccount", "name": "ttl-controller", "namespace": "kube-system"}]


def _facts(*definitions: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return rbac_facts(read_definitions(definitions))


def test_genuine_defaults_are_no_finding() -> None:
    admin = role("cluster-admin", rule("*", "*", "*"), {"verbs": ["*"], "nonResourceURLs": ["*"]})
    masters = binding("cluster-admin", "ClusterRole/cluster-admin", "Group:system:masters")
    facts = _facts(TTL, TTL_BINDING, admin, masters)
    assert facts["access"] == []
    assert not any("added_rules" in found for found in facts["role"])
    assert not any({"added_subjects", "stale_subjects", "dangling"} & set(found) for found in facts["binding"])


def test_a_rule_added_to_a_default_role_is_found_with_those_who_have_it() -> None:
    tampered = role(TTL["metadata"]["name"], *TTL["rules"], rule("get", "secrets"))
    facts = _facts(tampered, TTL_BINDING)
    assert facts["role"][0]["added_rules"] == [{"rule_index": 1, "rule": rule("get", "secrets")}]
    (access,) = facts["access"]
    assert access["subject"]["name"] == "ttl-controller"
    assert set(access) == {"subject", "role_count", "secrets_read"}


def test_a_verb_added_to_a_rule_of_a_default_role_is_told_alone() -> None:
    tampered = role(TTL["metadata"]["name"], rule("update,patch,list,watch,delete", "nodes"))
    assert _facts(tampered)["role"][0]["added_rules"] == [{"rule_index": 0, "rule": rule("delete", "nodes")}]


def test_a_subject_added_to_a_default_binding_is_found() -> None:
    admin = role("cluster-admin", rule("*", "*", "*"))
    facts = _facts(admin, binding("cluster-admin", "ClusterRole/cluster-admin", "Group:system:masters", "User:mallory"))
    assert facts["binding"][0]["added_subjects"] == ["User mallory"]
    assert [access["subject"]["name"] for access in facts["access"]] == ["mallory"]
    assert "cluster_admin_binding" in facts["access"][0]


def test_a_default_binding_to_another_role_is_none() -> None:
    facts = _facts(
        role("evil", rule("get", "secrets")),
        binding("system:discovery", "ClusterRole/evil", "Group:system:authenticated"),
    )
    assert {"authenticated_binding", "secrets_read"} <= set(facts["access"][0])


def test_a_label_does_not_make_a_default_role() -> None:
    forged = role("system:mine", rule("get", "secrets"))
    forged["metadata"]["labels"] = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    facts = _facts(forged, binding("system:mine", "ClusterRole/system:mine", "Group:system:masters"))
    assert "secrets_read" in facts["access"][0]


def test_aggregation_adds_nothing_by_stealth() -> None:
    """What a labelled role brings into `view` is no addition; what is written into `view` itself is one."""
    view = role("view", rule("get", "widgets", "example.com"), rule("get", "secrets"))
    view["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {"to-view": "true"}}]}
    widgets = role("widgets", rule("get", "widgets", "example.com"))
    widgets["metadata"]["labels"] = {"to-view": "true"}
    facts = _facts(view, widgets)["role"][0]
    assert facts["added_rules"] == [{"rule_index": 1, "rule": rule("get", "secrets")}]


def test_autoupdate_that_is_switched_off_is_told() -> None:
    frozen = role("system:discovery")
    frozen["metadata"]["annotations"] = {"rbac.authorization.kubernetes.io/autoupdate": "false"}
    assert _facts(frozen)["role"][0]["autoupdate"] is False


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        (RoleRef("ClusterRole", "system:kube-dns"), Rule(("list", "watch"), ("",), ("endpoints", "services"))),
        (RoleRef("ClusterRole", "system:public-info-viewer"), "/livez"),
        (RoleRef("Role", "kubeadm:kubelet-config-1.20", "kube-system"), "kubelet-config-1.20"),
        (RoleRef("Role", "kubeadm:kubelet-config", "kube-system"), "kubelet-config"),
    ],
)
def test_what_is_shipped(ref: RoleRef, expected: Rule | str) -> None:
    (shipped,) = shipped_rules(ref) or ()
    assert shipped == expected or expected in (*shipped.urls, *shipped.names)


def test_roles_that_nobody_ships() -> None:
    assert shipped_rules(RoleRef("ClusterRole", "system:evil")) is None
    assert shipped_rules(RoleRef("Role", "kube-proxy", "shop")) is None
    assert shipped_rules(RoleRef("Whatever", "view")) is None
