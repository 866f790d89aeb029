# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that are written anew: what is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.reencrypt import (
    count,
    resources_named,
    rewrite,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import (
    METADATA,
    METADATA_LIST,
    Cluster,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Discovery, Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus, K8sError

VERBS = frozenset({"list", "patch"})
SECRETS = Resource("", "v1", "Secret", "secrets", True, VERBS)
WIDGETS = Resource("example.com", "v1", "Widget", "widgets", True, VERBS)
READ_ONLY = Resource("", "v1", "ComponentStatus", "componentstatuses", False, frozenset({"list"}))


class FakeCluster:
    """Objects by their name with the resourceVersion that a patch of them answers, or the status that it fails with."""

    def __init__(self, **objects: int | list[int]) -> None:
        self.objects = objects
        self.asked: list[tuple[str, Any, str | None]] = []

    def pages(self, path: str, *, accept: str | None = None) -> Iterator[dict[str, Any]]:
        assert (path, accept) == ("/api/v1/secrets", METADATA_LIST), "never a Secret's data"
        for name in self.objects:
            yield {"items": [{"metadata": {"namespace": "ns", "name": name, "resourceVersion": "1"}}]}

    def request(self, method: str, path: str, body: Any, *, content_type: str, accept: str) -> Any:
        assert (method, body, content_type) == ("PATCH", {}, "application/merge-patch+json")
        assert accept == METADATA, "never a Secret's data"
        name = path.rpartition("/")[2]
        answer = self.objects[name]
        code = answer.pop(0) if isinstance(answer, list) else answer
        if code >= 400:
            raise ApiStatus(code, {"message": f"no {name}"}, f"PATCH {path}")
        return {"metadata": {"resourceVersion": str(code)}}


def cluster(**objects: int | list[int]) -> Cluster:
    return cast(Cluster, FakeCluster(**objects))


def test_only_what_was_stored_anew_counts() -> None:
    done = rewrite(cluster(stale=7, fresh=1, gone=404), SECRETS)
    assert (done.resource, done.objects, done.rewritten, done.failed) == ("secrets", 3, 1, [])


def test_a_conflict_is_tried_again_and_a_refusal_does_not_stop_the_others() -> None:
    done = rewrite(cluster(busy=[409, 409, 8], denied=403, other=9, always=[409, 409, 409]), SECRETS)
    assert (done.objects, done.rewritten) == (4, 2)
    assert [entry["name"] for entry in done.failed] == ["denied", "always"]


def test_counting_writes_nothing() -> None:
    assert count(cluster(a=500, b=500), SECRETS).objects == 2


class FakeDiscovery:
    def resources(self) -> list[Resource]:
        return [SECRETS, WIDGETS, Resource("example.com", "v1beta1", "Widget", "widgets", True, VERBS), READ_ONLY]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["secrets"], [SECRETS]),
        (["widgets.example.com", "secrets"], [WIDGETS, SECRETS]),
        (["*.*"], [SECRETS, WIDGETS]),
        (["*."], [SECRETS]),
        (["*.example.com"], [WIDGETS]),
    ],
)
def test_resources_are_named_as_in_the_configuration(names: list[str], found: list[Resource]) -> None:
    assert resources_named(cast(Discovery, FakeDiscovery()), names) == found


@pytest.mark.parametrize("name", ["widgets", "nothing", "componentstatuses"])
def test_a_name_that_stands_for_nothing_is_refused(name: str) -> None:
    with pytest.raises(K8sError, match=f"serves no {name}"):
        resources_named(cast(Discovery, FakeDiscovery()), ["secrets", name])
