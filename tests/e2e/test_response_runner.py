# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response runner as a process, between a real NATS and servers that stand in for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.response_doubles import Double, double
from tests.e2e.response_stage import ResponseStage, alert, response_stage


@pytest.fixture
def server() -> Iterator[Double]:
    with double() as running:
        yield running


@pytest.fixture
def stage(tmp_path: Path, server: Double) -> Iterator[ResponseStage]:
    with response_stage(tmp_path) as made:
        made.make_streams()
        made.config["kubernetes"] = {"server": server.url}
        made.config["rules"] = [delete_and_tell(server)]
        yield made


def delete_and_tell(server: Double) -> dict[str, Any]:
    """A rule: delete the pod of a shell, and tell."""
    steps = [{"action": "delete_pod"}, {"notify": "webhook", "params": {"url": f"{server.url}/told"}}]
    return {"name": "shells", "match": {"rules": ["Terminal shell*"], "priority": ">=notice"}, "steps": steps}


def test_a_pod_is_deleted_and_somebody_told_and_all_recorded(stage: ResponseStage, server: Double) -> None:
    stage.start()
    stage.publish([alert(1), alert(2)])
    stage.await_finished()
    assert dict(server.deleted) == {"web-1": 1, "web-2": 1}
    assert sorted(server.told.values()) == [1, 1]
    [(subject, record), _other] = stage.records()
    assert subject == "response.decision.acted.terminal_shell_in_container"
    assert (record["status"], record["response_rule"]) == ("acted", "shells")
    assert [step["step"] for step in record["steps"]] == ["delete_pod", "webhook"]
    assert [json.loads(line) for line in stage.log_file.read_text().splitlines()] == [r for _s, r in stage.records()]
    assert stage.stop() == 0
