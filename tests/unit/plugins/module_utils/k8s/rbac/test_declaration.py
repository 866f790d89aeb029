# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a declaration of teams to objects: exactly the access that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.declaration import rbac_objects
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.facts import rbac_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.profiles import EXTRAS, PROFILES
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    Subject,
    identity_of,
)

SHOP = {"name": "shop", "subjects": ["Group:devs"], "namespaces": ["shop"], "profiles": ["viewer"]}
RULE = {"verbs": ["get"], "api_groups": ["example.com"], "resources": ["widgets"]}


def _objects(*teams: Any, profiles: Any = None, wildcards: bool = False) -> list[dict[str, Any]]:
    return rbac_objects(teams, profiles or {}, allow_wildcards=wildcards, prefix="lab")


def _may(objects: list[dict[str, Any]], verb: str, resource: str, group: str = "", namespace: str = "shop") -> bool:
    read = read_definitions(objects)
    name, _slash, subresource = resource.partition("/")
    request = Request(verb, name, group, subresource, namespace=namespace)
    return Authorizer(read.roles, read.bindings).allowed(identity_of(Subject("Group", "devs")), request)


def test_a_role_for_each_profile_in_use_and_a_binding_in_each_namespace() -> None:
    objects = _objects(
        {**SHOP, "namespaces": ["shop", "shop-test"], "extras": ["exec"]},
        {
            "name": "audit",
            "subjects": ["User:ann", "ServiceAccount:ci/robot"],
            "cluster_wide": True,
            "profiles": ["viewer"],
        },
    )
    assert [(item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in objects] == [
        ("ClusterRole", None, "lab:extra:exec"),
        ("ClusterRole", None, "lab:viewer"),
        ("RoleBinding", "shop", "lab:shop:viewer"),
        ("RoleBinding", "shop-test", "lab:shop:viewer"),
        ("RoleBinding", "shop", "lab:shop:extra:exec"),
        ("RoleBinding", "shop-test", "lab:shop:extra:exec"),
        ("ClusterRoleBinding", None, "lab:audit:viewer"),
    ]
    assert objects[-1]["subjects"] == [
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "ann"},
        {"kind": "ServiceAccount", "name": "robot", "namespace": "ci"},
    ]


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_hold_no_wildcard_no_secret_and_no_way_into_containers(profile: str) -> None:
    objects = _objects({**SHOP, "profiles": [profile]})
    assert not any("*" in word for rule in objects[0]["rules"] for words in rule.values() for word in words)
    for verb, resource in (("get", "secrets"), ("create", "pods/exec"), ("get", "pods/attach"), ("create", "pods")):
        assert not _may(objects, verb, resource)
    assert _may(objects, "list", "pods")
    assert not _may(objects, "list", "pods", namespace="other")


@pytest.mark.parametrize(
    ("profile", "risks"),
    [("viewer", set()), ("operator", set()), ("auditor", set()), ("developer", {"pod_create"})],
)
def test_what_an_audit_finds_in_a_profile(profile: str, risks: set[str]) -> None:
    """Who deploys applications can run pods: that is the job, and the finding says so."""
    facts = rbac_facts(read_definitions(_objects({**SHOP, "profiles": [profile]})))["access"][0]
    assert set(facts) - {"subject", "role_count"} == risks


@pytest.mark.parametrize(
    ("extra", "verb", "resource"),
    [
        ("secrets_read", "get", "secrets"),
        ("secrets_write", "patch", "secrets"),
        ("exec", "create", "pods/exec"),
        ("port_forward", "create", "pods/portforward"),
        ("debug", "patch", "pods/ephemeralcontainers"),
    ],
)
def test_extras_add_what_they_are_called(extra: str, verb: str, resource: str) -> None:
    assert not _may(_objects(SHOP), verb, resource)
    assert _may(_objects({**SHOP, "extras": [extra]}), verb, resource)
    assert extra in EXTRAS


def test_profiles_of_the_users_own() -> None:
    objects = _objects({**SHOP, "profiles": ["widgets"]}, profiles={"widgets": [RULE]})
    assert objects[0]["rules"] == [{"verbs": ["get"], "apiGroups": ["example.com"], "resources": ["widgets"]}]
    wild = {"wild": [{**RULE, "verbs": ["*"]}]}
    assert _may(_objects({**SHOP, "profiles": ["wild"]}, profiles=wild, wildcards=True), "x", "widgets", "example.com")


@pytest.mark.parametrize(
    ("team", "message"),
    [
        ("text", r"teams\[0\] has no name"),
        ({**SHOP, "name": "Shop"}, "team Shop: a name is of small letters"),
        ({**SHOP, "colour": 1}, "team shop: 'colour' is none of"),
        ({**SHOP, "namespaces": []}, "team shop: it needs either namespaces or cluster_wide"),
        ({**SHOP, "cluster_wide": True}, "team shop: it needs either namespaces or cluster_wide"),
        ({**SHOP, "namespaces": "shop"}, "team shop: namespaces is a list of names, not 'shop'"),
        ({**SHOP, "subjects": []}, "team shop: it needs subjects"),
        ({**SHOP, "profiles": []}, "team shop: it needs subjects, and profiles or extras"),
        ({**SHOP, "profiles": ["boss"]}, "team shop: there is no 'boss' among the profiles"),
        ({**SHOP, "extras": ["root"]}, "team shop: there is no 'root' among the extras"),
        ({**SHOP, "subjects": ["devs"]}, "team shop: write User:devs, Group:devs or ServiceAccount:"),
        ({**SHOP, "subjects": ["ServiceAccount:x"]}, "team shop: .* names no namespace"),
        ({**SHOP, "subjects": ["Group:system:authenticated"]}, "team shop: system:authenticated is no team"),
        ({**SHOP, "subjects": ["Group:system:masters"]}, "team shop: system:masters is no team"),
        ({**SHOP, "subjects": ["User:system:anonymous"]}, "team shop: system:anonymous is no team"),
    ],
)
def test_a_team_that_is_not_sound_is_refused_by_its_name(team: Any, message: str) -> None:
    with pytest.raises(K8sError, match=f"^{message}"):
        _objects(team)


def test_a_team_stands_there_once() -> None:
    with pytest.raises(K8sError, match=r"^teams: shop stands there twice$"):
        _objects(SHOP, SHOP)


@pytest.mark.parametrize(
    ("name", "rules", "message"),
    [
        ("viewer", [RULE], "there is one of this name already"),
        ("Own", [RULE], "a name is of small letters"),
        ("own", [], "it needs a list of rules"),
        ("own", "get pods", "it needs a list of rules"),
        ("own", ["get pods"], "rule 0: a rule is a dictionary"),
        ("own", [{**RULE, "groups": []}], "rule 0: 'groups' is none of"),
        ("own", [RULE, {"verbs": ["get"]}], "rule 1: it needs verbs, and api_groups with resources"),
        ("own", [{**RULE, "verbs": "get"}], "rule 0: verbs is a list of texts"),
        ("own", [{**RULE, "verbs": ["*"]}], r"rule 0: '\*' is a wildcard"),
        ("own", [{**RULE, "resources": ["*/scale"]}], r"rule 0: '\*/scale' is a wildcard"),
        ("own", [{"verbs": ["get"], "non_resource_urls": ["/logs/*"]}], r"rule 0: '/logs/\*' is a wildcard"),
    ],
)
def test_a_profile_that_is_not_sound_is_refused(name: str, rules: Any, message: str) -> None:
    with pytest.raises(K8sError, match=f"^profile {name}.*{message}"):
        _objects(SHOP, profiles={name: rules})
