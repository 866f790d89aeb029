# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 7 on real swarms of one node, judged against an independent client."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest

from tests.e2e.audited import Audited
from tests.lab.dockerd import Dockerd, free_port

CONTROLS = (
    "managers",
    "listen_address",
    "overlay_encrypted",
    "service_secrets",
    "auto_lock",
    "unlock_key_rotation",
    "node_certificates",
    "root_ca",
    "data_path",
)


def test_without_swarm_mode_nothing_scores(dockerd: Dockerd) -> None:
    audited = Audited(dockerd)
    assert {audited.status(f"docker.swarm.{control}") for control in CONTROLS} == {"not_applicable"}


@pytest.fixture(scope="module")
def careless() -> Iterator[Audited]:
    """A swarm made with nothing but `docker swarm init`, and a service with a password in its environment."""
    with Dockerd(bridge=True) as daemon, contextlib.closing(daemon.client()) as client:
        client.swarm.init(advertise_addr="127.0.0.1")
        _service(client, "web", ["DB_PASSWORD=hunter2-and-more", "DB_PASSWORD_FILE=/run/secrets/db", "TZ=UTC"])
        client.networks.create("back", driver="overlay", attachable=True)
        yield Audited(daemon)


def _service(client: docker.DockerClient, name: str, env: list[str]) -> None:
    api: Any = client.api
    api.create_service(
        {"ContainerSpec": {"Image": "none:1", "Env": env}}, name=name, mode={"Replicated": {"Replicas": 0}}
    )


@pytest.mark.parametrize(
    ("control", "name", "expected"),
    [
        ("managers", None, "pass"),
        ("listen_address", None, "fail"),
        ("overlay_encrypted", "ingress", "fail"),
        ("overlay_encrypted", "back", "fail"),
        ("service_secrets", "web", "fail"),
        ("auto_lock", None, "fail"),
        ("unlock_key_rotation", None, "not_applicable"),
        ("node_certificates", None, "pass"),
        ("root_ca", None, "pass"),
        ("data_path", None, "fail"),
    ],
)
def test_a_careless_swarm(careless: Audited, control: str, name: str | None, expected: str) -> None:
    assert careless.status(f"docker.swarm.{control}", name) == expected


def test_live_restore_does_not_go_with_a_swarm(careless: Audited) -> None:
    assert careless.status("docker.daemon.live_restore") == "not_applicable"


def test_a_secret_of_a_service_is_named_and_never_shown(careless: Audited) -> None:
    assert careless.of("docker.swarm.service_secrets", "web")["actual"] == ["DB_PASSWORD"]
    assert "hunter2" not in str(careless.result)


@pytest.fixture(scope="module")
def careful() -> Iterator[tuple[Audited, dict[str, Any]]]:
    """A swarm that was made with care, and what the SDK says of it."""
    with Dockerd(bridge=True) as daemon, contextlib.closing(daemon.client()) as client:
        spec = client.api.create_swarm_spec(autolock_managers=True, node_cert_expiry=30 * 86_400 * 10**9)
        client.api.init_swarm(
            advertise_addr="127.0.0.1",
            listen_addr=f"127.0.0.1:{free_port()}",
            data_path_addr="127.0.0.2",
            swarm_spec=spec,
        )
        client.networks.create("safe", driver="overlay", options={"encrypted": ""})
        _service(client, "db", ["DB_PASSWORD_FILE=/run/secrets/db"])
        yield Audited(daemon), client.swarm.attrs


@pytest.mark.parametrize(
    ("control", "name", "expected"),
    [
        ("managers", None, "pass"),
        ("listen_address", None, "pass"),
        ("overlay_encrypted", "safe", "pass"),
        ("service_secrets", "db", "pass"),
        ("auto_lock", None, "pass"),
        ("unlock_key_rotation", None, "manual"),
        ("node_certificates", None, "pass"),
        ("root_ca", None, "pass"),
        ("data_path", None, "pass"),
    ],
)
def test_a_careful_swarm(
    careful: tuple[Audited, dict[str, Any]], control: str, name: str | None, expected: str
) -> None:
    assert careful[0].status(f"docker.swarm.{control}", name) == expected


def test_our_facts_are_those_of_an_independent_client(careful: tuple[Audited, dict[str, Any]]) -> None:
    audited, attributes = careful
    facts = audited.facts("swarm")
    assert facts["subject"]["name"] == attributes["ID"]
    assert facts["node_certificate_days"] == attributes["Spec"]["CAConfig"]["NodeCertExpiry"] / 86_400e9
    assert facts["auto_lock"] is attributes["Spec"]["EncryptionConfig"]["AutoLockManagers"]


def test_the_unlock_key_is_in_no_snapshot(careful: tuple[Audited, dict[str, Any]]) -> None:
    assert "SWMKEY" not in str(careful[0].result)


def test_a_locked_manager_tells_nothing_and_that_is_an_error(make_dockerd: Callable[..., Dockerd]) -> None:
    daemon = make_dockerd(bridge=True)
    with contextlib.closing(daemon.client()) as client:
        spec = client.api.create_swarm_spec(autolock_managers=True)
        client.api.init_swarm(advertise_addr="127.0.0.1", swarm_spec=spec)
    daemon.restart()
    audited = Audited(daemon)
    assert audited.facts("swarm")["state"] == "locked"
    told = {"listen_address", "data_path", "overlay_encrypted"}
    assert {audited.status(f"docker.swarm.{control}") for control in CONTROLS if control not in told} == {"error"}
    assert audited.status("docker.swarm.listen_address") == "fail"
