# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images as subjects."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.images import (
    collect_images,
    has_healthcheck,
    image_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine, EngineStatus
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
HISTORY = [{"CreatedBy": "CMD true"}]


def facts(history: list[dict[str, Any]] | None = None, **image: Any) -> dict[str, Any]:
    return image_facts({"Id": "sha256:" + "a" * 64, **image}, HISTORY if history is None else history, NOW)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ({"RepoTags": ["b:1", "a:1"]}, "a:1"),
        ({"RepoTags": [], "RepoDigests": ["reg.example.com/a@sha256:1"]}, "reg.example.com/a@sha256:1"),
        ({}, "a" * 12),
    ],
)
def test_name(image: dict[str, Any], name: str) -> None:
    assert facts(**image)["subject"] == {"kind": "image", "name": name}


@pytest.mark.parametrize(
    ("created", "days"),
    [("2026-05-31T23:59:59.1Z", 0), ("2026-01-01T00:00:00Z", 151), ("2027-01-01T00:00:00Z", 0)],
)
def test_age(created: str, days: int) -> None:
    assert facts(Created=created)["age_days"] == days


@pytest.mark.parametrize("created", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "", "yesterday"])
def test_an_age_that_the_image_does_not_tell(created: str) -> None:
    found = facts(Created=created)
    assert "age_days" not in found
    assert "age_days" in found["unknown"]


@pytest.mark.parametrize(
    ("healthcheck", "there"),
    [(None, False), ({"Test": []}, False), ({"Test": ["NONE"]}, False), ({"Test": ["CMD", "true"]}, True)],
)
def test_healthcheck(healthcheck: dict[str, Any] | None, there: bool) -> None:
    assert has_healthcheck({"Healthcheck": healthcheck}) is there


def test_secrets_of_environment_history_and_arguments_each_once() -> None:
    history = [
        {"CreatedBy": "RUN |1 TOKEN=abc /bin/sh -c make # buildkit"},
        {"CreatedBy": "RUN |1 TOKEN=abc /bin/sh -c deploy --password hunter2 # buildkit"},
        {"CreatedBy": "/bin/sh -c #(nop)  ENV DB_PASSWORD=x1y2"},
        {"CreatedBy": "ENV OLD_PASSWORD value of old"},
    ]
    found = facts(history, Config={"Env": ["DB_PASSWORD=x1y2", "PATH=/bin"]})["secrets"]
    assert [(secret["name"], secret["where"]) for secret in found] == [
        ("DB_PASSWORD", "environment"),
        ("OLD_PASSWORD", "history"),
        ("TOKEN", "history"),
        ("password", "history"),
    ]
    assert "hunter2" not in repr(found)


def test_a_secret_beside_what_is_shown_is_not_shown() -> None:
    commands = ["TOKEN=hunter2 apt-get update", "curl https://me:hunter2@x/y --insecure"]
    history = [{"CreatedBy": f"RUN /bin/sh -c {command} # buildkit"} for command in commands]
    found = facts([*history, {"CreatedBy": "ADD https://me:hunter2@x/y /y"}])
    counts = [len(found[name]) for name in ("lone_updates", "unverified_installs", "additions")]
    assert counts == [1, 1, 1]
    assert "hunter2" not in repr(found)


def test_an_image_without_history() -> None:
    found = facts([{"CreatedBy": "", "Comment": "Imported from -"}])
    assert not found["has_history"]
    assert set(found["unknown"]) >= {"lone_updates", "additions", "unverified_installs"}


def test_sources_are_complete_names() -> None:
    found = facts(RepoTags=["nginx:1", "reg.example.com/a:1"], RepoDigests=["nginx@sha256:1"])
    assert found["sources"] == ["docker.io/library/nginx", "reg.example.com/a"]


class Answers:
    """An engine with answers by path; an exception is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    def get(self, path: str, **_query: object) -> Any:
        answer = self.answers[path.split("/")[2]]
        if isinstance(answer, Exception):
            raise answer
        return HISTORY if path.endswith("/history") else answer


def test_collect_images() -> None:
    engine = Answers(
        one={"Id": "one", "RepoTags": ["b:1"]},
        gone=EngineStatus(404, "No such image"),
        bad=EngineStatus(500, "layer lost"),
    )
    listed: list[dict[str, Any]] = [{"Id": "one"}, {"Id": "gone"}, {"Id": "bad", "RepoTags": ["a:1"]}]
    found = collect_images(cast(Engine, engine), listed, ["one"], NOW, lambda _image: ["/bin/su 4755"])
    assert [each["subject"]["name"] for each in found] == ["a:1", "b:1"]
    assert set(found[0]) == {"subject", "unknown"}
    assert set(found[0]["unknown"].values()) == {"layer lost"}
    assert set(found[1]) <= {*found[0]["unknown"], "in_use"}
    assert (found[1]["in_use"], found[1]["setuid_files"]) == (True, ["/bin/su 4755"])


@pytest.mark.parametrize(("user", "root"), [("toor", True), ("app", False), ("", True), ("1000", False)])
def test_a_users_name_is_looked_up_in_the_image(tmp_path: Path, user: str, root: bool) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("toor:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
    graph = {"Name": "overlay2", "Data": {"UpperDir": str(tmp_path)}}
    engine = cast(Engine, Answers(one={"Id": "one", "Config": {"User": user}, "GraphDriver": graph}))
    assert collect_images(engine, [{"Id": "one"}], [], NOW, files=HostFiles())[0]["root"] is root
    assert collect_images(engine, [{"Id": "one"}], [], NOW)[0]["root"] is (user == "")


def test_setuid_files_that_cannot_be_listed() -> None:
    engine = Answers(one={"Id": "one"})
    found = collect_images(cast(Engine, engine), [{"Id": "one"}], [], NOW, lambda _image: "no layers here")
    assert found[0]["unknown"]["setuid_files"] == "no layers here"
