# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Aggregated ClusterRoles, cycles included."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.aggregation import aggregated
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import read_definitions
from tests.unit.plugins.module_utils.k8s.rbac.manifests import role, rule


def _role(name: str, *rules: dict[str, list[str]], label: str = "", selects: tuple[str, ...] = ()) -> dict[str, Any]:
    made = role(name, *rules)
    made["metadata"]["labels"] = {label: "true"} if label else None
    if selects:
        made["aggregationRule"] = {"clusterRoleSelectors": [{"matchLabels": {key: "true"}} for key in selects]}
    return made


def _rules(*definitions: dict[str, Any]) -> dict[str, list[dict[str, list[str]]]]:
    roles = aggregated(read_definitions(definitions).roles)
    return {made.ref.name: [rule_.as_dict() for rule_ in made.rules] for made in roles}


def test_the_union_of_what_is_selected_replaces_the_rules() -> None:
    rules = _rules(
        _role("sum", rule("delete", "nodes"), selects=("x", "y")),
        _role("b", rule("get", "pods"), rule("get", "nodes"), label="y"),
        _role("a", rule("get", "pods"), label="x"),
        _role("other", rule("get", "secrets"), label="z"),
    )
    assert rules["sum"] == [rule("get", "pods"), rule("get", "nodes")]
    assert rules["other"] == [rule("get", "secrets")]


def test_roles_of_roles() -> None:
    rules = _rules(
        _role("admin", selects=("to-admin",)),
        _role("edit", label="to-admin", selects=("to-edit",)),
        _role("leaf", rule("get", "pods"), label="to-edit"),
    )
    assert rules["admin"] == rules["edit"] == [rule("get", "pods")]


def test_a_cycle_and_a_role_that_selects_itself() -> None:
    rules = _rules(
        _role("a", label="x", selects=("x", "y")),
        _role("b", label="y", selects=("x",)),
        _role("leaf", rule("get", "pods"), label="x"),
    )
    assert rules["a"] == rules["b"] == [rule("get", "pods")]


def test_no_selector_selects_nothing_and_an_empty_one_everything() -> None:
    nothing, everything = role("nothing"), role("everything")
    nothing["aggregationRule"] = {"clusterRoleSelectors": None}
    everything["aggregationRule"] = {"clusterRoleSelectors": [{}]}
    rules = _rules(nothing, everything, _role("leaf", rule("get", "pods")))
    assert rules["nothing"] == []
    assert rules["everything"] == [rule("get", "pods")]
