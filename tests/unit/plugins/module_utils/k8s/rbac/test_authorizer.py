# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers with their paths, and what hostile objects do to them. The API server's own answers are in tests/e2e."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import (
    Authorizer,
    path_as_dict,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import (
    Identity,
    Subject,
    identity_of,
    subject_from,
)
from tests.unit.plugins.module_utils.k8s.rbac.manifests import binding, role, rule


def _authorizer(*definitions: Any) -> Authorizer:
    objects = read_definitions(definitions)
    return Authorizer(objects.roles, objects.bindings)


READERS = _authorizer(
    role("reader", rule("list", "nodes"), rule("get", "pods")),
    role("reader", rule("get", "pods"), namespace="shop"),
    binding("everywhere", "ClusterRole/reader", "Group:devs"),
    binding("here", "Role/reader", "User:alice", "ServiceAccount:/default", namespace="shop"),
    binding("gone", "Role/gone", "User:alice", namespace="shop"),
)


@pytest.mark.parametrize(
    ("subject", "groups", "namespace", "paths"),
    [
        ("alice", [], "shop", [("here", 0)]),
        ("alice", ["devs"], "shop", [("everywhere", 1), ("here", 0)]),
        ("alice", ["devs"], "", [("everywhere", 1)]),
        ("alice", [], "other", []),
        ("ServiceAccount:shop/default", [], "shop", [("here", 0)]),
        ("ServiceAccount:other/default", [], "shop", []),
        ("Group:devs", [], "other", [("everywhere", 1)]),
    ],
)
def test_paths(subject: str, groups: list[str], namespace: str, paths: list[tuple[str, int]]) -> None:
    identity = identity_of(subject_from(subject), groups)
    found = list(READERS.paths(identity, Request("get", "pods", namespace=namespace)))
    assert [(path.binding.name, path.rule) for path in found] == paths


def test_masters_are_never_refused() -> None:
    nobody = _authorizer()
    assert nobody.allowed(Identity("x", frozenset(["system:masters"])), Request("", ""))
    assert not nobody.allowed(Identity("x", frozenset()), Request("get", "pods"))


def test_who_may() -> None:
    found = {path.subject for path in READERS.who(Request("get", "pods", namespace="shop"))}
    assert found == {Subject("Group", "devs"), Subject("User", "alice"), Subject("ServiceAccount", "default", "shop")}
    assert {path.subject for path in READERS.who(Request("get", "pods"))} == {Subject("Group", "devs")}


def test_a_path_as_it_is_returned() -> None:
    (path,) = READERS.paths(identity_of(Subject("User", "alice")), Request("get", "pods", namespace="shop"))
    assert path_as_dict(path, READERS.roles) == {
        "subject": {"kind": "User", "name": "alice"},
        "binding": {"kind": "RoleBinding", "name": "here", "namespace": "shop"},
        "role": {"kind": "Role", "name": "reader", "namespace": "shop"},
        "rule_index": 0,
        "rule": rule("get", "pods"),
        "namespace": "shop",
    }


def test_null_fields_are_empty() -> None:
    authorizer = _authorizer(
        None,
        {"kind": "ClusterRole", "metadata": {"name": "x", "labels": None}, "rules": None, "aggregationRule": None},
        {**binding("b", "ClusterRole/x"), "subjects": None},
        {"kind": "List", "items": [{"kind": "ConfigMap"}]},
    )
    assert list(authorizer.who(Request("get", "pods"))) == []


def test_a_binding_to_itself_leads_nowhere() -> None:
    authorizer = _authorizer(binding("b", "RoleBinding/b", "User:eve", namespace="shop"))
    assert not authorizer.allowed(identity_of(Subject("User", "eve")), Request("get", "pods", namespace="shop"))


def test_a_service_account_of_no_namespace_is_nobody() -> None:
    authorizer = _authorizer(role("r", rule("get", "pods")), binding("b", "ClusterRole/r", "ServiceAccount:/default"))
    assert list(authorizer.who(Request("get", "pods"))) == []


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ("text", "A definition is a dictionary with kind and metadata, not 'text'"),
        ({"kind": "Role"}, "Role: an object has no metadata.name"),
        ({"kind": "RoleBinding", "metadata": {"name": "b"}}, "RoleBinding b: roleRef names no role"),
        ({**binding("b", "Role/x"), "subjects": "alice"}, "ClusterRoleBinding b: subjects is a list, not 'alice'"),
        ({**binding("b", "Role/x"), "subjects": ["alice"]}, "ClusterRoleBinding b: a subject has kind and name"),
        (
            {**binding("b", "Role/x"), "subjects": [{"kind": "Robot", "name": "r"}]},
            "ClusterRoleBinding b: a subject is a User, a Group or a ServiceAccount, not 'Robot'",
        ),
    ],
)
def test_what_is_no_object_is_refused_in_a_sentence(definition: Any, message: str) -> None:
    with pytest.raises(K8sError, match=f"^{message}"):
        read_definitions([definition])
