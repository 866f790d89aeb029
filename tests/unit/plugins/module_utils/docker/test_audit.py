# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of docker_audit, and stored snapshots: nothing of Docker is asked here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.audit import audit, chosen_controls
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import DockerError

SNAPSHOT = {
    "schema_version": "1.0",
    "kind": "docker",
    "collected_at": "2026-01-01T00:00:00Z",
    "host": "old",
    "versions": {"engine": "20.10.24"},
    "subjects": {
        "host": [{"subject": {"kind": "host", "name": "old"}, "unknown": {}, "stopped_containers": 7}],
        "container": [{"subject": {"kind": "container", "name": "web"}, "unknown": {}, "labels": {"owner": "me"}}],
    },
}
OWN = {
    "id": "example.owner",
    "title": "Container names its owner",
    "scope": "container",
    "severity": "low",
    "actual": "labels.owner",
    "expected": {"equals": "you"},
}


def judged(**options: Any) -> dict[str, Any]:
    return audit({"snapshot": SNAPSHOT, **options})


def test_a_control_of_ones_own() -> None:
    result = judged(controls=[{**OWN, "when": None}], select=["example.*"])
    (finding,) = result["findings"]
    assert (finding["status"], finding["actual"], finding["target"]) == ("fail", "me", "old")
    assert result["summary"]["controls"] == 1
    assert (result["requests"], result["versions"]) == (0, {"engine": "20.10.24"})
    assert "snapshot" not in result


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, "pass"),
        ({"max_stopped_containers": 6}, "fail"),
        ({"max_stopped_containers": 7}, "pass"),
        (
            {"max_stopped_containers": 6, "overrides": {"docker.host.container_sprawl": {"expected": {"at_most": 9}}}},
            "pass",
        ),
    ],
)
def test_limits(options: dict[str, Any], status: str) -> None:
    result = judged(select=["docker.host.container_sprawl"], include_passes=True, target="mine", **options)
    assert [(each["status"], each["target"]) for each in result["findings"]] == [(status, "mine")]


def test_trusted_users_are_an_expectation() -> None:
    (control,) = chosen_controls({"trusted_users": ["ann"], "select": ["docker.host.trusted_users"]})
    assert control.expected == {"subset_of": ["ann"]}


def test_sections_imply_the_benchmark() -> None:
    chosen = chosen_controls({"sections": ["6"]})
    assert {control.id for control in chosen} == {"docker.host.image_sprawl", "docker.host.container_sprawl"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"select": ["docker.nothing"]}, "names no control"),
        ({"sections": ["9"]}, "no section '9'"),
        ({"select": ["docker.image.age"], "skip": ["docker.image.*"]}, "No control is left"),
        ({"overrides": {"docker.nothing": {}}}, "there is no control"),
        ({"overrides": {"docker.image.age": {"expected": {"at_most": "old"}}}}, "takes a number"),
        ({"controls": [{**OWN, "actual": "labels["}]}, "is not JMESPath"),
        ({"controls": [{**OWN, "id": "docker.image.age"}]}, "already"),
        ({"controls": [{**OWN, "expected": None}]}, "exactly one operator"),
        ({"image_max_age_days": -1}, "must not be negative"),
        ({"allowed_registries": ["a b"]}, "allowed_registries"),
        ({"snapshot": {"kind": "k8s", "subjects": {}}}, "no snapshot"),
        ({"snapshot": {**SNAPSHOT, "schema_version": "2.0"}}, "version '2.0'"),
        ({"snapshot": {**SNAPSHOT, "subjects": []}}, "no snapshot"),
        ({"snapshot": {**SNAPSHOT, "subjects": {"container": [1]}}}, "no snapshot"),
        ({"snapshot": {**SNAPSHOT, "subjects": {"container": {"a": 1}}}}, "no snapshot"),
        ({"snapshot": {**SNAPSHOT, "subjects": {"container": [{"subject": {}}]}}}, "no snapshot"),
        ({"snapshot": {**SNAPSHOT, "errors": ["x"]}}, "no snapshot"),
    ],
)
def test_bad_input_is_one_sentence(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ControlError, match=message) as caught:
        judged(**options)
    assert "\n" not in str(caught.value)


def test_bad_options_are_found_before_docker_is_asked() -> None:
    with pytest.raises(ControlError, match="names no control"):
        audit({"docker_host": "unix:///nowhere", "timeout": 1.0, "select": ["nothing"]})


def test_nothing_answers() -> None:
    with pytest.raises(DockerError, match="/nowhere"):
        audit({"docker_host": "unix:///nowhere", "timeout": 1.0})


def test_a_snapshot_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    path.write_text(json.dumps(SNAPSHOT))
    options = {"select": ["docker.host.container_sprawl"], "include_passes": True, "include_snapshot": True}
    result = audit({"snapshot_path": str(path), **options})
    assert result["findings"][0]["status"] == "pass"
    assert result["snapshot"]["subjects"] == SNAPSHOT["subjects"]
    path.write_text("{")
    with pytest.raises(ControlError, match="is not JSON"):
        audit({"snapshot_path": str(path)})
    with pytest.raises(ControlError, match="cannot be read"):
        audit({"snapshot_path": str(tmp_path / "none")})


def test_a_fact_that_the_snapshot_does_not_know_is_an_error() -> None:
    snapshot = json.loads(json.dumps(SNAPSHOT))
    snapshot["subjects"]["host"][0]["unknown"] = {"stopped_containers": "nobody counted"}
    result = audit({"snapshot": snapshot, "select": ["docker.host.container_sprawl"]})
    assert [(each["status"], each["reason"]) for each in result["findings"]] == [
        ("error", "stopped_containers: nobody counted")
    ]
