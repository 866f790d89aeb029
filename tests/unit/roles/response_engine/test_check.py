# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights --check asks about."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.filter.response_permissions import response_permissions
from bulkhead_response.check import needed_rights
from bulkhead_response.config import read
from bulkhead_response.permissions import table


def _rights(**config: Any) -> set[tuple[str, str, str]]:
    rights = needed_rights(read({"allowed_namespaces": ["shop"], **config}))
    return {(right["verb"], right["resource"], right["namespace"]) for right in rights}


def _rule(match: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    return {"name": "r", "match": match, "steps": [{"action": "delete_pod", "params": params}]}


def test_the_rights_of_the_steps_in_each_allowed_namespace() -> None:
    assert _rights(rules=[_rule()]) == {("get", "pods", "shop"), ("delete", "pods", "shop")}
    assert ("list", "pods", "shop") in _rights(rules=[_rule(min_healthy_replicas=1)])


def test_a_glob_asks_for_all_namespaces() -> None:
    assert ("delete", "pods", "") in _rights(allowed_namespaces=["shop", "team-*"], rules=[_rule()])


def test_labels_and_protected_images_need_a_look_at_the_pod() -> None:
    tell = {"name": "r", "steps": [{"notify": "webhook"}]}
    assert _rights(rules=[tell]) == set()
    assert _rights(rules=[tell], protected_images=["a"]) == {("get", "pods", "shop")}
    assert _rights(rules=[{**tell, "match": {"labels": {"app": "web"}}}]) == {("get", "pods", "shop")}


def test_a_rule_asks_only_where_it_may_act() -> None:
    rules = [_rule({"namespaces": ["shop"]})]
    assert _rights(allowed_namespaces=["shop", "blog"], rules=rules) == {
        ("get", "pods", "shop"),
        ("delete", "pods", "shop"),
    }
    assert _rights(allowed_namespaces=["*"], rules=rules) == {("get", "pods", "shop"), ("delete", "pods", "shop")}
    assert _rights(allowed_namespaces=["blog", "kube-system"], rules=rules) == set()
    assert _rights(protected_namespaces=["sh*"], rules=rules) == set()


def test_a_dry_run_asks_for_what_it_looks_at() -> None:
    assert _rights(rules=[{**_rule(), "dry_run": True}]) == {("get", "pods", "shop")}
    assert _rights(rules=[_rule()], dry_run=True) == {("get", "pods", "shop")}


NAMESPACES = st.lists(st.sampled_from(["shop", "blog", "kube-system", "engine", "sh*", "*", "b*"]), max_size=3)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.just("r"),
            "match": st.fixed_dictionaries({}, optional={"namespaces": NAMESPACES, "labels": st.just({"app": "web"})}),
            "dry_run": st.booleans(),
            "steps": st.lists(
                st.sampled_from(sorted(table())).map(
                    lambda name: {"notify" if name == "k8s_event" else "action": name, "params": {}}
                ),
                min_size=1,
                max_size=2,
            ),
        }
    ),
    max_size=3,
)


@given(RULES, NAMESPACES, NAMESPACES, st.booleans(), st.booleans())
def test_it_asks_for_what_the_role_grants(
    rules: list[dict[str, Any]], allowed: list[str], protected: list[str], dry_run: bool, images: bool
) -> None:
    for number, rule in enumerate(rules):
        rule["name"] = f"r{number}"
    content = {
        "own_namespace": "engine",
        "allowed_namespaces": allowed,
        "protected_namespaces": protected,
        "protected_images": ["a"] if images else [],
        "dry_run": dry_run,
        "rules": rules,
    }
    asked = {json.dumps(right, sort_keys=True) for right in needed_rights(read(content))}
    objects = response_permissions(
        rules, table(), allowed, protected, namespace="engine", dry_run=dry_run, look_up=images
    )
    assert asked == {json.dumps(right, sort_keys=True) for item in objects for right in _granted(item)}


def _granted(item: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {
            "group": group,
            "resource": resource.partition("/")[0],
            "verb": verb,
            "namespace": item["metadata"].get("namespace", ""),
            **({"subresource": resource.partition("/")[2]} if "/" in resource else {}),
        }
        for rule in item.get("rules", ())
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]
