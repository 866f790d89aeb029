# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers as subjects."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.containers import (
    collect_containers,
    container_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    Surroundings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus

ID = "c" * 64


class Answers:
    """An engine with answers by path, and the paths that it was asked for."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get(self, path: str, **_query: object) -> Any:
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def around(**more: Any) -> Surroundings:
    return Surroundings(info={}, security={"seccomp": "default"}, **more)


def collect(answers: dict[str, Any], *ids: str, where: Surroundings | None = None) -> list[dict[str, Any]]:
    rows = [{"Id": identity, "Names": [f"/{identity[:3]}"]} for identity in ids]
    return collect_containers(cast(Engine, Answers(answers)), rows, where or around())


def inspected(**more: Any) -> dict[str, Any]:
    return {"Id": ID, "Name": "/web", "State": {"Status": "exited", "Running": False}, **more}


def exec_session(user: str, privileged: bool = False) -> dict[str, Any]:
    return {"ProcessConfig": {"entrypoint": "sh", "user": user, "privileged": privileged}}


def test_exec_sessions() -> None:
    sessions = {"1": ("0:0", False), "2": ("", True), "3": ("app", False), "4": ("", False)}
    answers: dict[str, Any] = {f"/exec/{name}/json": exec_session(*session) for name, session in sessions.items()}
    answers["/exec/5/json"] = EngineStatus(404, "No such exec")
    answers[f"/containers/{ID}/json"] = inspected(ExecIDs=["1", "2", "3", "4", "5"])
    found = collect(answers, ID)[0]
    assert (found["exec_sessions"], found["root_execs"], found["privileged_execs"]) == (5, ["sh"], ["sh"])


def test_too_many_exec_sessions_are_not_passed_over() -> None:
    names = [str(number) for number in range(11)]
    answers: dict[str, Any] = {f"/exec/{name}/json": exec_session("") for name in names}
    answers[f"/containers/{ID}/json"] = inspected(ExecIDs=names)
    assert set(collect(answers, ID)[0]["unknown"]) >= {"root_execs", "privileged_execs"}


def test_one_that_cannot_be_read_and_one_that_is_gone() -> None:
    answers = {
        "/containers/aaa/json": EngineStatus(500, "layer lost"),
        "/containers/bbb/json": EngineStatus(404, "gone"),
    }
    found = collect(answers, "aaa", "bbb")
    assert [each["subject"]["name"] for each in found] == ["aaa"]
    assert set(found[0]) == {"subject", "unknown"}


def test_an_unreadable_one_knows_of_every_fact_that_a_readable_one_has() -> None:
    unreadable = collect({"/containers/aaa/json": EngineStatus(500, "x")}, "aaa")[0]
    readable = container_facts(inspected(), around())
    assert set(readable) <= set(unreadable["unknown"])


def test_ssh_servers_of_another_host() -> None:
    running = inspected(State={"Status": "running", "Running": True})
    top = {"Titles": ["PID", "COMMAND"], "Processes": [["1", "sshd: /usr/sbin/sshd -D"], ["2", "grep sshd"]]}
    answers: dict[str, Any] = {f"/containers/{ID}/json": running, f"/containers/{ID}/top": top}
    assert collect(answers, ID)[0]["ssh_servers"] == ["sshd"]
    running["HostConfig"] = {"PidMode": "host"}
    assert "ssh_servers" in collect(answers, ID)[0]["unknown"]
    answers[f"/containers/{ID}/top"] = EngineStatus(500, "ps is not there")
    running["HostConfig"] = {}
    assert collect(answers, ID)[0]["unknown"]["ssh_servers"] == "ps is not there"


@pytest.mark.parametrize(
    ("image", "tags", "present", "outdated"),
    [
        ("nginx:1", {"docker.io/library/nginx:1": "sha256:1"}, True, False),
        ("nginx:1", {"docker.io/library/nginx:1": "sha256:2"}, True, True),
        ("docker.io/nginx:1", {"docker.io/library/nginx:1": "sha256:2"}, True, True),
        ("nginx:1", {}, False, False),
        ("nginx@sha256:" + "2" * 64, {"docker.io/library/nginx:latest": "sha256:2"}, False, False),
        ("sha256:" + "1" * 64, {}, False, False),
    ],
)
def test_images(image: str, tags: dict[str, str], present: bool, outdated: bool) -> None:
    found = container_facts(inspected(Image="sha256:1", Config={"Image": image}), around(tags=tags))
    assert (found["image_tag_present"], found["image_outdated"]) == (present, outdated)


def test_secrets_of_environment_and_command() -> None:
    config = {"Env": ["DB_PASSWORD=hunter2"], "Entrypoint": ["app"], "Cmd": ["--api-key", "hunter3", "--token-file=/t"]}
    found = container_facts(inspected(Config=config), around())["secrets"]
    assert [(secret["name"], secret["where"]) for secret in found] == [
        ("DB_PASSWORD", "environment"),
        ("api-key", "command"),
    ]
    assert "hunter" not in repr(found)


def test_secrets_of_the_health_check() -> None:
    config = {"Healthcheck": {"Test": ["CMD-SHELL", "mysqladmin --password=hunter2 status"]}}
    found = container_facts(inspected(Config=config), around())["secrets"]
    assert [secret["name"] for secret in found] == ["password"]
    assert container_facts(inspected(Config={"Healthcheck": None}), around())["secrets"] == []


@pytest.mark.parametrize(("tags", "floating"), [({}, False), ({"docker.io/library/abc123:latest": "sha256:1"}, True)])
def test_an_image_named_by_the_beginning_of_its_id(tags: dict[str, str], floating: bool) -> None:
    container = inspected(Image="sha256:abc123" + "0" * 58, Config={"Image": "abc123"})
    assert container_facts(container, around(tags=tags))["image_floating"] is floating


def test_a_command_in_a_label_is_shown_without_its_secret() -> None:
    labels = {"run": "server --password hunter2 --port 1"}
    shown = container_facts(inspected(Config={"Labels": labels}), around())["labels"]["run"]
    assert "hunter2" not in shown
    assert shown.startswith("s")


def test_labels_hold_no_secret() -> None:
    labels = {"owner": "team", "proxy.password": "hunter2"}
    found = container_facts(inspected(Config={"Labels": labels}), around())["labels"]
    assert found["owner"] == "team"
    assert found["proxy.password"].startswith("sha256:")
