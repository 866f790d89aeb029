# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers, as the module returns them."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.answers import (
    answer,
    minimal_roles,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.authorizer import Authorizer
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.questions import question_from
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from tests.unit.plugins.module_utils.k8s.rbac.manifests import binding, role, rule

OBJECTS = read_definitions(
    [
        role("reader", rule("get", "pods"), rule("list", "nodes")),
        role("deployer", rule("patch", "deployments", "apps"), namespace="shop"),
        binding("devs", "ClusterRole/reader", "Group:devs"),
        binding("ci", "Role/deployer", "ServiceAccount:ci/robot", "User:alice", namespace="shop"),
    ]
)
AUTHORIZER = Authorizer(OBJECTS.roles, OBJECTS.bindings)


def _answer(**raw: Any) -> dict[str, Any]:
    return answer(AUTHORIZER, question_from(raw, 0))


def test_may_somebody() -> None:
    given = _answer(subject="alice", groups=["devs"], verb="get", resource="pods", namespace="shop")
    assert given["allowed"] is True
    assert [(path["subject"]["name"], path["binding"]["name"]) for path in given["paths"]] == [("devs", "devs")]
    assert given["groups"] == ["devs", "system:authenticated"]
    assert given["minimal_role"]["rules"] == [rule("get", "pods")]
    assert _answer(subject="alice", verb="get", resource="pods", namespace="shop")["allowed"] is False


def test_who_may() -> None:
    given = _answer(verb="patch", resource="deployments", namespace="shop")
    assert given["subjects"] == [
        {"kind": "ServiceAccount", "name": "robot", "namespace": "ci"},
        {"kind": "User", "name": "alice"},
    ]


def test_what_somebody_may() -> None:
    given = _answer(subject="alice", groups=["devs"])
    assert [(found["namespace"], found["rule"]["verbs"]) for found in given["rules"]] == [
        (None, ["get"]),
        (None, ["list"]),
        ("shop", ["patch"]),
    ]
    assert [found["namespace"] for found in _answer(subject="alice", namespace="other")["rules"]] == []


def test_masters_are_told() -> None:
    given = _answer(subject="root", groups=["system:masters"], verb="delete", resource="nodes")
    assert (given["allowed"], given["superuser"], given["paths"]) == (True, True, [])


def test_the_least_role_of_many_questions() -> None:
    raws = [
        {"subject": "alice", "verb": "get", "resource": "pods", "namespace": "shop"},
        {"subject": "alice", "verb": "list", "resource": "pods", "namespace": "shop"},
        {"subject": "alice", "verb": "list", "resource": "nodes"},
        {"subject": "alice"},
        {"verb": "get", "resource": "pods"},
    ]
    found = minimal_roles([question_from(raw, number) for number, raw in enumerate(raws)])
    assert [(each["namespace"], each["role"]["kind"], each["role"]["rules"]) for each in found] == [
        ("shop", "Role", [rule("get,list", "pods")]),
        (None, "ClusterRole", [rule("list", "nodes")]),
    ]
