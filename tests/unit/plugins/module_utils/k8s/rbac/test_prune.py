# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which RoleBindings go and which stay. That they go is tested on a real API server, in tests/e2e."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.prune import (
    judge_bindings,
    manifest,
    refuse_protected,
    remove,
)
from tests.unit.plugins.module_utils.k8s.rbac.manifests import binding, role, rule

RBAC = "rbac.authorization.k8s.io"


class _Server:
    """As much of an API server as is asked: lists of bindings, roles by path, and what it answers about oneself."""

    def __init__(self, *bindings: dict[str, Any], everywhere: bool = True, roles: dict[str, Any] | None = None) -> None:
        self.bindings = bindings
        self.everywhere = everywhere
        self.roles = roles or {}
        self.refusal = 0
        self.deleted: list[tuple[str, Any]] = []

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        yield {"items": [item for item in self.bindings if f"/{item['metadata']['namespace']}/" in path]}

    def get(self, path: str) -> Any:
        found = self.roles.get(path.rpartition("/")[2], 404)
        if isinstance(found, int):
            raise ApiStatus(found, {}, f"GET {path}")
        return found

    def request(self, method: str, path: str, body: Any) -> Any:
        if method == "POST":
            return {"status": {"allowed": self.everywhere}}
        self.deleted.append((path, body))
        if self.refusal:
            raise ApiStatus(self.refusal, {}, f"{method} {path}")
        return {}


def _kept(server: _Server, declared: set[tuple[str, str]] | None = None, keep: tuple[str, ...] = ()) -> dict[str, str]:
    verdicts = judge_bindings(cast(Cluster, server), ["shop", "shop"], declared or set(), keep)
    return {verdict.item["metadata"]["name"]: verdict.kept for verdict in verdicts}


def _stored(name: str, to: str = "ClusterRole/view", namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    made = binding(name, to, "User:eve", namespace=namespace)
    made["metadata"].update(uid=f"uid-{name}", resourceVersion="7", **metadata)
    return made


def test_what_is_declared_is_not_even_judged() -> None:
    server = _Server(_stored("mine"), _stored("foreign"), _stored("foreign", namespace="other"))
    assert _kept(server, {("shop", "mine")}) == {"foreign": ""}


def test_what_a_controller_owns_stays() -> None:
    owned = _stored("owned", ownerReferences=[{"kind": "Database", "name": "main"}])
    assert _kept(_Server(owned)) == {"owned": "it belongs to Database main, which would make it again"}


@pytest.mark.parametrize(
    ("pattern", "kept"), [("legacy-*", True), ("shop/legacy-*", True), ("other/legacy-*", False), ("leg", False)]
)
def test_patterns(pattern: str, kept: bool) -> None:
    assert bool(_kept(_Server(_stored("legacy-1")), keep=(pattern,))["legacy-1"]) is kept


@pytest.mark.parametrize(
    ("everywhere", "found", "reason"),
    [
        (True, role("boss", rule("delete", "rolebindings", RBAC)), ""),
        (False, role("boss", rule("delete", "rolebindings", RBAC)), "it lets somebody manage bindings here"),
        (False, role("boss", rule("*", "*", "*")), "it lets somebody manage bindings here"),
        (False, role("boss", rule("get", "pods")), ""),
        (False, 403, "it binds ClusterRole boss, which this run may not read"),
        (False, 404, ""),
    ],
)
def test_the_own_ground_stays(everywhere: bool, found: Any, reason: str) -> None:
    """Without a grant in all namespaces, any binding that lets somebody delete bindings may be the own one."""
    server = _Server(_stored("b", "ClusterRole/boss"), everywhere=everywhere, roles={"boss": found})
    assert _kept(server)["b"].startswith(reason)
    assert bool(_kept(server)["b"]) is bool(reason)


def test_of_a_role_that_may_not_be_read_its_name_may_tell() -> None:
    server = _Server(_stored("a", "ClusterRole/view"), _stored("b", "ClusterRole/admin"), everywhere=False)
    server.roles = {"view": 403, "admin": 403}
    assert [bool(reason) for reason in _kept(server).values()] == [False, True]


@pytest.mark.parametrize("name", ["kube-system", "kube-public", "kube-node-lease", "mine"])
def test_protected_namespaces_are_refused(name: str) -> None:
    with pytest.raises(K8sError, match=f"^namespaces: {name} is protected"):
        refuse_protected(["shop", name], ["mine"])


def test_a_manifest_can_be_applied_again() -> None:
    stored = _stored("b", creationTimestamp="x", managedFields=[{}], labels={"a": "b"})
    expected = binding("b", "ClusterRole/view", "User:eve", namespace="shop")
    expected["metadata"]["labels"] = {"a": "b"}
    assert manifest(stored) == {"apiVersion": f"{RBAC}/v1", **expected}


def test_exactly_what_was_judged_is_deleted() -> None:
    server = _Server()
    remove(cast(Cluster, server), _stored("b"))
    ((path, body),) = server.deleted
    assert path.endswith("/namespaces/shop/rolebindings/b")
    assert body["preconditions"] == {"uid": "uid-b", "resourceVersion": "7"}


def test_gone_already_is_no_error_and_changed_since_is_one() -> None:
    server = _Server()
    server.refusal = 404
    remove(cast(Cluster, server), _stored("b"))
    server.refusal = 409
    with pytest.raises(ApiStatus):
        remove(cast(Cluster, server), _stored("b"))
