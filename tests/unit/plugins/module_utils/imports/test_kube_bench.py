# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of kube-bench, new and old."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown


def controls(*results: dict[str, Any], version: str = "cis-1.8") -> dict[str, Any]:
    tests = [{"section": "1.2", "desc": "API Server", "results": list(results)}]
    return {"id": "1", "version": version, "node_type": "master", "tests": tests}


def check(status: str = "FAIL", **changed: Any) -> dict[str, Any]:
    return {
        "test_number": "1.2.1",
        "test_desc": "Ensure that the --anonymous-auth argument is set to false",
        "audit": "ps -ef",
        "actual_value": "kube-apiserver --token-auth-file=hunter2",
        "expected_result": "'false' is equal to 'false'",
        "remediation": "Set it.",
        "scored": True,
        "status": status,
        "type": "",
        **changed,
    }


@pytest.mark.parametrize("given", [{"Controls": [controls(check())], "Totals": {}}, [controls(check())]])
def test_a_check_is_a_finding_of_the_node(tmp_path: Path, given: Any) -> None:
    told = imported(tmp_path, given, target="production", artifact="node-1")
    assert shown(told) == [("kube_bench.1.2.1", "fail", "medium", "node/node-1/master")]
    reference = {"benchmark": "cis-kubernetes", "version": "1.8", "id": "1.2.1"}
    assert told["findings"][0]["references"] == [reference]
    assert "hunter2" not in str(told)


def test_a_benchmark_of_another_kind_is_no_reference_of_cis(tmp_path: Path) -> None:
    told = imported(tmp_path, {"Controls": [controls(check(), version="eks-1.2.0")]}, target="x")
    assert told["findings"][0]["references"] == []


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"status": "PASS"}, "pass"),
        ({"status": "WARN"}, "manual"),
        ({"status": "INFO"}, "not_applicable"),
        ({"status": "INFO", "type": "skip"}, "not_applicable"),
        ({"reason": 'failed to run: "ps -ef": exit status 123'}, "error"),
    ],
)
def test_what_is_no_failure_is_called_none(tmp_path: Path, changed: dict[str, Any], status: str) -> None:
    given = {"Controls": [controls({**check(), **changed})]}
    finding = imported(tmp_path, given, target="x", include_passes=True)["findings"][0]
    assert finding["status"] == status
    assert bool(finding["reason"]) is (status != "pass")


def test_what_is_not_scored_is_less_severe(tmp_path: Path) -> None:
    told = imported(tmp_path, {"Controls": [controls(check(scored=False))]}, target="x")
    assert told["findings"][0]["severity"] == "low"


def test_a_status_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match=r"Controls\[0\]\.tests\[0\]\.results\[0\]\.status is OK"):
        imported(tmp_path, {"Controls": [controls(check("OK"))]}, target="x")
