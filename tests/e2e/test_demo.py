# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration is a promise: it succeeds, shows every stage, and leaves nothing but its reports."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import standing
from tests.lab.dockerd import ATTACH, REPOSITORY, Dockerd
from tests.lab.launch import alive


@pytest.mark.slow
def test_demo_shows_every_stage_and_leaves_only_its_reports(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.lab", "demo", "--part", "docker", "--output", str(tmp_path)],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "The second run changed nothing." in result.stdout
    assert "Clean: 0 findings" in result.stdout
    assert {path.name for path in (tmp_path / "docker").iterdir()} == {
        "audit-report.html",
        "audit-report.json",
        "waivers.yml",
    }
    report = json.loads((tmp_path / "docker" / "audit-report.json").read_text())
    drifted = {finding["control"] for finding in report["findings"] if finding["drift"] in ("new", "regressed")}
    assert {"docker.container.privileged", "docker.daemon.no_new_privileges"} <= drifted
    assert not [finding for finding in report["findings"] if finding["status"] == "error"]
    workdir = next(word for word in result.stdout.split() if word.startswith("/tmp/bulkhead-lab-"))
    assert not Path(workdir).exists()


@pytest.mark.slow
def test_demo_fails_when_the_daemon_is_not_as_it_should_be(tmp_path: Path) -> None:
    """The stages judge what they see: with nothing wrong to find, the first audit is a failure of the demonstration."""
    script = (
        "import sys\n"
        "from tests.lab import __main__, demo_script\n"
        "demo_script.cast = lambda workdir: demo_script.WELL_KEPT[:1]\n"
        f"sys.argv = ['lab', 'demo', '--part', 'docker', '--output', {str(tmp_path)!r}]\n"
        "sys.exit(__main__.main())\n"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False, capture_output=True, text=True)
    assert result.returncode == 1
    assert "nobody was privileged" in result.stderr or "found only" in result.stderr


def test_the_lab_stands_until_it_is_taken_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    workdir = Path(tempfile.mkdtemp(prefix="bulkhead-lab-"))  # tmp_path is too long for a socket
    monkeypatch.setattr(standing, "STATE", tmp_path / "state")
    monkeypatch.setattr(standing, "WORKDIR", workdir)
    monkeypatch.setattr(standing, "set_stage", lambda daemon: ())
    standing.up()
    try:
        pid = int((workdir / "docker.pid").read_text())
        assert standing.status() == 0
        hosts = json.loads((tmp_path / "state" / "inventory.json").read_text())["docker_hosts"]["hosts"]
        assert hosts["lab"]["audit_docker_host"] == f"unix://{workdir}/docker.sock"
    finally:
        standing.down()
    assert not alive(pid)
    assert standing.status() == 3
    assert not workdir.exists()


def test_on_a_docker_of_the_users_it_only_looks(make_dockerd: Callable[..., Dockerd], tmp_path: Path) -> None:
    daemon = make_dockerd(bridge=True)
    before, pid = daemon.config_file.read_bytes(), daemon.pid
    result = subprocess.run(
        [sys.executable, "-m", "tests.lab", "demo", "--part", "docker", "--output", str(tmp_path)],
        cwd=REPOSITORY,
        env={**os.environ, ATTACH: daemon.docker_host},
        check=False,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "restart_command" in result.stdout  # what the plan lacks here, said instead of done
    assert (tmp_path / "docker" / "audit-report.html").exists()
    assert (daemon.config_file.read_bytes(), daemon.pid) == (before, pid)
    with contextlib.closing(daemon.client()) as client:
        assert client.images.list() == []
        assert client.containers.list(all=True) == []
