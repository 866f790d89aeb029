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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmark.admission import bench_admission
from tests.benchmark.anchore_image import bench_anchore_image
from tests.benchmark.applyset import bench_applyset
from tests.benchmark.audit import bench_audit
from tests.benchmark.budget import verdicts
from tests.benchmark.dockerfile_audit import bench_dockerfile_audit
from tests.benchmark.falco_rules import bench_falco_rules
from tests.benchmark.findings_import import bench_findings_import
from tests.benchmark.hardening import bench_hardening
from tests.benchmark.k8s_audit import bench_k8s_audit
from tests.benchmark.report import bench_report
from tests.benchmark.response import bench_response
from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.progress import heading, say

_Part = tuple[str, Callable[[argparse.Namespace], Any]]
_PARTS: dict[str, _Part] = {
    "audit": (
        "docker_audit, as Ansible ships it to a target, beside an empty module and peers",
        lambda arguments: bench_audit([int(size) for size in arguments.sizes.split(",")], arguments.runs),
    ),
    "report": (
        "audit_report: 200 hosts of 150 findings each",
        lambda arguments: bench_report(arguments.runs),
    ),
    "hardening": (
        "docker_hardening: a run that changes nothing",
        lambda arguments: bench_hardening(),
    ),
    "k8s_audit": (
        "k8s_audit: a cluster of 10,000 Pods, 3,000 roles and bindings, 5,000 Secrets",
        lambda arguments: bench_k8s_audit(arguments.runs),
    ),
    "applyset": (
        "k8s_applyset: 500 objects, beside kubectl",
        lambda arguments: bench_applyset(arguments.runs),
    ),
    "response": (
        "The response runner: 100 alerts a second, each of which deletes a pod; a burst of 100,000 alerts",
        lambda arguments: bench_response(),
    ),
    "falco_rules": (
        "falco_rules: 100 rules, as Ansible ships it, beside an empty module",
        lambda arguments: bench_falco_rules(arguments.runs),
    ),
    "dockerfile_audit": (
        "dockerfile_audit: 500 Dockerfiles and their contexts, beside hadolint alone",
        lambda arguments: bench_dockerfile_audit(min(arguments.runs, 3)),
    ),
    "findings_import": (
        "findings_import: reports of 200 MB, beside reading them as a whole",
        lambda arguments: bench_findings_import(min(arguments.runs, 2)),
    ),
    "admission": (
        "The admission webhook: 200 reviews a second, from its cache",
        lambda arguments: bench_admission(),
    ),
    "anchore_image": (
        "anchore_image: 100 images added and awaited in one call, beside anchore-cli",
        lambda arguments: bench_anchore_image(min(arguments.runs, 3)),
    ),
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=(*_PARTS, []), metavar="PART", help=f"{', '.join(_PARTS)} (all)")
    parser.add_argument("--sizes", default="10,50,500", help="numbers of containers (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="runs of which the median counts (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=REPOSITORY / ".build" / "bench" / "bench.json")
    return parser.parse_args()


def _measure(arguments: argparse.Namespace) -> dict[str, Any]:
    results: dict[str, Any] = {"cpus": os.cpu_count(), "python": platform.python_version(), "runs": arguments.runs}
    for name, (title, bench) in _PARTS.items():
        if not arguments.parts or name in arguments.parts:
            heading(title)
            results[name] = bench(arguments)
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
