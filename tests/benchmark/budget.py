# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection promises to cost at most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.benchmark.applyset import FIRST, KUBECTL, PLAYBOOK, UNCHANGED

_CPU, _MEMORY, _REQUESTS_EACH = 0.4, 80.0, 2.0
_CLUSTER_CPU, _CLUSTER_MEMORY = 5.0, 150.0
_REPORT_SECONDS, _TASKS = 3.0, 12
_IMPORT_SECONDS, _IMPORT_MEMORY = 10.0, 200.0
_DOCKERFILES_CPU = 2.0
_ADMISSION_P99, _ADMISSION_CPU = 0.020, 0.001
# CPU above the empty module a container: at 500 at most this many times that at 50.
_GROWTH = 1.3


def _verdict(what: str, value: float, limit: float) -> dict[str, Any]:
    return {"what": what, "value": round(value, 4), "limit": limit, "kept": value <= limit}


def _row(rows: list[dict[str, Any]], program: str, size: int) -> dict[str, Any] | None:
    return next((row for row in rows if row["program"] == program and row["containers"] == size), None)


def _own_cpu(rows: list[dict[str, Any]], size: int) -> float | None:
    """CPU seconds above an empty module."""
    audit, empty = _row(rows, "docker_audit", size), _row(rows, "bench_empty", size)
    return audit["cpu"] - empty["cpu"] if audit and empty else None


def _audit(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    own, row = _own_cpu(rows, 50), _row(rows, "docker_audit", 50)
    if own is not None and row is not None:
        yield _verdict("docker_audit, 50 containers: CPU seconds above an empty module", own, _CPU)
        yield _verdict("docker_audit, 50 containers: peak memory in MB", row["memory"], _MEMORY)
        yield _verdict("docker_audit, 50 containers: API requests a container", row["requests"] / 50, _REQUESTS_EACH)
    large = _own_cpu(rows, 500)
    if own is not None and large is not None:
        yield _verdict("docker_audit: growth of CPU a container from 50 to 500", large / 500 / (own / 50), _GROWTH)


def _k8s_audit(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["program"] == "k8s_audit":
            yield _verdict("k8s_audit, 10,000 Pods: CPU seconds", row["cpu"], _CLUSTER_CPU)
            yield _verdict("k8s_audit, 10,000 Pods: peak memory in MB", row["memory"], _CLUSTER_MEMORY)


def _applyset(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    by_program = {row["program"]: row for row in rows}
    if by_program:
        ratio = by_program[FIRST]["wall"] / by_program[KUBECTL]["wall"]
        yield _verdict("k8s_applyset, 500 new objects: seconds, as a multiple of kubectl's", ratio, 1.0)
        yield _verdict("a playbook with one k8s_applyset of 500 objects: seconds", by_program[PLAYBOOK]["wall"], 2.5)
        yield _verdict("k8s_applyset, 500 objects unchanged: writes", by_program[UNCHANGED]["writes"], 0)
        yield _verdict("k8s_applyset, 500 objects unchanged: requests", by_program[UNCHANGED]["requests"], 25)


def _response(result: dict[str, float]) -> Iterator[dict[str, Any]]:
    if result:
        yield _verdict(
            "response runner, 100 alerts/s: seconds from publish to accepted delete, p50", result["p50"], 0.015
        )
        yield _verdict(
            "response runner, 100 alerts/s: seconds from publish to accepted delete, p99", result["p99"], 0.060
        )
        yield _verdict(
            "response runner: milliseconds of a core for an alert of a burst", 1000 / result["rate_of_a_core"], 0.5
        )
        yield _verdict("response runner: seconds from start to ready", result["start"], 1.5)
        yield _verdict("response runner: peak memory in MB", result["memory"], 80.0)


def _findings_import(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        what = f"findings_import, 200 MB of {row['report']}"
        yield _verdict(f"{what}: seconds", row["wall"], _IMPORT_SECONDS)
        yield _verdict(f"{what}: peak memory in MB", row["memory"], _IMPORT_MEMORY)


def _admission(row: dict[str, float]) -> Iterator[dict[str, Any]]:
    if row:
        what = "admission from cache, 200 reviews a second"
        yield _verdict(f"{what}: seconds to the answer, p99", row["p99"], _ADMISSION_P99)
        yield _verdict(f"{what}: CPU seconds a decision", row["cpu"], _ADMISSION_CPU)


def _anchore_image(result: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if result:
        what = "anchore_image, 100 images added and awaited"
        yield _verdict(f"{what}: CPU seconds above an empty module", result["cpu"] - result["empty"], _CPU)
        yield _verdict(f"{what}: requests, one for each image and one for each look", result["requests"], 110)


def _dockerfile_audit(result: dict[str, float]) -> Iterator[dict[str, Any]]:
    if result:
        what = "dockerfile_audit, 500 files"
        yield _verdict(f"{what}: CPU seconds without hadolint", result["own"], _DOCKERFILES_CPU)
        yield _verdict(f"{what}: peak memory in MB", result["memory"], _MEMORY)


def verdicts(results: dict[str, Any]) -> list[dict[str, Any]]:
    """[{what, value, limit, kept}] for what was measured."""
    found = [*_audit(results.get("audit", [])), *_k8s_audit(results.get("k8s_audit", []))]
    found += _applyset(results.get("applyset", []))
    if "report" in results:
        what = "audit_report, 200 hosts of 150 findings: seconds"
        found.append(_verdict(what, results["report"]["seconds"], _REPORT_SECONDS))
        found.append(_verdict(f"{what} with every format", results["report"]["seconds_all"], _REPORT_SECONDS))
    found += _response(results.get("response", {}))
    if "hardening" in results:
        found.append(_verdict("docker_hardening unchanged: tasks on the target", results["hardening"]["tasks"], _TASKS))
    if "falco_rules" in results:
        own = results["falco_rules"]["cpu"] - results["falco_rules"]["empty"]
        found.append(_verdict("falco_rules, 100 rules: CPU seconds above an empty module", own, _CPU))
    found += _findings_import(results.get("findings_import", []))
    found += _dockerfile_audit(results.get("dockerfile_audit", {}))
    found += _admission(results.get("admission", {}))
    found += _anchore_image(results.get("anchore_image", {}))
    return found
