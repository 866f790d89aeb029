# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to happen to streams and consumers, told without a server."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.errors import NatsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.stream_plan import (
    check_names,
    plan,
)

_STREAM = {"name": "FALCO", "subjects": ["falco.>"], "max_age": "1d", "storage": "file"}
_CONFIG: dict[str, Any] = {
    "name": "FALCO",
    "subjects": ["falco.>"],
    "max_age": 86_400_000_000_000,
    "storage": "file",
    "deny_delete": True,
    "num_replicas": 1,
    "of_a_newer_server": {"x": 1},
}


def _found(config: dict[str, Any] | None = None, **consumers: Any) -> dict[str, Any]:
    return {"FALCO": {"config": config or _CONFIG, "messages": 7, "consumers": consumers}}


def _actions(streams: list[dict[str, Any]], found: dict[str, Any], *, recreate: bool = False) -> list[str]:
    return [step.action for step in plan(streams, found, recreate=recreate)]


def test_what_is_as_declared_is_left_alone() -> None:
    assert _actions([_STREAM], _found()) == ["unchanged"]
    assert _actions([{**_STREAM, "max_age": "24h"}], _found()) == ["unchanged"]
    assert _actions([{"name": "FALCO"}], _found()) == ["unchanged"]


def test_a_change_sends_what_the_server_has_beside_it() -> None:
    [step] = plan([{**_STREAM, "max_age": "2d"}], _found(), recreate=False)
    assert step.action == "changed"
    assert step.fields == [{"path": "max_age", "before": "1d", "after": "2d"}]
    assert step.config["of_a_newer_server"] == {"x": 1}
    assert step.config["max_age"] == 2 * _CONFIG["max_age"]


def test_the_order_of_subjects_means_nothing() -> None:
    config = {**_CONFIG, "subjects": ["b", "a"]}
    assert _actions([{**_STREAM, "subjects": ["a", "b"]}], _found(config)) == ["unchanged"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"storage": "memory"}, "storage cannot change from file to memory in place"),
        ({"retention": "workqueue"}, "retention cannot change"),
        ({"deny_delete": False}, "deny_delete cannot be taken back"),
    ],
)
def test_what_cannot_change_in_place_is_refused_or_made_anew(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(NatsError, match=sentence) as refused:
        plan([{**_STREAM, **change}], _found(), recreate=False)
    assert "loses its 7 messages" in str(refused.value)
    [step] = plan([{**_STREAM, **change}], _found(), recreate=True)
    assert (step.action, step.lost) == ("recreated", 7)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"duplicate_window": "0"}, "duplicate_window: a server takes 0 for its default"),
        ({"max_consumers": 0}, "max_consumers: a server takes 0 for its default"),
        ({"max_bytes": "0"}, "max_bytes: a server takes 0 for its default"),
        ({"consumers": [{"name": "c", "max_ack_pending": 0}]}, "max_ack_pending: a server takes 0 for its default"),
        ({"consumers": [{"name": "c", "ack_wait": "30s", "backoff": ["1s"]}]}, "the first of backoff"),
    ],
)
def test_what_a_server_would_change_at_once_is_refused(change: dict[str, Any], sentence: str) -> None:
    """It would be another change in every run."""
    with pytest.raises(NatsError, match=sentence):
        plan([{**_STREAM, **change}], {}, recreate=False)


def test_consumers_go_with_their_stream() -> None:
    stream = {**_STREAM, "storage": "memory", "consumers": [{"name": "engine", "ack_wait": "30s"}]}
    found = _found(engine={"ack_wait": 30_000_000_000})
    assert _actions([stream], found, recreate=True) == ["recreated", "created"]


def test_one_filter_has_another_name_than_several() -> None:
    def consumer(*subjects: str) -> list[dict[str, Any]]:
        return [{**_STREAM, "consumers": [{"name": "engine", "filter_subjects": list(subjects)}]}]

    found = _found(engine={"filter_subject": "falco.a", "durable_name": "engine"})
    assert plan(consumer("falco.a"), found, recreate=False)[1].action == "unchanged"
    several = plan(consumer("falco.a", "falco.b"), found, recreate=False)[1].config
    assert several == {"filter_subjects": ["falco.a", "falco.b"], "durable_name": "engine"}
    other = plan(consumer("falco.b"), found, recreate=False)[1].config
    assert other == {"filter_subject": "falco.b", "durable_name": "engine"}


def test_what_is_to_be_gone_is_deleted_once() -> None:
    gone = [{"name": "FALCO", "state": "absent"}]
    [step] = plan(gone, _found(), recreate=False)
    assert (step.action, step.lost) == ("deleted", 7)
    assert _actions(gone, {}) == ["unchanged"]
    consumer = [{**_STREAM, "consumers": [{"name": "engine", "state": "absent"}]}]
    assert _actions(consumer, _found(engine={})) == ["unchanged", "deleted"]


def test_a_new_stream_needs_subjects() -> None:
    with pytest.raises(NatsError, match="stream NEW: a new stream needs subjects"):
        plan([{"name": "NEW"}], {}, recreate=False)


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a*", "../x", "a/b", "x" * 256])
def test_names_that_would_be_subjects_or_folders_are_refused(name: str) -> None:
    with pytest.raises(NatsError, match="cannot be a name"):
        check_names([{"name": name}])
    with pytest.raises(NatsError, match="cannot be a name"):
        check_names([{"name": "A", "consumers": [{"name": name}]}])


def test_a_name_stands_once() -> None:
    with pytest.raises(NatsError, match="declared twice"):
        check_names([{"name": "A"}, {"name": "A"}])
