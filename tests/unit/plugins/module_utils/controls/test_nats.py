# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of NATS, on the facts of a server that is hardened and of one that is bare."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.nats import (
    NATS_CONTROLS,
    NATS_SCOPES,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.snapshot import snapshot_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.source import Answers

_HARDENED: dict[str, Any] = {
    "server_name": "one",
    "version": "2.12.0",
    "auth_required": True,
    "tls_required": True,
    "tls_verify": True,
    "auth_timeout": 5,
    "system_account": "SYS",
    "http_host": "127.0.0.1",
    "http_port": 8222,
    "max_connections": 1000,
    "max_payload": 1048576,
    "max_subscriptions": 1000,
    "tls_cert_not_after": "2030-12-01T00:00:00Z",
    "now": "2030-01-01T00:00:00Z",
    "cluster": {"name": "c", "cluster_port": 6222, "tls_required": True, "tls_verify": True},
    "jetstream": {"config": {"max_storage": 1000}, "stats": {"storage": 10}},
}
_BARE: dict[str, Any] = {
    "server_name": "one",
    "version": "2.9.10",
    "http_port": 8222,
    "max_connections": 65536,
    "max_payload": 67108864,
    "auth_timeout": 30,
    "slow_consumers": 3,
    "cluster": {"name": "c", "cluster_port": 6222},
    "leaf": {"port": 7422},
    "websocket": {"port": 8080, "no_tls": True},
    "mqtt": {"port": 1883},
    "jetstream": {"config": {"max_storage": 1000}, "stats": {"storage": 900}},
}


def _failed(varz: dict[str, Any], jsz: dict[str, Any], health: str, clients: list[dict[str, Any]]) -> set[str]:
    said = {"varz": varz, "jsz": jsz, "healthz": {"status": health}, "connz": {"connections": clients}}
    verdict = evaluate(snapshot_of(Answers({"one": said})), NATS_CONTROLS, "lab")
    return {finding["control"] for finding in verdict.findings if finding["status"] == "fail"}


def _jsz(account: dict[str, Any], config: dict[str, Any], consumer: dict[str, Any]) -> dict[str, Any]:
    replicas = [{"name": "two", "current": bool(account)}]
    stream = {
        "name": "S",
        "config": config,
        "state": {"bytes": 95},
        "cluster": {"replicas": replicas},
        "consumer_detail": [{"name": "c", "stream_name": "S", **consumer}],
    }
    return {"account_details": [{"name": "A", **account, "stream_detail": [stream]}]}


def test_a_hardened_server_has_nothing_to_answer_for() -> None:
    jsz = _jsz(
        {"reserved_storage": 1, "reserved_memory": 1},
        {"subjects": ["a.>"], "max_bytes": 1000, "num_replicas": 1},
        {"config": {"ack_policy": "explicit", "durable_name": "c", "max_ack_pending": 10}},
    )
    assert _failed(_HARDENED, jsz, "ok", [{"tls_version": "1.3", "account": "A"}]) == set()


def test_a_bare_server_fails_every_control_that_applies() -> None:
    jsz = _jsz(
        {},
        {"subjects": [">"], "max_bytes": 100, "discard": "new"},
        {
            "config": {"ack_policy": "none", "durable_name": "c", "max_ack_pending": 5},
            "num_pending": 20000,
            "num_ack_pending": 5,
        },
    )
    failed = _failed(_BARE, jsz, "unavailable", [{"account": "$G"}, {"tls_version": "1.0", "account": "$G"}])
    of_servers = {control.id for control in NATS_CONTROLS if control.scope not in ("configuration", "user")}
    # Without TLS there is no certificate; one server is no cluster of three; and what is bounded is so by its size.
    assert of_servers - failed == {
        "nats.server.client_certificates",
        "nats.server.certificate_days_left",
        "nats.server.jetstream_limit",
        "nats.stream.replicas",
        "nats.stream.bounded",
    }


def test_what_was_not_given_is_manual_or_an_error_and_never_a_pass() -> None:
    snapshot = snapshot_of(Answers({"one": {"varz": _HARDENED}}, {"jsz": "not allowed"}))
    snapshot["unseen"] = {"configuration": "not given", "user": "not given"}
    verdict = evaluate(snapshot, NATS_CONTROLS, "lab", include_passes=True)
    status = {finding["control"]: finding["status"] for finding in verdict.findings}
    assert status["nats.stream.bounded"] == "error"
    assert status["nats.user.publish_everything"] == "manual"
    assert status["nats.server.healthy"] == "error"


def test_ids_are_told_apart_and_begin_with_their_system() -> None:
    ids = [control.id for control in NATS_CONTROLS]
    assert len(set(ids)) == len(ids)
    assert all(control.id.startswith(f"nats.{control.scope}.") for control in NATS_CONTROLS)
    assert {control.scope for control in NATS_CONTROLS} == set(NATS_SCOPES)
