# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects from a cluster, page by page, and from manifests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.pod_security_policy.levels import (
    pod_security_policy,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.reading import (
    PATHS,
    privileged_policies,
    read_cluster,
    read_definitions,
)
from tests.unit.plugins.module_utils.k8s.rbac.manifests import account, binding, role, rule


class _Pages:
    """Lists by their path: pages, or the status of a refusal."""

    def __init__(self, lists: dict[str, Any]) -> None:
        self.lists = lists
        self.asked: list[str] = []

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        self.asked.append(path)
        found = self.lists.get(path, [])
        if isinstance(found, int):
            raise ApiStatus(found, {}, f"GET {path}")
        yield from ({"items": page} for page in found)


def _items(*made: dict[str, Any]) -> list[dict[str, Any]]:
    """As lists hold them, without their kind."""
    return [{key: value for key, value in item.items() if key != "kind"} for item in made]


def test_every_page_of_every_kind() -> None:
    server = _Pages(
        {
            PATHS["ClusterRole"]: [_items(role("a", rule("get", "pods"))), _items(role("b")), None],
            PATHS["RoleBinding"]: [_items(binding("c", "ClusterRole/a", "User:x", namespace="shop"))],
            PATHS["ServiceAccount"]: [_items(account("web", "shop"))],
        }
    )
    objects = read_cluster(cast(Cluster, server))
    assert [found.ref.text for found in objects.roles] == ["ClusterRole a", "ClusterRole b"]
    assert [found.text for found in objects.bindings] == ["RoleBinding shop/c"]
    assert [found.subject.text for found in objects.accounts or ()] == ["ServiceAccount shop/web"]
    assert sorted(server.asked) == sorted(PATHS.values())


def test_service_accounts_are_unknown_where_nobody_asks() -> None:
    assert read_cluster(cast(Cluster, _Pages({}))).accounts == []
    assert read_cluster(cast(Cluster, _Pages({})), accounts=False).accounts is None


def test_a_refusal_is_not_taken_for_emptiness() -> None:
    with pytest.raises(ApiStatus):
        read_cluster(cast(Cluster, _Pages({PATHS["Role"]: 403})))


def test_lists_in_lists_and_the_namespace_that_is_not_written() -> None:
    typed = {"kind": "RoleList", "items": _items(role("a", namespace="shop"))}
    bare = {"kind": "Role", "metadata": {"name": "b"}, "rules": []}
    objects = read_definitions([{"kind": "List", "items": [typed, bare, {"kind": "Pod"}]}])
    assert [found.ref.text for found in objects.roles] == ["Role shop/a", "Role default/b"]


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ([[pod_security_policy("open", "privileged"), pod_security_policy("shut", "restricted")]], {"open"}),
        (404, set()),
        (403, None),
    ],
)
def test_policies_that_hold_nobody_back(answer: Any, names: set[str] | None) -> None:
    assert privileged_policies(cast(Cluster, _Pages({"/apis/policy/v1beta1/podsecuritypolicies": answer}))) == names
