# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule gets what its steps need, where it may act, and nothing more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.response.permissions import (
    CLUSTER,
    Account,
    Bounds,
    response_objects,
)

PODS = {"scope": "namespace", "api_groups": [""], "resources": ["pods"]}
NODES = {"scope": "cluster", "api_groups": [""], "resources": ["nodes"]}
TABLE: dict[str, list[dict[str, Any]]] = {
    "delete_pod": [{**PODS, "verbs": ["get", "delete"]}],
    "label_pod": [{**PODS, "verbs": ["get", "patch"]}],
    "cordon_node": [{**PODS, "verbs": ["get"]}, {**NODES, "verbs": ["get", "patch"]}],
    "k8s_event": [
        {"scope": "namespace", "api_groups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create"]}
    ],
}
ACCOUNT = Account("runner", "engine", "respond")


def rule(*actions: str, **more: Any) -> dict[str, Any]:
    return {"name": "r", "steps": [{"action": action} for action in actions], **more}


def granted(objects: list[dict[str, Any]]) -> dict[str, set[tuple[str, str]]]:
    """{namespace: {(resource, verb)}} of the roles; each must have its binding to the account."""
    roles = [item for item in objects if item["kind"] in ("Role", "ClusterRole")]
    bindings = [item for item in objects if item["kind"].endswith("Binding")]
    assert [item["metadata"] for item in roles] == [item["metadata"] for item in bindings]
    for role, binding in zip(roles, bindings):
        assert binding["roleRef"]["kind"] == role["kind"]
        assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "runner", "namespace": "engine"}]
    return {
        role["metadata"].get("namespace", CLUSTER): {
            (resource, verb) for item in role["rules"] for resource in item["resources"] for verb in item["verbs"]
        }
        for role in roles
    }


def test_a_role_in_each_named_namespace_and_none_where_nothing_is_done() -> None:
    rules = [rule("delete_pod", match={"namespaces": ["shop"]}), rule("label_pod")]
    found = granted(response_objects(rules, TABLE, Bounds(["shop", "blog"]), ACCOUNT))
    assert found == {
        "shop": {("pods", "get"), ("pods", "delete"), ("pods", "patch")},
        "blog": {("pods", "get"), ("pods", "patch")},
    }


def test_only_nodes_need_a_cluster_role_and_only_get_what_is_of_the_cluster() -> None:
    found = granted(response_objects([rule("cordon_node")], TABLE, Bounds(["shop"]), ACCOUNT))
    assert found == {"shop": {("pods", "get")}, CLUSTER: {("nodes", "get"), ("nodes", "patch")}}


def test_a_dry_run_may_only_look() -> None:
    bounds = Bounds(["shop"])
    looks = {"shop": {("pods", "get")}}
    assert granted(response_objects([rule("delete_pod", dry_run=True)], TABLE, bounds, ACCOUNT)) == looks
    assert granted(response_objects([rule("delete_pod")], TABLE, bounds, ACCOUNT, dry_run=True)) == looks


def test_a_notification_that_writes_into_the_cluster_counts_and_others_do_not() -> None:
    steps = [{"notify": "k8s_event"}, {"notify": "slack"}]
    found = granted(response_objects([{"name": "r", "steps": steps}], TABLE, Bounds(["shop"]), ACCOUNT))
    assert found == {"shop": {("events", "create")}}


def test_a_rule_that_matches_labels_has_to_look_at_the_pod() -> None:
    labelled = {"name": "r", "match": {"labels": {"app": "web"}}, "steps": [{"notify": "slack"}]}
    looks = {"shop": {("pods", "get")}}
    assert granted(response_objects([labelled], TABLE, Bounds(["shop"]), ACCOUNT)) == looks
    told = {"name": "r", "steps": [{"notify": "slack"}]}
    assert response_objects([told], TABLE, Bounds(["shop"]), ACCOUNT) == []
    assert granted(response_objects([told], TABLE, Bounds(["shop"]), ACCOUNT, look_up=True)) == looks


@pytest.mark.parametrize(
    ("wanted", "allowed", "places"),
    [
        ([], ["shop"], {"shop"}),
        ([], ["team-*"], {CLUSTER}),
        (["team-a"], ["team-*"], {"team-a"}),
        (["other"], ["team-*"], set()),
        (["sh*"], ["shop", "blog"], {"shop"}),
        (["a*"], ["*a"], {CLUSTER}),
        ("shop", ["shop"], {"shop"}),
        ([], ["sh?p"], {"sh?p"}),
        (["shop"], ["sh[o]p"], set()),
        ([], ["shop", "kube-system", "team-secret"], {"shop"}),
        ([], [], set()),
    ],
)
def test_where_a_rule_may_act(wanted: Any, allowed: list[str], places: set[str]) -> None:
    bounds = Bounds(allowed, ["kube-system", "*-secret"])
    objects = response_objects([rule("delete_pod", match={"namespaces": wanted})], TABLE, bounds, ACCOUNT)
    assert set(granted(objects)) == places


@pytest.mark.parametrize(("params", "verbs"), [({}, ["get"]), ({"many": 2}, ["get", "list"]), ({"many": 0}, ["get"])])
def test_what_only_some_parameters_need(params: dict[str, Any], verbs: list[str]) -> None:
    rows: list[dict[str, Any]] = [
        {**PODS, "verbs": ["get"]},
        {**PODS, "verbs": ["list"], "when": {"param": "many", "default": 0}},
    ]
    rules = [{"name": "r", "steps": [{"action": "look", "params": params}]}]
    assert response_objects(rules, {"look": rows}, Bounds(["shop"]), ACCOUNT)[0]["rules"][0]["verbs"] == verbs


def test_names_of_objects_are_kept() -> None:
    table = {"scale": [{**PODS, "resource_names": ["one"], "verbs": ["patch"]}]}
    role = response_objects([rule("scale")], table, Bounds(["shop"]), ACCOUNT)[0]
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"], "resourceNames": ["one"]},
    ]


def test_an_action_that_is_not_there_is_named() -> None:
    with pytest.raises(K8sError, match=r"rule 'r': there is no action 'explode'; known are cordon_node, delete_pod"):
        response_objects([rule("explode")], TABLE, Bounds(["shop"]), ACCOUNT)


@given(st.lists(st.lists(st.sampled_from(sorted(TABLE)), max_size=3), max_size=4), st.booleans())
def test_never_more_than_the_table_says(steps: list[list[str]], dry_run: bool) -> None:
    rules = [rule(*actions) for actions in steps]
    found = granted(response_objects(rules, TABLE, Bounds(["shop"]), ACCOUNT, dry_run=dry_run))
    needed = {
        (needed["resources"][0], verb)
        for actions in steps
        for action in actions
        for needed in TABLE[action]
        for verb in needed["verbs"]
        if not dry_run or verb == "get"
    }
    assert set().union(*found.values()) == needed
