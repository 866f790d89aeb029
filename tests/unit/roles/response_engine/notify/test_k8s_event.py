# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_event: an Event at the pod, once."""

from __future__ import annotations

from bulkhead_response.notify.k8s_event import K8sEvent
from tests.unit.roles.response_engine.answering import KEY, an_alert
from tests.unit.roles.response_engine.fake_cluster import FakeCluster, acted, status

_EVENTS = "/api/v1/namespaces/shop/events"


def test_an_event() -> None:
    cluster = FakeCluster()
    assert acted(K8sEvent({}), cluster).status == "done"
    event = cluster.objects[f"{_EVENTS}/bulkhead-response-{KEY}"]
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "shop",
        "name": "web",
        "uid": "uid-1",
    }
    assert event["message"] == "Terminal shell in container: shop/web. Response rule terminal shell: no action"
    assert acted(K8sEvent({}), cluster).status == "already_done"


def test_a_long_note_is_cut() -> None:
    cluster = FakeCluster()
    acted(K8sEvent({}), cluster, an_alert(rule="ä" * 5000))
    assert len(cluster.seen[0].json["message"].encode()) <= 1024


def test_a_dry_run_only_looks() -> None:
    cluster = FakeCluster()
    assert acted(K8sEvent({}), cluster, dry_run=True).status == "would_do"
    assert not cluster.seen


def test_where_there_is_no_pod() -> None:
    cluster = FakeCluster()
    assert acted(K8sEvent({}), cluster, an_alert(pod="")).status == "refused"
    assert acted(K8sEvent({}), cluster, an_alert(namespace="a/b")).status == "refused"
    assert not cluster.seen


def test_a_refusal() -> None:
    cluster = FakeCluster()
    cluster.before = lambda _seen: status(403, "no events")
    assert acted(K8sEvent({}), cluster).status == "failed"
