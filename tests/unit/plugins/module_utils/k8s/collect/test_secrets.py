# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of Secrets: from their metadata and a table, and from who uses them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import TABLE
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.lists import Lists, Namespaces
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.secrets import collect_secrets
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.usage import Usage
from tests.unit.listed_cluster import ListedCluster

NOW = datetime(2026, 1, 31, tzinfo=timezone.utc)
PATH = "/api/v1/secrets"
TOKEN = "kubernetes.io/service-account-token"
COPY = "kubectl.kubernetes.io/last-applied-configuration"


def secret(name: str, kind: str = "Opaque", **metadata: Any) -> dict[str, Any]:
    created = {"creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": {"name": name, "namespace": "shop", **created, **metadata}, "type": kind, "data": {"a": "b"}}


def facts_of(*secrets: dict[str, Any], usage: Usage | None = None, **options: Any) -> list[dict[str, Any]]:
    cluster: Any = ListedCluster({PATH: secrets}, options.pop("version", (1, 20)))
    found = list(collect_secrets(Lists(cluster, Namespaces()), usage or Usage(), NOW, options.pop("unread", None)))
    assert {accept for _path, accept in cluster.asked} == {TABLE}
    return found


def test_columns_of_the_first_page_hold_for_all() -> None:
    found = facts_of(*(secret(f"s{number}") for number in range(5)))
    assert [(each["type"], each["items"], each["age_days"]) for each in found] == [("Opaque", 1, 30)] * 5


def test_users() -> None:
    usage = Usage()
    usage.add_secrets("shop", ["used"], "Deployment shop/web")
    used, unused = facts_of(secret("used"), secret("unused"), usage=usage)
    assert (used["used"], used["used_by"]) == (True, ["Deployment shop/web"])
    assert (unused["used"], unused["used_by"]) == (False, [])


@pytest.mark.parametrize(
    "made",
    [
        secret("release", "helm.sh/release.v1"),
        secret("join", "bootstrap.kubernetes.io/token"),
        secret("issued", ownerReferences=[{"kind": "Certificate", "name": "web"}]),
    ],
)
def test_users_that_cannot_be_seen_are_not_missed(made: dict[str, Any]) -> None:
    assert facts_of(made)[0]["used"] is None


def test_without_all_users_nobody_is_called_unused() -> None:
    (found,) = facts_of(secret("s"), unread="Pods may not be read")
    assert found["unknown"]["used"] == "Pods may not be read"


@pytest.mark.parametrize(
    ("name", "version", "by_cluster"),
    [("robot-token-x8zk2", (1, 20), True), ("by-hand", (1, 20), False), ("robot-token-x8zk2", (1, 24), False)],
)
def test_whose_token_it_is(name: str, version: tuple[int, int], by_cluster: bool) -> None:
    annotations = {"kubernetes.io/service-account.name": "robot"}
    (found,) = facts_of(secret(name, TOKEN, annotations=annotations), version=version)
    assert (found["service_account"], found["made_by_cluster"]) == ("robot", by_cluster)


def test_the_copy_in_an_annotation_is_noticed_and_not_kept() -> None:
    (found,) = facts_of(secret("s", annotations={COPY: '{"data": {"password": "aHVudGVyMg=="}}'}))
    assert found["copied_into_annotation"]
    assert "aHVudGVyMg" not in str(found)


def test_when_a_token_was_last_used() -> None:
    (found,) = facts_of(secret("t", TOKEN, labels={"kubernetes.io/legacy-token-last-used": "2026-01-21"}))
    assert found["last_used_days"] == 10
