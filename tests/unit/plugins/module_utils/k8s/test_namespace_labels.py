# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written to namespaces, and what is not. The end-to-end tests ask a real API server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.namespace_labels import (
    Change,
    apply,
    plan,
)
from tests.unit.scripted_api import Reply, scripted


def _namespace(name: str, labels: dict[str, str], **owned: list[str]) -> dict[str, Any]:
    """owned: by manager, the names of the labels that it has applied."""
    fields = [
        {
            "manager": manager,
            "operation": "Apply",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, **{f"f:{label}": {} for label in names}}}},
        }
        for manager, names in owned.items()
    ]
    return {"metadata": {"name": name, "labels": labels, "managedFields": fields}}


@pytest.mark.parametrize(
    ("wanted", "changes"),
    [
        ({"a": {"x": "1"}}, []),
        ({"a": {"x": "2"}}, [Change("a", {"x": "1"}, {"x": "2"})]),
        ({}, [Change("a", {"x": "1"}, {})]),
        ({"a": {"x": "1"}, "b": {"y": "1"}}, [Change("b", {}, {"y": "1"})]),
        ({"a": {"x": "1"}, "c": {}}, [Change("c", {}, {}, made=True)]),
    ],
)
def test_only_labels_of_the_manager_count(wanted: dict[str, dict[str, str]], changes: list[Change]) -> None:
    found = [
        _namespace("a", {"x": "1", "team": "a"}, ours=["x"], theirs=["team"]),
        _namespace("b", {"y": "1"}, theirs=["y"]),
    ]
    with scripted(Reply(body={"items": found})) as api:
        assert plan(api.cluster(), wanted, "ours", create=True) == changes


def test_a_namespace_that_is_not_there_is_refused_before_anything_is_written() -> None:
    with scripted(Reply(body={"items": []})) as api:
        with pytest.raises(K8sError, match="no namespace new, other"):
            plan(api.cluster(), {"new": {}, "other": {}}, "ours", create=False)
        assert [request.method for request in api.seen] == ["GET"]


def test_nothing_but_labels_is_applied() -> None:
    with scripted(Reply(body={})) as api:
        apply(
            api.cluster(), [Change("a", {}, {"x": "1"}), Change("b", {"x": "1"}, {})], "ours", force=False, dry_run=True
        )
        bodies = [json.loads(request.body)["metadata"] for request in api.seen]
        assert bodies == [{"name": "a", "labels": {"x": "1"}}, {"name": "b"}]
        assert all("dryRun=All" in request.path and "fieldManager=ours" in request.path for request in api.seen)


def test_a_conflict_names_the_label_and_who_has_it() -> None:
    causes = [{"field": ".metadata.labels.x", "message": 'conflict with "kubectl"'}]
    with (
        scripted(Reply(409, {"reason": "Conflict", "details": {"causes": causes}})) as api,
        pytest.raises(K8sError, match=r"Namespace a: .*labels\.x: conflict with .kubectl"),
    ):
        apply(api.cluster(), [Change("a", {}, {"x": "1"})], "ours", force=False, dry_run=False)
