# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The question that the API server is asked. That it answers is tested on a real one, in tests/e2e."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.review import review
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.rules import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Identity


class _Server:
    """Keeps what it is asked, and answers the same to everything."""

    def __init__(self, status: Any) -> None:
        self.status = status
        self.spec: dict[str, Any] = {}

    def request(self, method: str, path: str, body: dict[str, Any]) -> Any:
        assert (method, path.rpartition("/")[2]) == ("POST", "subjectaccessreviews")
        self.spec = body["spec"]
        return {"status": self.status}


ALICE = Identity("alice", frozenset(["b", "a"]))


def test_a_resource_is_asked_for_as_it_is() -> None:
    server = _Server({"allowed": True})
    assert review(cast(Cluster, server), ALICE, Request("get", "pods", "", "log", "web", "shop"))
    assert (server.spec["user"], server.spec["groups"]) == ("alice", ["a", "b"])
    assert server.spec["resourceAttributes"] == {
        "verb": "get",
        "group": "",
        "resource": "pods",
        "subresource": "log",
        "name": "web",
        "namespace": "shop",
    }


def test_a_path_too_even_an_empty_one() -> None:
    server = _Server({"allowed": True})
    assert review(cast(Cluster, server), ALICE, Request("get", path=""))
    assert server.spec["nonResourceAttributes"] == {"verb": "get", "path": ""}


@pytest.mark.parametrize("status", [None, {}, {"allowed": False}, {"allowed": False, "denied": True}])
def test_what_is_not_allowed_is_not(status: Any) -> None:
    assert not review(cast(Cluster, _Server(status)), ALICE, Request("get", "pods"))
