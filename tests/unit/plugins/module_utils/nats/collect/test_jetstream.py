# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of accounts, streams and consumers; of what several servers have, the leader tells."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.jetstream import (
    account_subjects,
    stream_subjects,
)


def _server(name: str, leader: str, pending: int) -> dict[str, Any]:
    consumer = {
        "name": "engine",
        "stream_name": "FALCO",
        "config": {"ack_policy": "explicit", "durable_name": "engine", "max_ack_pending": 10},
        "num_pending": pending,
        "num_ack_pending": 10,
        "cluster": {"leader": leader},
    }
    stream = {
        "name": "FALCO",
        "config": {"subjects": ["falco.>"], "max_bytes": 200, "num_replicas": 3, "max_age": 86_400_000_000_000},
        "state": {"bytes": 50, "messages": 5},
        "cluster": {"leader": leader, "replicas": [{"name": "b", "current": name != "b"}]},
        "consumer_detail": [consumer],
    }
    account = {"name": "A", "reserved_storage": 100, "reserved_memory": 2**64 - 1, "stream_detail": [stream]}
    clients = [{"kind": "Client", "account": "A"}, {"kind": "Client"}]
    return {
        "varz": {"system_account": "SYS"},
        "jsz": {"account_details": [account]},
        "connz": {"connections": clients},
    }


def test_the_leader_tells() -> None:
    answers = {"a": _server("a", "b", 1), "b": _server("b", "b", 2), "c": _server("c", "b", 3)}
    [stream], [consumer] = stream_subjects(answers)
    assert consumer["pending"] == 2
    assert consumer["stuck"] is True
    assert consumer["subject"] == {"kind": "Consumer", "name": "FALCO/engine", "namespace": "A"}
    assert (stream["replicas"], stream["servers"], stream["used_percent"]) == (3, 3, 25.0)
    assert stream["lagging_replicas"] == ["b"]
    assert stream["max_age_days"] == 1.0


def test_an_account_without_a_limit_has_none() -> None:
    default, named = account_subjects({"a": _server("a", "a", 0)})
    assert (default["subject"]["name"], default["is_default"], default["clients"]) == ("$G", True, 1)
    assert (named["max_storage"], named["max_memory"], named["jetstream"]) == (100, None, True)
