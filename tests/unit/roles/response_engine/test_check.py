# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rights --check asks about."""

from __future__ import annotations

from typing import Any

from bulkhead_response.check import needed_rights
from bulkhead_response.config import read


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
