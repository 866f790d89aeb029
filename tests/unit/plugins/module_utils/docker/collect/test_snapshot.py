# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot as a whole: what is asked for once, and what becomes of what cannot be read."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect import snapshot as collecting
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.snapshot import Wanted, collect
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import (
    DockerError,
    Engine,
    EngineStatus,
)

INFO = {"Name": "node", "ServerVersion": "20.10.24", "SecurityOptions": ["name=seccomp,profile=default"]}
CONTAINER = {"Id": "c" * 64, "Name": "/web", "Image": "sha256:1", "Config": {"Image": "a:1"}, "State": {}}
ANSWERS: dict[str, Any] = {
    "/info": INFO,
    "/images/json": [{"Id": "sha256:1", "RepoTags": ["a:1"]}],
    "/images/sha256:1/json": {"Id": "sha256:1", "RepoTags": ["a:1"]},
    "/images/sha256:1/history": [{"CreatedBy": "CMD x"}],
    "/containers/json": [{"Id": "c" * 64, "ImageID": "sha256:1", "State": "exited", "Names": ["/web"]}],
    f"/containers/{'c' * 64}/json": CONTAINER,
    "/networks": [{"Id": "n", "Name": "bridge", "Driver": "bridge"}],
    "/volumes": {"Volumes": None},
}


class Answers:
    """An engine elsewhere: no socket, so nothing of its host can be seen."""

    socket_path = None
    docker_host = "tcp://elsewhere:2376"

    def __init__(self, **changes: Any) -> None:
        self.answers = {**ANSWERS, **changes}
        self.asked: list[str] = []

    def version(self) -> dict[str, str]:
        return {"Version": "20.10.24", "ApiVersion": "1.41", "KernelVersion": "6.1"}

    def get(self, path: str, **_query: object) -> Any:
        self.asked.append(path)
        answer = self.answers.get(path, EngineStatus(404, f"no {path}"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def snapshot(engine: Answers, *scopes: str) -> dict[str, Any]:
    return collect(cast(Engine, engine), Wanted(scopes=frozenset(scopes) or None))


def test_everything_once() -> None:
    engine = Answers()
    found = snapshot(engine)
    assert (found["schema_version"], found["kind"], found["host"]) == ("1.0", "docker", "node")
    assert found["versions"] == {"engine": "20.10.24", "api": "1.41", "kernel": "6.1"}
    assert [each["subject"]["name"] for each in found["subjects"]["container"]] == ["web"]
    assert found["subjects"]["host"][0]["stopped_containers"] == 1
    assert found["subjects"]["image"][0]["in_use"] is True
    lists = ("/images/json", "/containers/json", "/volumes")
    assert [engine.asked.count(path) for path in lists] == [1, 1, 1]
    assert set(found["errors"]) == {"file"}  # the paths of a daemon elsewhere


def test_only_what_is_wanted() -> None:
    engine = Answers()
    assert set(snapshot(engine, "container")["subjects"]) == {"container"}
    assert set(snapshot(Answers(), "image", "network")["subjects"]) == {"image", "network"}
    engine = Answers()
    snapshot(engine, "swarm")
    assert "/images/json" not in engine.asked


def test_lists_that_cannot_be_had() -> None:
    found = snapshot(Answers(**{"/images/json": EngineStatus(500, "the store is broken")}))
    assert {found["errors"][scope] for scope in ("image", "container", "network")} == {"the store is broken"}
    assert found["subjects"]["host"][0]["unknown"]["unused_images"] == "the store is broken"
    assert "container" not in found["subjects"]


def test_an_image_that_cannot_be_read_spoils_nothing_else() -> None:
    found = snapshot(Answers(**{"/images/sha256:1/json": EngineStatus(500, "layer lost")}))
    assert found["subjects"]["image"][0]["unknown"]["secrets"] == "layer lost"
    assert found["subjects"]["container"][0]["image"] == "a:1"


def test_a_collector_that_fails_is_an_error_of_its_scope(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_args: object, **_options: object) -> None:
        raise DockerError("out of reach")

    monkeypatch.setattr(collecting, "collect_daemon", failing)
    found = snapshot(Answers())
    assert found["errors"]["daemon"] == "out of reach"
    assert "container" in found["subjects"]


def test_an_engine_that_does_not_answer() -> None:
    with pytest.raises(DockerError, match="gone"):
        snapshot(Answers(**{"/info": DockerError("gone")}))
