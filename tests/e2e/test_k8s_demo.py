# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole story on a cluster with a node: audit, harden, a pod refused and one admitted, drift, report, way back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.dockerd import REPOSITORY


@pytest.mark.slow
@pytest.mark.usefixtures("free_machine")
def test_demo_of_a_cluster_shows_every_stage(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.lab", "demo", "--part", "kubernetes", "--output", str(tmp_path)],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    for sentence in (
        "The second run changed nothing.",
        "PodSecurityPolicy: unable to admit pod",
        "and a good one: created",
        "What the roles made is gone; the workloads are as they were.",
    ):
        assert sentence in " ".join(result.stdout.split())
    output = tmp_path / "kubernetes"
    assert {path.name for path in output.iterdir()} == {"audit-report.html", "audit-report.json"}
    report = json.loads((output / "audit-report.json").read_text())
    drifted = {finding["control"] for finding in report["findings"] if finding["drift"] in ("new", "regressed")}
    assert "k8s.rbac.cluster_admin_binding" in drifted
    assert not [finding for finding in report["findings"] if finding["status"] == "error"]
    workdir = next(word for word in result.stdout.split() if word.startswith("/tmp/bulkhead-k8s-"))
    assert not Path(workdir).exists()
