# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of sets, those that are there already, and a pause that always ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError, Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import take
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_subject import (
    ContainerSubject,
    SubjectGone,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.request import Request
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.take import Custodian, Taker


class PausingEngine(Engine):
    """Remembers what it was told to do, and refuses everything else."""

    def __init__(self, refused: str = "") -> None:
        super().__init__("unix:///run/docker.sock")
        self.told: list[str] = []
        self._refused = refused

    def post(self, path: str, body: object = None, **query: object) -> Any:
        verb = path.rpartition("/")[2]
        if verb == self._refused:
            raise DockerError(f"no {verb}")
        self.told.append(verb)

    def get(self, path: str, **query: object) -> Any:
        raise DockerError("nothing is told")


def subject(**state: Any) -> ContainerSubject:
    return ContainerSubject("d" * 64, "web", {"State": {"Status": "running", "Running": True, "Pid": 0, **state}})


def taken(tmp_path: Path, engine: Engine, one: ContainerSubject, **options: Any) -> dict[str, str]:
    request = Request(str(tmp_path), "INC-1", parts=frozenset({"inspect"}), min_free_bytes=0, **options)
    result = Taker(request, Custodian({"user": "root"}, "host", "tool"), engine).container(one)
    return {part["name"]: part["status"] for part in result["parts"]}


@pytest.mark.parametrize(
    ("state", "keep", "told"),
    [
        ({}, False, ["pause", "unpause"]),
        ({}, True, ["pause"]),
        ({"Paused": True}, False, []),
        ({"Running": False}, False, []),
    ],
)
def test_a_pause_ends_whatever_fails(tmp_path: Path, state: dict[str, Any], keep: bool, told: list[str]) -> None:
    engine = PausingEngine()
    parts = taken(tmp_path, engine, subject(**state), pause=True, keep_paused=keep)
    assert engine.told == told
    assert parts["container/inspect"] == "error"


def test_what_cannot_be_stored_does_not_leave_it_paused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: Any) -> None:
        raise ForensicsError("the disk is full")

    engine = PausingEngine()
    monkeypatch.setattr(
        "ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.container_parts.inspect", full
    )
    with pytest.raises(ForensicsError, match="full"):
        taken(tmp_path, engine, subject(), pause=True)
    assert engine.told == ["pause", "unpause"]
    assert list(tmp_path.iterdir()) == []


def test_one_that_cannot_go_on_again_is_told_and_its_evidence_kept(tmp_path: Path) -> None:
    parts = taken(tmp_path, PausingEngine("unpause"), subject(), pause=True)
    assert (parts["pause"], parts["unpause"]) == ("taken", "error")
    assert (tmp_path / "INC-1-container-web-dddddddddddd" / "manifest.json").exists()


def test_one_that_cannot_be_paused_is_taken_all_the_same(tmp_path: Path) -> None:
    engine = PausingEngine("pause")
    assert taken(tmp_path, engine, subject(), pause=True)["pause"] == "error"
    assert engine.told == []


def test_names_of_sets() -> None:
    assert take.container_set_name("INC-1", "web", "d" * 64) == "INC-1-container-web-dddddddddddd"
    assert take.pod_set_name("INC-1", "shop", "web-1", "0b2c4f6e-8a0c") == "INC-1-pod-shop-web-1-0b2c4f6e"


def test_the_set_of_one_that_is_gone(tmp_path: Path) -> None:
    gone = SubjectGone("gone")
    for name in ("INC-1-container-web-000000000001", "INC-1-container-web-2-000000000002"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").touch()
    assert take.existing_of_gone(str(tmp_path), "INC-1-container-web-[0-9a-f]{12}", gone).endswith("web-000000000001")
    for pattern in ("INC-1-container-db-[0-9a-f]{12}", "INC-1-container-web.*"):
        with pytest.raises(SubjectGone):
            take.existing_of_gone(str(tmp_path), pattern, gone)
    with pytest.raises(SubjectGone):
        take.existing_of_gone(str(tmp_path / "none"), ".*", gone)
