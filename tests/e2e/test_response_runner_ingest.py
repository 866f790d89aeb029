# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ingest as Falco, falcosidekick and an API server see it: who gets in, what is stored, what has to wait."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.response_doubles import Double
from tests.e2e.response_stage import ResponseStage, alert

_TOKEN = "a-token-of-the-test"
_BURST = 5000


@pytest.fixture
def ingest(response: ResponseStage, tmp_path: Path) -> ResponseStage:
    """The stage with TLS, client certificates and a token; it is not started."""
    token = tmp_path / "token"
    token.write_text(f"{_TOKEN}\n")
    response.config["ingest"] = {
        "listen": f"127.0.0.1:{response.ingest_port}",
        "cert_file": str(response.nats.workdir / "server.crt"),
        "key_file": str(response.nats.workdir / "server.key"),
        "client_ca_file": str(response.nats.ca_file),
        "token_file": str(token),
    }
    return response


def _post(
    stage: ResponseStage,
    bodies: Iterable[bytes],
    *,
    user: str | None = "forwarder",
    token: str = _TOKEN,
    at_once: int = 64,
) -> list[int]:
    """The status of each POST; 0 where the connection was refused."""

    async def post() -> list[int]:
        slots = asyncio.Semaphore(at_once)
        connector = aiohttp.TCPConnector(ssl=_tls(stage, user), limit=at_once)
        headers = {"Authorization": f"Bearer {token}"}

        async def one(body: bytes) -> int:
            async with slots:
                try:
                    async with http.post(f"https://127.0.0.1:{stage.ingest_port}/", data=body) as answer:
                        return answer.status
                except aiohttp.ClientError:
                    return 0

        async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
            return await asyncio.gather(*(one(body) for body in bodies))

    return asyncio.run(post())


def _tls(stage: ResponseStage, user: str | None) -> ssl.SSLContext:
    return stage.nats.tls_context(user)


def _bodies(alerts: Iterable[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(each).encode() for each in alerts]


def test_what_falco_posts_is_answered_once_however_often_it_is_sent(ingest: ResponseStage, outside: Double) -> None:
    ingest.start()
    falco = alert(1)
    del falco["uuid"]  # Falco itself gives none
    assert _post(ingest, _bodies([falco, falco, alert(2), alert(2)])) == [200] * 4
    ingest.await_finished()
    assert ingest.count("FALCO", "falco.notice.terminal_shell_in_container") == 2
    assert dict(outside.deleted) == {"web-1": 1, "web-2": 1}


def test_nobody_gets_in_unknown(ingest: ResponseStage) -> None:
    ingest.start()
    body = _bodies([alert(1)])
    assert _post(ingest, body, user=None) == [0]
    assert _post(ingest, body, token="another") == [401]
    assert ingest.count("FALCO", ">") == 0


def test_what_is_no_alert_is_refused_and_kept(ingest: ResponseStage) -> None:
    ingest.config["limits"]["max_alert_bytes"] = 10_000
    ingest.start()
    bad = alert(1, **{"k8s.pod.name": "../../secrets"})
    assert _post(ingest, [b"{", *_bodies([bad]), b"x" * 20_000]) == [400, 400, 413]
    found = [subject.removeprefix("response.dead.") for subject, _letter in ingest.records("dead")]
    assert sorted(found) == ["bad_names", "not_json", "too_large"]


def test_an_alert_is_not_acknowledged_before_it_is_stored(ingest: ResponseStage, outside: Double) -> None:
    ingest.start()
    ingest.nats.kill()
    assert _post(ingest, _bodies([alert(1)])) == [503]
    ingest.nats.start()
    ingest.await_ready()
    assert _post(ingest, _bodies([alert(1)])) == [200]
    ingest.await_finished()
    assert dict(outside.deleted) == {"web-1": 1}


def test_a_burst_is_stored_or_told_to_wait_within_bounded_memory(ingest: ResponseStage) -> None:
    ingest.config["rules"][0]["match"] = {"rules": ["Another rule"]}
    ingest.start()
    statuses = Counter(_post(ingest, _bodies(alert(number) for number in range(_BURST)), at_once=400))
    assert set(statuses) <= {200, 503}
    assert ingest.count("FALCO", ">") >= statuses[200] > 0
    status = Path(f"/proc/{ingest.runner.pid}/status").read_text()
    assert int(status.partition("VmHWM:")[2].split()[0]) < 120 * 1024
    ingest.await_finished()


def test_audit_events_become_messages_of_their_own(ingest: ResponseStage, outside: Double) -> None:
    ingest.config["ingest"]["format"] = "k8s_audit"
    ingest.config["source"].append({"stream": "K8S_AUDIT", "consumer": "response_engine", "format": "k8s_audit"})
    ingest.config["rules"] = [{"name": "told", "match": {"sources": ["k8s_audit"]}, "steps": _told(outside)}]
    ingest.start()
    assert _post(ingest, _bodies([{"kind": "EventList", "items": [_exec_event(1), _harmless_event(2)]}])) == [200]
    ingest.await_finished("K8S_AUDIT")
    assert ingest.count("K8S_AUDIT", "k8saudit.create.pods") == 1
    assert ingest.count("K8S_AUDIT", "k8saudit.list.pods") == 1
    assert {record["status"] for _subject, record in ingest.records()} == {"acted"}
    assert len(outside.told) == 1


def _told(outside: Double) -> list[dict[str, Any]]:
    return [{"notify": "webhook", "params": {"url": f"{outside.url}/told"}}]


def _harmless_event(number: int) -> dict[str, Any]:
    return {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": f"00000000-0000-4000-8000-{number:012d}",
        "stage": "ResponseComplete",
        "requestURI": "/api/v1/namespaces/shop/pods",
        "verb": "list",
        "user": {"username": "jane", "groups": ["system:authenticated"]},
        "sourceIPs": ["10.0.0.1"],
        "objectRef": {"resource": "pods", "namespace": "shop", "apiVersion": "v1"},
        "responseStatus": {"code": 200},
        "requestReceivedTimestamp": "2026-01-01T00:00:00.000000Z",
        "stageTimestamp": "2026-01-01T00:00:00.100000Z",
    }


def _exec_event(number: int) -> dict[str, Any]:
    reference = {"resource": "pods", "subresource": "exec", "namespace": "shop", "name": "web-1", "apiVersion": "v1"}
    uri = "/api/v1/namespaces/shop/pods/web-1/exec?command=sh"
    return {
        **_harmless_event(number),
        "requestURI": uri,
        "verb": "create",
        "objectRef": reference,
        "stage": "ResponseStarted",
        "responseStatus": {"code": 101},
    }
