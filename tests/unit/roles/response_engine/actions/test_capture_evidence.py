# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""capture_evidence: what can be had, without secrets, within its bounds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bulkhead_response.actions.capture_evidence import CaptureEvidence
from bulkhead_response.actions.evidence_parts import without_values
from bulkhead_response.errors import ConfigError
from bulkhead_response.outcome import Outcome
from tests.unit.roles.response_engine.answering import Reply, Seen, an_alert
from tests.unit.roles.response_engine.fake_cluster import POD, FakeCluster, a_pod, acted, status

_SECRET = "hunter2"
_SPEC = {"nodeName": "node-1", "containers": [{"name": "main", "env": [{"name": "PASSWORD", "value": _SECRET}]}]}
_NODE: dict[str, Any] = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-1", "uid": "n"}}


def _cluster(log: Reply | None = None, restarts: int = 0) -> FakeCluster:
    state = {"containerStatuses": [{"name": "main", "restartCount": restarts}]}
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": _SECRET}
    cluster = FakeCluster(a_pod(spec=_SPEC, status=state, annotations=annotations), _NODE)

    def answer(seen: Seen) -> Reply | None:
        return (log or Reply(body="a line\n")) if seen.path == f"{POD}/log" else None

    cluster.before = answer
    return cluster


def _captured(cluster: FakeCluster, folder: Path, **params: Any) -> Outcome:
    return acted(CaptureEvidence({"folder": str(folder), "min_free_mb": 0, **params}), cluster)


def _names(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_all_of_it(tmp_path: Path) -> None:
    outcome = _captured(_cluster(restarts=1), tmp_path)
    folder = tmp_path / "4f1c"
    assert (outcome.status, outcome.details["missing"]) == ("done", [])
    parts = {
        "alert.json",
        "pod.json",
        "owners.json",
        "events.json",
        "node.json",
        "logs/main.log",
        "logs/main.previous.log",
    }
    assert _names(folder) == parts | {"manifest.json", "manifest.sha256", "custody.jsonl"}
    assert not [file for file in folder.rglob("*") if file.is_file() and _SECRET in file.read_text()]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["subject"] == {"kind": "pod", "namespace": "shop", "name": "web", "uid": "uid-1"}
    assert manifest["case"] == "4f1c"


def test_it_is_taken_once(tmp_path: Path) -> None:
    _captured(_cluster(), tmp_path)
    gone = FakeCluster()
    outcome = _captured(gone, tmp_path)
    assert (outcome.status, gone.seen) == ("already_done", [])


def test_a_part_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    outcome = _captured(_cluster(log=status(403, "no logs")), tmp_path)
    assert (outcome.status, outcome.details["missing"]) == ("done", ["logs/main.log"])
    manifest = json.loads((tmp_path / "4f1c/manifest.json").read_text())
    [part] = [part for part in manifest["parts"] if part["status"] == "error"]
    assert "no logs" in part["reason"]


def test_a_log_that_does_not_come_is_a_gap(tmp_path: Path) -> None:
    assert _captured(_cluster(log=Reply(502, "no kubelet")), tmp_path).details["missing"] == ["logs/main.log"]


def test_logs_are_bounded(tmp_path: Path) -> None:
    cluster = _cluster()
    _captured(cluster, tmp_path, log_lines=7, max_mb=1)
    [asked] = [seen for seen in cluster.seen if seen.path == f"{POD}/log"]
    assert (asked.query["tailLines"], asked.query["limitBytes"]) == ("7", str(1024 * 1024 // 8))


def test_a_set_is_bounded(tmp_path: Path) -> None:
    outcome = _captured(_cluster(log=Reply(body="x" * 1024 * 1024)), tmp_path, max_mb=1)
    assert outcome.details["missing"] == ["logs/main.log"]
    assert "pod.json" in _names(tmp_path / "4f1c")


def test_a_pod_that_is_gone_is_lost(tmp_path: Path) -> None:
    assert _captured(FakeCluster(), tmp_path).status == "failed"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    step = CaptureEvidence({"folder": str(tmp_path / "new")})
    assert acted(step, _cluster(), dry_run=True).status == "would_do"
    assert not (tmp_path / "new").exists()


def test_there_is_no_room(tmp_path: Path) -> None:
    outcome = _captured(_cluster(), tmp_path, min_free_mb=1024 * 1024)
    assert (outcome.status, "bytes free" in outcome.message) == ("failed", True)
    assert not list(tmp_path.iterdir())


def test_a_strange_id_leads_nowhere_else(tmp_path: Path) -> None:
    step = CaptureEvidence({"folder": str(tmp_path / "sets"), "min_free_mb": 0})
    assert acted(step, _cluster(), an_alert(id="../../escape")).status == "done"
    assert [path.name for path in tmp_path.iterdir()] == ["sets"]


def test_values_go_and_references_stay() -> None:
    reference = {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}}
    given = {"env": [{"name": "P", "value": "x"}, reference], "managedFields": [1], "args": ["--v=2"]}
    assert without_values(given) == {"env": [{"name": "P", "value": "REDACTED"}, reference], "args": ["--v=2"]}


@pytest.mark.parametrize("params", [{}, {"folder": "relative"}, {"folder": "/x", "max_mb": 0}])
def test_parameters_that_cannot_be_used(params: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        CaptureEvidence(params)
