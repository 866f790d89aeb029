# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The swarm as a subject, by what a manager tells and what the node recorded of itself."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.swarm import (
    collect_services,
    collect_swarm,
    host_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, EngineStatus
from tests.unit.daemon_home import DaemonHome
from tests.unit.fake_engine import FakeEngine

NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)
ACTIVE = {"LocalNodeState": "active", "ControlAvailable": True, "NodeAddr": "10.0.0.1", "Cluster": {"ID": "c1"}}
WORKER = {"LocalNodeState": "active", "ControlAvailable": False, "NodeAddr": "10.0.0.2"}

# The root CA of a swarm: EC, valid for twenty years from 2024-01-01.
ROOT = """-----BEGIN CERTIFICATE-----
MIIBQjCB6qADAgECAgEBMAoGCCqGSM49BAMCMBMxETAPBgNVBAMMCHN3YXJtLWNh
MB4XDTI0MDEwMTAwMDAwMFoXDTQzMTIyNzAwMDAwMFowEzERMA8GA1UEAwwIc3dh
cm0tY2EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARBefKuS4yMgtg4wIsjMsIT
jWMB17CN3kH7nzHt/mVG7u++hVnCs7mn8dmeNTrhrOHgeHe4yQKbGWDGtJ1PQaVh
oy8wLTAMBgNVHRMEBTADAQH/MB0GA1UdDgQWBBTWysxxyeggTwU87yQ6Lwlp9yJM
yTAKBggqhkjOPQQDAgNHADBEAiBK+85E6RIBOpAMd6/ZCS+JfBTZV2yKAxeE1RCf
7CidNAIgcbZuHBU+HqHrfWFJAfjUxKiD2KA9Sb2J1do9wKEeBw8=
-----END CERTIFICATE-----
"""

CLUSTER = {
    "Spec": {"CAConfig": {"NodeCertExpiry": 7776000000000000}, "EncryptionConfig": {"AutoLockManagers": True}},
    "TLSInfo": {"TrustRoot": ROOT},
    "RootRotationInProgress": False,
}
NODES = [{"Spec": {"Role": "manager"}}, {"Spec": {"Role": "manager"}}, {"Spec": {"Role": "worker"}}]


def info(swarm: dict[str, Any]) -> dict[str, Any]:
    return {"Swarm": swarm, "DockerRootDir": "/var/lib/docker"}


def manager(**answers: Any) -> FakeEngine:
    return FakeEngine({"/info": info(ACTIVE), "/swarm": CLUSTER, "/nodes": NODES, **answers})


def collected(engine: FakeEngine, home: DaemonHome | None = None) -> dict[str, Any]:
    [facts] = collect_swarm(engine, home.process() if home else None, now=NOW)
    return facts


@pytest.mark.parametrize("swarm", [None, {}, {"LocalNodeState": "inactive"}])
def test_without_swarm_mode_there_is_no_subject(swarm: dict[str, Any] | None) -> None:
    engine = FakeEngine({"/info": {"Swarm": swarm}})
    assert collect_swarm(engine, None) == []
    assert collect_services(engine, {"Swarm": swarm}) == []


def test_what_a_manager_tells() -> None:
    facts = collected(manager())
    assert facts["subject"] == {"kind": "swarm", "name": "c1"}
    assert (facts["managers"], facts["auto_lock"], facts["node_certificate_days"]) == (2, True, 90.0)
    assert facts["manager"] is True


def test_the_age_of_the_root_follows_from_its_certificate() -> None:
    facts = collected(manager())
    assert facts["root_ca_not_before"].startswith("2024-01-01T")
    assert facts["root_ca_age_days"] == (NOW - datetime(2024, 1, 1, tzinfo=timezone.utc)).days


def test_a_root_that_cannot_be_read_is_unknown() -> None:
    facts = collected(manager(**{"/swarm": {**CLUSTER, "TLSInfo": {}}}))
    assert "cannot be read" in facts["unknown"]["root_ca_age_days"]
    assert facts["auto_lock"] is True


def test_a_worker_says_why_it_does_not_know() -> None:
    refusal = EngineStatus(503, "This node is not a swarm manager.")
    facts = collected(FakeEngine({"/info": info(WORKER), "/swarm": refusal}))
    for fact in ("managers", "auto_lock", "node_certificate_days", "root_ca_age_days"):
        assert "only a manager" in facts["unknown"][fact]
        assert fact not in facts
    with pytest.raises(DockerError, match="manager"):
        collect_services(FakeEngine({}), info(WORKER))


@pytest.mark.parametrize(
    ("record", "everywhere", "separate"),
    [
        ({"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "10.0.0.1:2377", "DataPathAddr": ""}, True, False),
        ({"ListenAddr": "[::]:2377", "AdvertiseAddr": "10.0.0.1", "DataPathAddr": "10.0.0.1"}, True, False),
        ({"ListenAddr": "10.0.0.1:2377", "AdvertiseAddr": "10.0.0.1:2377", "DataPathAddr": "10.1.0.1"}, False, True),
        ({"ListenAddr": "eth0:2377", "AdvertiseAddr": "", "DataPathAddr": "10.0.0.1"}, False, False),
        ({}, True, False),
    ],
)
def test_addresses_are_those_of_the_nodes_own_record(
    tmp_path: Path, record: dict[str, Any], everywhere: bool, separate: bool
) -> None:
    home = DaemonHome(tmp_path)
    home.put("/var/lib/docker/swarm/docker-state.json", json.dumps(record))
    facts = collected(manager(), home)
    assert (facts["listens_everywhere"], facts["data_path_separate"]) == (everywhere, separate)


def test_without_the_record_addresses_are_unknown(tmp_path: Path) -> None:
    for home in (None, DaemonHome(tmp_path)):
        unknown = collected(manager(), home)["unknown"]
        assert {"listens_everywhere", "data_path_separate"} <= set(unknown)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("10.0.0.1:2377", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.1"),
        ("[fe80::1]:2377", "fe80::1"),
        ("fe80::1", "fe80::1"),
        ("eth0", "eth0"),
        ("", ""),
    ],
)
def test_hosts_of_addresses(address: str, host: str) -> None:
    assert host_of(address) == host


def test_services_name_their_secrets_and_do_not_show_them() -> None:
    spec = {
        "Name": "web",
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "web:1",
                "Env": ["DB_PASSWORD=hunter2hunter2", "DB_PASSWORD_FILE=/run/secrets/db", "TZ=UTC"],
                "Secrets": [{"SecretName": "db"}],
            }
        },
    }
    engine = FakeEngine({"/services": [{"Spec": spec, "Endpoint": {"Ports": [{"PublishedPort": 80}]}}]})
    [service] = collect_services(engine, info(ACTIVE))
    assert service["subject"] == {"kind": "service", "name": "web"}
    assert [secret["name"] for secret in service["secret_env"]] == ["DB_PASSWORD"]
    assert (service["secrets"], service["published_ports"]) == (["db"], [80])
    assert "hunter2" not in str(service)


def test_secrets_of_a_services_command_and_health_check() -> None:
    container = {
        "Command": ["server"],
        "Args": ["--api-key=hunter2hunter2"],
        "Healthcheck": {"Test": ["CMD-SHELL", "mysqladmin --password=hunter3hunter3 status"]},
    }
    spec = {"Name": "web", "TaskTemplate": {"ContainerSpec": container}}
    [service] = collect_services(FakeEngine({"/services": [{"Spec": spec}]}), info(ACTIVE))
    assert [secret["name"] for secret in service["secret_env"]] == ["api-key", "password"]
    assert "hunter" not in repr(service)
