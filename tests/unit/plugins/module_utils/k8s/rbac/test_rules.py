# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one rule allows."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import (
    Request,
    Rule,
    rule_from,
    rules_from,
)


def _rule(verbs: str = "get", groups: str = "", resources: str = "pods", names: str | None = None) -> Rule:
    named = () if names is None else tuple(names.split(","))
    return Rule(tuple(verbs.split(",")), tuple(groups.split(",")), tuple(resources.split(",")), named)


@pytest.mark.parametrize(
    ("rule", "request_", "allowed"),
    [
        (_rule(), Request("get", "pods"), True),
        (_rule(), Request("GET", "pods"), False),
        (_rule(), Request("get", "Pods"), False),
        (_rule(), Request("get", "pods", subresource="log"), False),
        (_rule(resources="pods/log"), Request("get", "pods", subresource="log"), True),
        (_rule(resources="pods/log"), Request("get", "pods/log"), True),
        (_rule(resources="*/log"), Request("get", "pods", subresource="log"), True),
        (_rule(resources="*/log"), Request("get", "pods/log"), False),
        (_rule(resources="*/log"), Request("get", "pods"), False),
        (_rule(resources="pods/*"), Request("get", "pods", subresource="log"), False),
        (_rule(resources="pods/*"), Request("get", "pods"), False),
        (_rule(resources="*/*"), Request("get", "pods", subresource="log"), False),
        (_rule(resources="*"), Request("get", "pods", subresource="log"), True),
        (_rule(groups="*"), Request("get", "pods", "apps"), True),
        (_rule(groups=""), Request("get", "pods", "apps"), False),
        (_rule(groups="apps"), Request("get", "pods"), False),
        (_rule("*"), Request("", "pods"), True),
        (_rule("get"), Request("*", "pods"), False),
        (_rule(names="a"), Request("get", "pods", name="a"), True),
        (_rule(names="a"), Request("get", "pods", name="b"), False),
        (_rule(names="a"), Request("get", "pods"), False),
        (_rule(names=""), Request("get", "pods"), True),
        (_rule(names="*"), Request("get", "pods", name="a"), False),
        (_rule("*", "*", "*"), Request("get", path="/healthz"), False),
        (Rule(("get",), urls=("/healthz",)), Request("get", path="/healthz"), True),
        (Rule(("get",), urls=("/healthz",)), Request("get", path="/healthz/etcd"), False),
        (Rule(("get",), urls=("/healthz*",)), Request("get", path="/healthz/etcd"), True),
        (Rule(("get",), urls=("/logs/**",)), Request("get", path="/logs/a"), True),
        (Rule(("get",), urls=("/a/*/b",)), Request("get", path="/a/x/b"), False),
        (Rule(("get",), urls=("*",)), Request("get", path=""), True),
        (Rule(("get",), urls=("*",)), Request("get", "pods"), False),
    ],
)
def test_allows(rule: Rule, request_: Request, allowed: bool) -> None:
    assert rule.allows(request_) is allowed


def test_null_lists_are_empty_and_a_rule_is_shown_without_them() -> None:
    rule = rule_from({"verbs": ["get"], "apiGroups": None, "resources": ["pods"], "resourceNames": None}, "here")
    assert rule == Rule(("get",), (), ("pods",))
    assert rule.as_dict() == {"verbs": ["get"], "resources": ["pods"]}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("get pods", "Role a/b: rules is a list, not 'get pods'"),
        ([["get"]], r"Role a/b: rule 0: a rule is a dictionary .* not \['get'\]"),
        ([{"verbs": "get"}], "Role a/b: rule 0: verbs is a list of texts, not 'get'"),
        ([{}, {"resources": [1]}], r"Role a/b: rule 1: resources is a list of texts, not \[1\]"),
    ],
)
def test_what_is_no_rule_is_refused_with_its_place(raw: Any, message: str) -> None:
    with pytest.raises(K8sError, match=f"^{message}$"):
        rules_from(raw, "Role a/b")
