# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kinds there are, and their paths."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery, Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.scripted_api import Reply, scripted

APPS = {
    "resources": [
        {"name": "deployments", "kind": "Deployment", "namespaced": True, "verbs": ["get", "list"]},
        {"name": "deployments/scale", "kind": "Scale", "namespaced": True, "verbs": ["get"]},
    ]
}
DEPLOYMENT = Resource("apps", "v1", "Deployment", "deployments", True, frozenset({"get", "list"}), frozenset({"scale"}))
NODE = Resource("", "v1", "Node", "nodes", False, frozenset())


def test_asked_once() -> None:
    with scripted(Reply(body=APPS)) as api:
        discovery = Discovery(api.cluster())
        assert discovery.resource("apps/v1", "Deployment") == DEPLOYMENT
        assert discovery.serves("apps/v1", "Deployment")
        assert not discovery.serves("apps/v1", "Scale")
        assert len(api.seen) == 1
        discovery.refresh()
        discovery.serves("apps/v1", "Deployment")
        assert len(api.seen) == 2


def test_no_such_kind() -> None:
    with scripted(Reply(404)) as api, pytest.raises(K8sError, match=r"does not serve example\.com/v1 Thing"):
        Discovery(api.cluster()).resource("example.com/v1", "Thing")


def test_a_group_whose_server_is_down_is_left_out() -> None:
    groups = {"groups": [{"versions": [{"groupVersion": "metrics.k8s.io/v1"}]}]}
    with scripted(Reply(body=groups), Reply(body=APPS), Reply(404)) as api:
        assert [found.kind for found in Discovery(api.cluster()).resources()] == ["Deployment"]


@pytest.mark.parametrize(
    ("resource", "arguments", "path"),
    [
        (DEPLOYMENT, {}, "/apis/apps/v1/deployments"),
        (DEPLOYMENT, {"namespace": "a"}, "/apis/apps/v1/namespaces/a/deployments"),
        (
            DEPLOYMENT,
            {"namespace": "a", "name": "b", "subresource": "scale"},
            "/apis/apps/v1/namespaces/a/deployments/b/scale",
        ),
        (NODE, {"namespace": "ignored", "name": "n"}, "/api/v1/nodes/n"),
        (NODE, {"name": "../../x?y=z#é"}, "/api/v1/nodes/..%2F..%2Fx%3Fy%3Dz%23%C3%A9"),
    ],
)
def test_path(resource: Resource, arguments: dict[str, str], path: str) -> None:
    assert resource.path(**arguments) == path


@pytest.mark.parametrize("name", [".", ".."])
def test_a_path_does_not_climb(name: str) -> None:
    with pytest.raises(K8sError):
        NODE.path(name=name)


def test_api_version() -> None:
    assert (DEPLOYMENT.api_version, NODE.api_version) == ("apps/v1", "v1")
