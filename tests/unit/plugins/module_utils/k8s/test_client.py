# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client: what is sent, what is asked again, and what every trouble is called."""

from __future__ import annotations

import json
import threading

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s import client
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.connection import connect
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import (
    ApiStatus,
    K8sError,
    Unreachable,
)
from tests.unit.scripted_api import Reply, parameters, scripted

GONE = {"kind": "Status", "reason": "Expired", "message": "too old", "metadata": {"continue": "later"}}


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, recorded instead of slept."""
    taken: list[float] = []
    monkeypatch.setattr("time.sleep", taken.append)
    return taken


def test_version_of_a_vendor() -> None:
    with scripted(Reply(body={"major": "1", "minor": "20+", "gitVersion": "v1.20.2-eks"})) as api:
        cluster = api.cluster()
        assert cluster.version == Version(1, 20, "v1.20.2-eks")
        assert cluster.version.text == "1.20"
        assert cluster.version.at_least(1, 20)
        assert not cluster.version.at_least(1, 21)
        assert len(api.seen) == 1


def test_something_else_is_no_api_server() -> None:
    with scripted(Reply(body={"hello": "world"})) as api, pytest.raises(K8sError, match="no Kubernetes API server"):
        assert api.cluster().version.major


def test_query_and_body_as_the_api_writes_them() -> None:
    with scripted(Reply()) as api:
        api.cluster().request(
            "PATCH",
            "/api/v1/x",
            {"a": 1},
            query={"force": True, "dryRun": "All", "continue": None, "labelSelector": "a in (b,c)"},
            content_type=client.APPLY_PATCH,
        )
    seen = api.seen[0]
    assert seen.path == "/api/v1/x?force=true&dryRun=All&labelSelector=a+in+%28b%2Cc%29"
    assert json.loads(seen.body) == {"a": 1}
    assert seen.header("content-type") == [client.APPLY_PATCH]


def test_impersonation_of_several_groups() -> None:
    with scripted(Reply()) as api:
        api.cluster(impersonate_user="ada", impersonate_groups=["dev", "ops"]).get("/api")
    assert api.seen[0].header("Impersonate-User") == ["ada"]
    assert api.seen[0].header("Impersonate-Group") == ["dev", "ops"]


@pytest.mark.parametrize(
    ("method", "path", "query", "writes"),
    [
        ("GET", "/api/v1/pods", None, 0),
        ("PATCH", "/api/v1/namespaces/a/pods/b", None, 1),
        ("PATCH", "/api/v1/namespaces/a/pods/b", {"dryRun": "All"}, 0),
        ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", None, 0),
        ("DELETE", "/api/v1/namespaces/a/pods/b", None, 1),
    ],
)
def test_counts_writes(method: str, path: str, query: dict[str, str] | None, writes: int) -> None:
    with scripted(Reply()) as api:
        cluster = api.cluster()
        cluster.request(method, path, query=query)
    assert (cluster.requests, cluster.writes) == (1, writes)


def test_a_get_survives_passing_trouble(naps: list[float]) -> None:
    with scripted(Reply(503), Reply(hang_up=True), Reply(body={"fine": True})) as api:
        assert api.cluster().get("/api") == {"fine": True}
    assert len(naps) == 2


@pytest.mark.parametrize("trouble", [Reply(503), Reply(hang_up=True), Reply(500), Reply(409)])
def test_a_write_is_not_sent_twice(trouble: Reply) -> None:
    with scripted(trouble, Reply()) as api:
        with pytest.raises((ApiStatus, Unreachable)):
            api.cluster().request("POST", "/api/v1/pods", {})
        assert len(api.seen) == 1


def test_told_to_come_later_comes_later(naps: list[float]) -> None:
    with scripted(Reply(429, headers={"Retry-After": "3"}), Reply(429), Reply(201, {"made": True})) as api:
        assert api.cluster().request("POST", "/api/v1/pods", {}) == {"made": True}
    assert naps[0] == 3
    assert 0 < naps[1] < 1


def test_comes_no_later_than_the_timeout(naps: list[float]) -> None:
    with scripted(Reply(429, headers={"Retry-After": "3600"})) as api:
        with pytest.raises(ApiStatus) as caught:
            api.cluster(timeout=5.0).get("/api")
        assert len(api.seen) == 1
    assert (caught.value.status, caught.value.retry_after, naps) == (429, 3600, [])


def test_gives_up() -> None:
    with scripted(Reply(503)) as api:
        with pytest.raises(ApiStatus):
            api.cluster().get("/api")
        assert 2 < len(api.seen) < 10


def test_nothing_listens() -> None:
    with scripted(Reply()) as api:
        cluster = api.cluster()
    with pytest.raises(Unreachable, match="cannot be reached: Failed to establish a new connection") as caught:
        cluster.request("POST", "/api", {})
    assert not caught.value.sent
    assert "object at 0x" not in str(caught.value)


def test_a_proxy_that_is_not_there_is_named_as_one() -> None:
    cluster = connect(parameters(host="https://cluster.example.com", proxy_url="http://127.0.0.1:9"))
    with pytest.raises(Unreachable, match="cannot be reached through the proxy: Failed to establish") as caught:
        cluster.get("/api")
    assert not caught.value.sent


def test_silence_is_told_in_seconds() -> None:
    over = threading.Event()
    try:
        with (
            scripted(Reply(silent_until=over)) as api,
            pytest.raises(Unreachable, match=r"did not answer in 0\.2 s") as caught,
        ):
            api.cluster(timeout=0.2).request("POST", "/api", {})
    finally:
        over.set()
    assert caught.value.sent


def test_pages() -> None:
    first, second = {"items": [1], "metadata": {"continue": "more"}}, {"items": [2], "metadata": {}}
    with scripted(Reply(body=first), Reply(body=second)) as api:
        assert list(api.cluster().pages("/api/v1/pods", limit=1)) == [first, second]
    assert [seen.path for seen in api.seen] == ["/api/v1/pods?limit=1", "/api/v1/pods?limit=1&continue=more"]


def test_pages_go_on_where_the_snapshot_expired() -> None:
    first, second = {"items": [1], "metadata": {"continue": "more"}}, {"items": [2]}
    with scripted(Reply(body=first), Reply(410, GONE), Reply(body=second)) as api:
        assert [page["items"] for page in api.cluster().pages("/api/v1/pods")] == [[1], [2]]
    assert api.seen[-1].path.endswith("continue=later")


def test_an_expiry_without_a_way_on_is_raised() -> None:
    with scripted(Reply(410, {**GONE, "metadata": {}})) as api, pytest.raises(ApiStatus) as caught:
        list(api.cluster().pages("/api/v1/pods"))
    assert caught.value.status == 410


@pytest.mark.parametrize("body", [[1], b"<html>", "text"])
def test_what_is_no_list(body: object) -> None:
    with scripted(Reply(body=body)) as api, pytest.raises(K8sError, match="is no list"):
        list(api.cluster().pages("/api/v1/pods"))


def test_many_threads_share_it() -> None:
    with scripted(Reply(body={"a": 1})) as api:
        cluster = api.cluster()
        threads = [threading.Thread(target=cluster.get, args=("/api",)) for _each in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert cluster.requests == 20
