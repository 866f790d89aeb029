# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of three servers: a stream outlives one of them, the audit sees all, and no client joins it as a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.e2e.nats_cluster import ADMIN, MONITOR, Cluster, nats_cluster
from tests.lab.ansible import run_module
from tests.lab.dockerd import REPOSITORY
from tests.lab.kubernetes.ports import free_port

_STREAM = {"name": "FALCO", "subjects": ["falco.>"], "replicas": 3, "max_bytes": "64MiB", "deny_delete": True}

# nats-py leaves the sockets of refused connections to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with nats_cluster("one", "two", "three") as made:
        yield made


def test_a_client_does_not_join_the_cluster_as_a_server(cluster: Cluster) -> None:
    """Its certificate is of the authority of clients; behind the port of routes there are no users."""
    pki = cluster.folder / "pki"
    client = {f"{part}_file": str(pki / f"clients/admin/{part}.pem") for part in ("cert", "key")}
    tls = {**client, "ca_file": str(pki / "servers/one/cluster-ca.pem")}
    address = f"127.0.0.1:{free_port()}"
    more = {name: f"127.0.0.1:{free_port()}" for name in ("listen", "monitor")}
    routes = {**cluster.settings("one")["cluster"], "listen": address, "tls": tls}
    store = {"store_dir": str(cluster.folder / "stranger")}
    cluster.start("one", "stranger", **more, server_name="stranger", jetstream=store, cluster=routes)
    log = cluster.processes
    log.wait("refusal", lambda: "Router connection closed" in log.tail("stranger"), ["stranger"])
    assert cluster.routes("one") == 2
    log.kill("stranger")


def test_a_stream_outlives_a_server(cluster: Cluster) -> None:
    done = run_module("nats_stream", {**cluster.arguments(), "streams": [_STREAM]})
    assert done.get("changed"), done
    again = run_module("nats_stream", {**cluster.arguments(), "streams": [_STREAM]})
    assert again.get("changed") is False, again

    async def publish(first: int, server: str) -> None:
        connection = await cluster.user(ADMIN, server).connect()
        stream = connection.jetstream(timeout=60)
        for number in range(first, first + 50):
            await stream.publish("falco.notice.shell", b"{}", headers={"Nats-Msg-Id": str(number)}, timeout=60)
        await connection.close()

    async def leader(server: str) -> str:
        connection = await cluster.user(ADMIN, server).connect()
        info = await connection.jetstream(timeout=60).stream_info("FALCO")
        await connection.close()
        assert info.cluster is not None
        return str(info.cluster.leader)

    async def count(server: str) -> int:
        connection = await cluster.user(ADMIN, server).connect()
        info = await connection.jetstream(timeout=60).stream_info("FALCO")
        await connection.close()
        return int(info.state.messages)

    asyncio.run(publish(0, "one"))
    lost = asyncio.run(leader("one"))
    cluster.processes.kill(lost)
    left = next(name for name in cluster.names if name != lost)
    arguments = {**cluster.arguments(), "servers": [cluster.url(left)]}
    # Until there is a new leader, the module asks again.
    assert run_module("nats_stream", {**arguments, "streams": [_STREAM]}).get("changed") is False
    # The first ten are doubles of what was there before.
    asyncio.run(publish(40, left))
    assert asyncio.run(count(left)) == 90
    cluster.start(lost)
    cluster.await_health(*cluster.names)


def _audit(cluster: Cluster) -> dict[str, Any]:
    return run_module("nats_audit", {**cluster.arguments(MONITOR), "include_passes": True})


def _failed(audit: dict[str, Any]) -> set[str]:
    return {finding["control"] for finding in audit["findings"] if finding["status"] == "fail"}


def test_the_audit_sees_every_server_through_one(cluster: Cluster) -> None:
    # The server that the test before has killed may still be catching up.
    deadline = time.monotonic() + 120
    while "nats.stream.replicas_current" in (failed := _failed(audit := _audit(cluster))):
        assert time.monotonic() < deadline, "a replica never caught up"
        time.sleep(0.5)
    assert sorted(audit["versions"]) == sorted(cluster.names)
    assert audit["target"] == "lab"
    assert failed == {"nats.account.memory_limit"}
    passed = {finding["control"] for finding in audit["findings"] if finding["status"] == "pass"}
    assert {"nats.server.cluster_certificates", "nats.stream.replicas"} <= passed


def test_the_streams_of_the_role_fit_into_its_account(cluster: Cluster) -> None:
    options = yaml.safe_load((REPOSITORY / "roles/nats/meta/argument_specs.yml").read_text())["argument_specs"]["main"]
    defaults = {name: option.get("default") for name, option in options["options"].items()}
    limits = defaults["nats_accounts"][0]["jetstream"]
    assert limits["max_file"] == "{{ 8 * nats_stream_replicas | int }}GiB"
    settings = cluster.settings("one")
    settings["accounts"][0]["jetstream"] = {**limits, "max_file": "24GiB"}
    for name in cluster.names:
        cluster.processes.kill(name)
        jetstream = {**defaults["nats_jetstream"], "store_dir": str(cluster.folder / name)}
        cluster.start(name, accounts=settings["accounts"], jetstream=jetstream)
    cluster.await_health(*cluster.names)
    declared = [{**stream, "replicas": 3} for stream in defaults["nats_streams"]]
    done = run_module("nats_stream", {**cluster.arguments(), "streams": declared})
    assert done.get("changed"), done
