# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of docker-bench-security."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown


def log(*results: dict[str, Any], version: str = "1.6.0", section: str = "5") -> dict[str, Any]:
    tests = [{"id": section, "desc": "Container Runtime", "results": list(results)}]
    return {"dockerbenchsecurity": version, "start": 1769860000, "tests": tests, "checks": 1, "end": 1769860800}


def check(result: str = "WARN", number: str = "5.5", **changed: Any) -> dict[str, Any]:
    return {"id": number, "desc": "Ensure that privileged containers are not used", "result": result, **changed}


def test_a_check_is_a_finding_with_the_id_of_the_benchmark(tmp_path: Path) -> None:
    told = imported(tmp_path, log(check()), target="web1")
    assert shown(told) == [("docker_bench.5.5", "fail", "medium", "host/web1")]
    reference = {"benchmark": "cis-docker", "version": "1.6.0", "id": "5.5"}
    assert told["findings"][0]["references"] == [reference]
    assert told["collected_at"] == "2026-01-31T12:00:00Z"


def test_a_version_whose_benchmark_is_not_known_refers_to_none(tmp_path: Path) -> None:
    assert imported(tmp_path, log(check(), version="9.9"), target="web1")["findings"][0]["references"] == []


@pytest.mark.parametrize(("number", "kind"), [("5.5", "container"), ("4.1", "image")])
def test_each_container_or_image_that_is_named_is_a_subject(tmp_path: Path, number: str, kind: str) -> None:
    row = check(number=number, items=["web", "db", "(truncated)"], details="Containers: web db")
    assert [found[3] for found in shown(imported(tmp_path, log(row), target="web1"))] == [f"{kind}/web", f"{kind}/db"]


@pytest.mark.parametrize(
    ("result", "details", "status"),
    [
        ("PASS", "", "pass"),
        ("INFO", "File not found", "not_applicable"),
        ("INFO", "", "manual"),
        ("NOTE", "", "manual"),
    ],
)
def test_only_a_warning_is_a_failure(tmp_path: Path, result: str, details: str, status: str) -> None:
    told = imported(tmp_path, log(check(result, details=details)), target="web1", include_passes=True)
    assert told["findings"][0]["status"] == status
    assert bool(told["findings"][0]["reason"]) is (status != "pass")


def test_a_result_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match=r"tests\[0\]\.results\[0\]\.result is MAYBE"):
        imported(tmp_path, log(check("MAYBE")), target="web1")


def test_the_log_does_not_say_of_which_host_it_is(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="does not say what it is about; give target"):
        imported(tmp_path, log(check()))
