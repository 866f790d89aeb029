# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of the response runner on containers of a real Docker daemon."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from bulkhead_response.actions import ACTIONS
from bulkhead_response.docker_api import DockerApi
from bulkhead_response.errors import Unreachable
from bulkhead_response.outcome import Outcome
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images
from tests.unit.roles.response_engine.answering import an_alert, run

_HOST_ACTIONS = ("stop_container", "kill_container", "pause_container", "disconnect_container")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Dockerd]:
    """One for the file: each test has containers of its own."""
    with Dockerd(bridge=True) as started:
        with contextlib.closing(started.client()) as client:
            make_images(client, [])
        yield started


@pytest.fixture
def client(daemon: Dockerd) -> Iterator[docker.DockerClient]:
    """An independent client, and no container left behind."""
    with contextlib.closing(daemon.client()) as made:
        yield made
        for container in made.containers.list(all=True):
            container.remove(force=True)


def _act(daemon: Dockerd, name: str, params: dict[str, Any], *, dry_run: bool = False, **target: Any) -> Outcome:
    async def play() -> Outcome:
        engine = DockerApi({"socket": daemon.socket})
        alert = an_alert(**{"namespace": "", "pod": "", "pod_uid": "", "container": "", **target})
        try:
            return await run(ACTIONS[name](params), alert, docker=engine, dry_run=dry_run)
        finally:
            await engine.close()

    return asyncio.run(play())


def _started(client: docker.DockerClient, name: str, **options: Any) -> Container:
    return client.containers.run(BASE, name=name, detach=True, **options)


def _state(container: Container) -> str:
    container.reload()
    return str(container.status)


@pytest.mark.parametrize(
    ("name", "state"), [("stop_container", "exited"), ("kill_container", "exited"), ("pause_container", "paused")]
)
def test_a_container_ends_or_stands_still(daemon: Dockerd, client: docker.DockerClient, name: str, state: str) -> None:
    victim, other = _started(client, "victim", restart_policy={"Name": "always"}), _started(client, "other")
    target: dict[str, Any] = {"container_id": str(victim.id)[:12], "container": "victim"}
    assert _act(daemon, name, {}, dry_run=True, **target).status == "would_do"
    assert _state(victim) == "running"
    assert _act(daemon, name, {}, **target).status == "done"
    assert (_state(victim), _state(other)) == (state, "running")
    assert _act(daemon, name, {}, **target).status == "already_done"


def test_what_is_stopped_does_not_come_back_with_the_daemon(daemon: Dockerd, client: docker.DockerClient) -> None:
    """Docker starts a container of the policy `always` again with the daemon, unless that policy is taken from it."""
    victim = _started(client, "victim", restart_policy={"Name": "always"})
    left = _started(client, "left", restart_policy={"Name": "always"})
    stopped = _act(daemon, "stop_container", {"disable_restart": True}, container_id=str(victim.id))
    killed = _act(daemon, "kill_container", {}, container_id=str(left.id))
    assert "starts again with the daemon" not in stopped.message
    assert "starts again with the daemon" in killed.message
    daemon.restart()
    assert (_state(victim), _state(left)) == ("exited", "running")


def test_a_container_loses_its_networks(daemon: Dockerd, client: docker.DockerClient) -> None:
    network = client.networks.create("shop")
    victim = _started(client, "victim")
    network.connect(victim)
    target: dict[str, Any] = {"container_id": str(victim.id)}
    assert _act(daemon, "disconnect_container", {}, dry_run=True, **target).details == {"networks": ["bridge", "shop"]}
    assert _act(daemon, "disconnect_container", {"networks": ["shop"]}, **target).status == "done"
    victim.reload()
    assert set(victim.attrs["NetworkSettings"]["Networks"]) == {"bridge"}
    assert _act(daemon, "disconnect_container", {}, **target).status == "done"
    assert _state(victim) == "running"
    assert not {*victim.attrs["NetworkSettings"]["Networks"]} - {"none"}
    assert _act(daemon, "disconnect_container", {}, **target).status == "already_done"
    network.remove()


def test_a_network_that_is_the_hosts_cannot_be_taken(daemon: Dockerd, client: docker.DockerClient) -> None:
    victim = _started(client, "victim", network_mode="host")
    outcome = _act(daemon, "disconnect_container", {}, container_id=str(victim.id))
    assert (outcome.status, "network mode host" in outcome.message) == ("refused", True)


@pytest.mark.parametrize("name", _HOST_ACTIONS)
def test_another_container_is_never_touched(daemon: Dockerd, client: docker.DockerClient, name: str) -> None:
    """The Engine looks up a name before an id: who calls a container like the id of another must gain nothing."""
    innocent = _started(client, "abcdef012345")
    outcome = _act(daemon, name, {}, container_id="abcdef012345")
    assert (outcome.status, "has its id as a name" in outcome.message) == ("already_done", True)
    renamed = _act(daemon, name, {}, container_id=str(innocent.id), container="victim")
    assert (renamed.status, "is not called victim" in renamed.message) == ("refused", True)
    assert _act(daemon, name, {}, container_id="f" * 64).status == "already_done"
    assert _act(daemon, name, {}, container_id=str(innocent.id)[:11]).status == "refused"
    assert _act(daemon, name, {}, container_id="host").status == "refused"
    assert _state(innocent) == "running"
    assert "bridge" in innocent.attrs["NetworkSettings"]["Networks"]


@pytest.mark.parametrize("name", _HOST_ACTIONS)
def test_the_runner_does_not_end_itself(
    daemon: Dockerd, client: docker.DockerClient, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container its host name is the first digits of its own id."""
    own = _started(client, "runner")
    monkeypatch.setattr(socket, "gethostname", lambda: str(own.id)[:12])
    outcome = _act(daemon, name, {}, container_id=str(own.id))
    assert (outcome.status, "the response runner itself" in outcome.message) == ("refused", True)
    assert _state(own) == "running"


def test_only_what_runs_can_be_paused(daemon: Dockerd, client: docker.DockerClient) -> None:
    ended = client.containers.create(BASE, name="ended")
    assert _act(daemon, "pause_container", {}, container_id=str(ended.id)).status == "refused"


def test_an_engine_that_is_not_there_may_come_back(daemon: Dockerd, client: docker.DockerClient) -> None:
    victim = _started(client, "victim")
    daemon.stop()
    try:
        with pytest.raises(Unreachable, match="does not answer"):
            _act(daemon, "stop_container", {}, container_id=str(victim.id))
    finally:
        daemon.start()
