# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a server from what it says of itself."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.collect.servers import server_subject

VARZ: dict[str, Any] = {
    "version": "2.12.0",
    "auth_required": True,
    "tls_required": True,
    "tls_verify": True,
    "http_host": "127.0.0.1",
    "http_port": 8222,
    "max_connections": 100,
    "write_deadline": 10_000_000_000,
    "tls_cert_not_after": "2030-02-01T00:00:00Z",
    "now": "2030-01-01T00:00:00.123456789Z",
    "jetstream": {"config": {"max_storage": 1000, "max_memory": 100}, "stats": {"storage": 850}},
}
SAID: dict[str, Any] = {"varz": VARZ, "connz": {"connections": []}, "healthz": {"status": "ok"}}


def _facts(**varz: Any) -> dict[str, Any]:
    return server_subject("one", {**SAID, "varz": {**VARZ, **varz}}, {})


def test_it_tells_what_it_is() -> None:
    facts = _facts()
    assert facts["certificate_days_left"] == 31
    assert facts["storage_used_percent"] == 85.0
    assert facts["write_deadline_seconds"] == 10.0
    assert facts["healthy"] is True
    assert "unknown" not in facts


@pytest.mark.parametrize(
    ("host", "port", "exposed"),
    [("127.0.0.1", 8222, False), ("::1", 8222, False), ("0.0.0.0", 8222, True), ("", 8222, True), ("", 0, False)],
)
def test_monitoring_is_exposed_where_others_reach_it(host: str, port: int, exposed: bool) -> None:
    assert _facts(http_host=host, http_port=port)["monitoring_exposed"] is exposed


def test_what_it_does_not_tell_is_unknown_with_the_reason() -> None:
    facts = server_subject("one", {"varz": {**VARZ, "tls_cert_not_after": None}}, {"connz": "forbidden"})
    assert set(facts["unknown"]) == {"certificate_days_left", "healthy", "clients_without_tls"}
    assert facts["unknown"]["clients_without_tls"] == "forbidden"


def test_clients_are_counted_and_not_named() -> None:
    clients = [
        {"kind": "Client", "tls_version": "1.3"},
        {"kind": "Client", "authorized_user": "joe"},
        {"kind": "Router"},
    ]
    facts = server_subject("one", {**SAID, "connz": {"connections": clients}}, {})
    assert facts["clients_without_tls"] == 1
    assert "joe" not in str(facts)
