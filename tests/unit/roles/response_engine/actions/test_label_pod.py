# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""label_pod: what is asked for, beside what is there."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.actions.label_pod import LabelPod
from bulkhead_response.errors import ConfigError
from tests.unit.roles.response_engine.answering import Reply, Seen
from tests.unit.roles.response_engine.fake_cluster import POD, FakeCluster, a_pod, acted, status

_STEP = {"labels": {"seen": "yes"}, "annotations": {"example.com/why": "a shell"}}


def test_others_stay() -> None:
    cluster = FakeCluster(a_pod(labels={"app": "web"}, annotations={"a": "b"}))
    assert acted(LabelPod(_STEP), cluster).status == "done"
    metadata = cluster.objects[POD]["metadata"]
    assert metadata["labels"] == {"app": "web", "seen": "yes"}
    assert metadata["annotations"] == {"a": "b", "example.com/why": "a shell"}
    assert acted(LabelPod(_STEP), cluster).status == "already_done"
    assert len(cluster.writes()) == 1


def test_a_dry_run_only_looks() -> None:
    cluster = FakeCluster(a_pod())
    assert acted(LabelPod(_STEP), cluster, dry_run=True).status == "would_do"
    assert not cluster.writes()


def test_a_pod_that_is_gone_cannot_be_labelled() -> None:
    outcome = acted(LabelPod(_STEP), FakeCluster())
    assert (outcome.status, outcome.retry) == ("failed", False)


def test_what_takes_its_name_in_between_gets_no_label() -> None:
    cluster = FakeCluster(a_pod())

    def replace(seen: Seen) -> Reply | None:
        if seen.method == "PATCH":
            cluster.put(a_pod(uid="uid-2"))
        return None

    cluster.before = replace
    assert acted(LabelPod(_STEP), cluster).status == "failed"
    assert "labels" not in cluster.objects[POD]["metadata"]


@pytest.mark.parametrize(("code", "requests"), [(409, 10), (422, 4), (403, 2)])
def test_how_often_it_is_tried(code: int, requests: int) -> None:
    """Each time with a look at the pod first."""
    cluster = FakeCluster(a_pod())
    cluster.before = lambda seen: status(code) if seen.method == "PATCH" else None
    outcome = acted(LabelPod(_STEP), cluster)
    assert (outcome.status, outcome.retry, len(cluster.seen)) == ("failed", code != 422, requests)


@pytest.mark.parametrize("params", [{}, {"labels": {"a b": "c"}}, {"labels": {"a": "b c"}}, {"labels": {"a": 1}}])
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        LabelPod(params)
