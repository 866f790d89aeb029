# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""audit_report with 200 hosts of 150 findings each, compared with the report of the time before."""

from __future__ import annotations

import hashlib
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.progress import step

_HOSTS, _FINDINGS = 200, 150
_DEFAULT = ("json", "html")
_EVERY = ("json", "sarif", "junit", "html", "markdown", "prometheus", "oscal")
_SEVERITIES = ("critical", "high", "medium", "low", "info")
_PLAY: list[dict[str, Any]] = [
    {
        "name": "Report",
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Report",
                "bulkhead.container_security.audit_report": {
                    "sources": ["{{ bench_source }}"],
                    "output_dir": "{{ bench_output }}",
                    "formats": "{{ bench_formats }}",
                },
            }
        ],
    }
]


def finding(host: str, number: int) -> dict[str, Any]:
    """One finding in the published schema."""
    control = f"docker.bench.control_{number % 75}"
    name = f"container-{number // 15}"
    identity = f"{control}|{host}|{name}"
    return {
        "control": control,
        "references": [{"benchmark": "cis-docker", "version": "1.8.0", "id": f"5.{number % 31 + 1}"}],
        "title": f"Setting {number % 75} of the container is as it should be",
        "severity": _SEVERITIES[number % 5],
        "remediation": "Recreate the container with the setting that its owner wants and the baseline allows.",
        "status": "pass" if number % 3 == 0 else "fail",
        "target": host,
        "subject": {"kind": "container", "name": name},
        "expected": {"equals": False},
        "actual": True,
        "evidence": {"image": "registry.example.com/app:1.0"},
        "reason": None,
        "fingerprint": hashlib.sha256(identity.encode()).hexdigest()[:32],
        "waiver": None,
        "drift": None,
    }


def _audits(first: int) -> list[dict[str, Any]]:
    hosts = [f"host-{number:03}.example.com" for number in range(_HOSTS)]
    return [finding(host, first + number) for host in hosts for number in range(_FINDINGS)]


def _seconds(result: PlaybookResult) -> float:
    return float(next(task["seconds"] for task in result.check().tasks if task["action"].endswith("audit_report")))


def _median(folder: Path, formats: tuple[str, ...], runs: int) -> float:
    """Seconds of the task. Every run finds a tenth of the findings new, and as many resolved; the first warms up."""
    seconds = []
    for run in range(runs + 1):
        (folder / "source.json").write_text(json.dumps({"findings": _audits(15 * (run % 2))}))
        variables = {
            "bench_source": str(folder / "source.json"),
            "bench_output": str(folder / "report"),
            "bench_formats": formats,
        }
        seconds.append(_seconds(run_playbook(folder / "play.json", extra_vars=variables)))
    return statistics.median(seconds[1:])


def bench_report(runs: int) -> dict[str, Any]:
    """{seconds: median of the task with the default formats, seconds_all: with every format, sizes: {file: bytes}}."""
    with tempfile.TemporaryDirectory(prefix="bulkhead-bench-") as name:
        folder = Path(name)
        (folder / "play.json").write_text(json.dumps(_PLAY))
        with step(f"{', '.join(_DEFAULT)}: {runs} runs"):
            default = _median(folder, _DEFAULT, runs)
        with step(f"every format: {runs} runs"):
            every = _median(folder, _EVERY, runs)
        sizes = {file.name: file.stat().st_size for file in sorted((folder / "report").iterdir())}
    print(f"  median of the task: {default:.2f} s; with every format {every:.2f} s")
    print("  " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items()))
    counts = {"hosts": _HOSTS, "findings": _FINDINGS}
    return {"seconds": round(default, 3), "seconds_all": round(every, 3), "sizes": sizes, **counts}
