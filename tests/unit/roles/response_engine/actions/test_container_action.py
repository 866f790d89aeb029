# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The right container, or none; what the Engine itself does is the end-to-end tests' question."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.actions import ACTIONS, container_action
from bulkhead_response.errors import ConfigError
from tests.unit.roles.response_engine.answering import CONTAINER, an_alert, run
from tests.unit.roles.response_engine.fake_docker_host import FakeDockerHost, a_container

_ACTIONS = {
    "stop_container": f"/containers/{CONTAINER}/stop",
    "kill_container": f"/containers/{CONTAINER}/kill",
    "pause_container": f"/containers/{CONTAINER}/pause",
    "disconnect_container": "/networks/net-1/disconnect",
}


@pytest.mark.parametrize(("name", "path"), _ACTIONS.items())
def test_it_is_done_to_the_full_id(name: str, path: str) -> None:
    host = FakeDockerHost(a_container())
    assert host.act(ACTIONS[name]({}), dry_run=True).status == "would_do"
    assert host.writes() == []
    assert host.act(ACTIONS[name]({})).status == "done"
    assert host.writes() == [path]


@pytest.mark.parametrize("name", _ACTIONS)
def test_whom_it_is_not_done_to(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    step = ACTIONS[name]({})
    host = FakeDockerHost(a_container())
    assert host.act(step, container_id="fedcba987654").status == "already_done"
    assert host.act(step, container="other").status == "refused"
    assert host.act(step, container_id="").status == "refused"
    assert host.act(step, container_id="../../images/x").status == "refused"
    assert FakeDockerHost(None).act(step).status == "already_done"
    ambiguous = FakeDockerHost(None, json=(400, {"message": "Multiple IDs found with provided prefix: 01"}))
    assert ambiguous.act(step).status == "refused"
    monkeypatch.setattr(container_action, "_own_ids", lambda: {CONTAINER})
    assert host.act(step).status == "refused"
    assert host.writes() == ambiguous.writes() == []


@pytest.mark.parametrize("name", _ACTIONS)
def test_without_an_engine(name: str) -> None:
    assert asyncio.run(run(ACTIONS[name]({}), an_alert())).status == "refused"


@pytest.mark.parametrize(("name", "path"), _ACTIONS.items())
def test_what_the_engine_refuses(name: str, path: str) -> None:
    verb = path.rpartition("/")[2]
    broken = FakeDockerHost(a_container(), **{verb: (500, {"message": "no"})})
    assert broken.act(ACTIONS[name]({})).message == "the Docker Engine answers 500: no"
    gone = FakeDockerHost(a_container(), **{verb: (404, {"message": "gone"})})
    assert gone.act(ACTIONS[name]({})).status in ("already_done", "done")


@pytest.mark.parametrize("name", ["stop_container", "kill_container"])
def test_a_container_can_be_kept_from_starting_again(name: str) -> None:
    host = FakeDockerHost(a_container(policy="always"))
    assert host.act(ACTIONS[name]({})).message.endswith("it starts again with the daemon (restart policy always)")
    outcome = host.act(ACTIONS[name]({"disable_restart": True}))
    assert "starts again" not in outcome.message
    assert (f"/containers/{CONTAINER}/update", {"RestartPolicy": {"Name": "no"}}) in [
        (path, body) for _method, path, _query, body in host.seen
    ]


def test_parameters_reach_the_engine() -> None:
    host = FakeDockerHost(a_container())
    host.act(ACTIONS["stop_container"]({"timeout": 7}))
    host.act(ACTIONS["kill_container"]({"signal": "SIGTERM"}))
    assert [query for method, _path, query, _body in host.seen if method == "POST"] == [
        {"t": "7"},
        {"signal": "SIGTERM"},
    ]


@pytest.mark.parametrize(
    ("container", "name", "status"),
    [
        (a_container(Running=False, Status="exited"), "stop_container", "already_done"),
        (a_container(Running=False, Status="exited"), "kill_container", "already_done"),
        (a_container(Running=False, Status="exited"), "pause_container", "refused"),
        (a_container(Paused=True, Status="paused"), "pause_container", "already_done"),
        (a_container(networks={"none": {}}), "disconnect_container", "already_done"),
        (a_container(mode="host"), "disconnect_container", "refused"),
        (a_container(mode="container:abc"), "disconnect_container", "refused"),
    ],
)
def test_states(container: dict[str, Any], name: str, status: str) -> None:
    host = FakeDockerHost(container)
    assert (host.act(ACTIONS[name]({})).status, host.writes()) == (status, [])


def test_a_container_that_ends_by_itself_is_not_killed() -> None:
    host = FakeDockerHost(a_container(), kill=(409, {"message": "is not running"}))
    assert host.act(ACTIONS["kill_container"]({})).status == "already_done"


def test_the_runners_own_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its cgroup, of the three files that the Engine mounts, and of its host name; not of other mounts."""
    own, mounted, other = "a" * 64, "b" * 64, "c" * 64
    (tmp_path / "cgroup").write_text(f"1:name=systemd:/docker/{own}\n")
    (tmp_path / "mountinfo").write_text(
        f"1 2 8:1 /var/lib/docker/containers/{mounted}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
        f"1 2 8:1 /var/lib/docker/containers/{other} /evidence/containers rw - ext4 /dev/sda1 rw\n"
    )
    monkeypatch.setattr(socket, "gethostname", lambda: "0123456789ab")
    assert container_action._own_ids(tmp_path) == {own, mounted, "0123456789ab"}
    monkeypatch.setattr(socket, "gethostname", lambda: "worker-1")
    assert container_action._own_ids(tmp_path / "none") == set()


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("stop_container", {"timeout": -1}),
        ("kill_container", {"signal": "SIGNOPE"}),
        ("pause_container", {"x": 1}),
        ("disconnect_container", {"networks": "bridge"}),
    ],
)
def test_parameters_that_cannot_be_used(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ACTIONS[name](params)
