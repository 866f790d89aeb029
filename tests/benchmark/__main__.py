# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much CPU, time and memory the collection costs, beside peers where they can be had."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from tests.benchmark.admission import bench_admission
from tests.benchmark.applyset import bench_applyset
from tests.benchmark.audit import bench_audit
from tests.benchmark.budget import verdicts
from tests.benchmark.falco_rules import bench_falco_rules
from tests.benchmark.findings_import import bench_findings_import
from tests.benchmark.hardening import bench_hardening
from tests.benchmark.k8s_audit import bench_k8s_audit
from tests.benchmark.report import bench_report
from tests.benchmark.response import bench_response
from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.progress import heading, say

_PARTS = (
    "audit",
    "report",
    "hardening",
    "k8s_audit",
    "applyset",
    "response",
    "falco_rules",
    "findings_import",
    "admission",
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=(*_PARTS, []), metavar="PART", help=f"{', '.join(_PARTS)} (all)")
    parser.add_argument("--sizes", default="10,50,500", help="numbers of containers (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / ".build" / "bench" / "bench.json")
    return parser.parse_args()


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    results: dict[str, Any] = {"cpus": os.cpu_count(), "python": platform.python_version(), "runs": arguments.runs}
    parts = arguments.parts or _PARTS
    if "audit" in parts:
        heading("docker_audit, as Ansible ships it to a target, beside an empty module and peers")
        results["audit"] = bench_audit([int(size) for size in arguments.sizes.split(",")], arguments.runs)
    if "report" in parts:
        heading("audit_report: 200 hosts of 150 findings each")
        results["report"] = bench_report(arguments.runs)
    if "hardening" in parts:
        heading("docker_hardening: a run that changes nothing")
        results["hardening"] = bench_hardening()
    if "k8s_audit" in parts:
        heading("k8s_audit: a cluster of 10,000 Pods, 3,000 roles and bindings, 5,000 Secrets")
        results["k8s_audit"] = bench_k8s_audit(arguments.runs)
    if "applyset" in parts:
        heading("k8s_applyset: 500 objects, beside kubectl")
        results["applyset"] = bench_applyset(arguments.runs)
    if "response" in parts:
        heading("The response runner: 100 alerts a second, each of which deletes a pod; a burst of 100,000 alerts")
        results["response"] = bench_response()
    if "falco_rules" in parts:
        heading("falco_rules: 100 rules, as Ansible ships it, beside an empty module")
        results["falco_rules"] = bench_falco_rules(arguments.runs)
    if "findings_import" in parts:
        heading("findings_import: reports of 200 MB, beside reading them as a whole")
        results["findings_import"] = bench_findings_import(min(arguments.runs, 2))
    if "admission" in parts:
        heading("The admission webhook: 200 reviews a second, from its cache")
        results["admission"] = bench_admission()
    return results


def main() -> int:
    """The exit code: 0 when every budget was kept."""
    arguments = _arguments()
    try:
        results = _measure(arguments)
    except (LabError, RuntimeError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    results["budgets"] = verdicts(results)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(results, indent=2) + "\n")
    heading("Budgets")
    for verdict in results["budgets"]:
        mark = "kept" if verdict["kept"] else "MISSED"
        print(f"  {mark:<7}{verdict['what']}: {verdict['value']} (at most {verdict['limit']})")
    say(f"All numbers: {arguments.output}")
    return not all(verdict["kept"] for verdict in results["budgets"])


if __name__ == "__main__":
    sys.exit(main())
