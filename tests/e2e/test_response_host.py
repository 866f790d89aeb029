# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role response_engine on a host with Docker alone. For want of systemd, a command starts what the unit says."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.response_stage import ResponseStage, alert, response_stage
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images

_PLAY = """
- hosts: localhost
  connection: local
  gather_facts: true
  roles: [bulkhead.container_security.response_engine]
"""
_RESTART = """
import os, pathlib, shlex, signal, subprocess, sys, time
unit, running = map(pathlib.Path, sys.argv[1:])
if running.exists():
    pid = int(running.read_text())
    running.unlink()
    os.kill(pid, signal.SIGTERM)
    while pathlib.Path(f"/proc/{pid}").exists():
        time.sleep(0.05)
if unit.exists():
    lines = [line.partition("=") for line in unit.read_text().splitlines()]
    own = dict(value.split("=", 1) for key, _sign, value in lines if key == "Environment")
    [command] = [value for key, _sign, value in lines if key == "ExecStart"]
    log = open(running.with_suffix(".log"), "ab")
    # A grandchild: its end is waited for by no one here, as with a service.
    shell = ["sh", "-c", "exec setsid \\"$@\\" >&2 & echo $!", "sh", *shlex.split(command)]
    env = {**os.environ, **own}
    started = subprocess.run(shell, env=env, stdout=subprocess.PIPE, stderr=log, text=True, check=True)
    running.write_text(started.stdout)
"""


class Host:
    """The role on this machine, under a name that nothing else has."""

    def __init__(self, stage: ResponseStage, daemon: Dockerd, folder: Path) -> None:
        self.stage, self.folder = stage, folder
        self.name = f"bulkhead-test-{secrets.token_hex(4)}"
        self.units, self.running = folder / "units", folder / "engine.pid"
        self.units.mkdir()
        self.playbook = folder / "host.yml"
        self.playbook.write_text(_PLAY)
        script = folder / "restart.py"
        script.write_text(_RESTART)
        steps = [{"action": "pause_container"}]
        nats = {key: value for key, value in stage.config["nats"].items() if key != "name"}
        self.variables: dict[str, Any] = {
            "backend": "host",
            "name": self.name,
            "nats": nats,
            "dry_run": False,
            "docker_socket": daemon.socket,
            "health_port": stage.health_port,
            "rules": [{"name": "shell", "match": {"rules": ["Terminal shell in container"]}, "steps": steps}],
            "host_user": "root",
            "host_dependencies": "none",
            "host_python": sys.executable,
            "host_unit_dir": str(self.units),
            "restart_command": [sys.executable, str(script), str(self.unit), str(self.running)],
        }

    @property
    def unit(self) -> Path:
        return self.units / f"{self.name}.service"

    @property
    def paths(self) -> list[Path]:
        """Where the role puts what it brings, but for the log."""
        return [Path("/opt", self.name), Path("/etc", self.name), self.unit]

    def run(self, *, check: bool = False, **more: Any) -> PlaybookResult:
        variables = {f"response_engine_{name}": value for name, value in {**self.variables, **more}.items()}
        return run_playbook(self.playbook, extra_vars=variables, diff=True, check=check)

    def ready(self) -> bool:
        return self.stage.get("/readyz")[0] == 200

    def clean(self) -> None:
        """Nothing stays on the machine, whatever the test has come to."""
        with contextlib.suppress(OSError, ValueError):
            os.kill(int(self.running.read_text()), signal.SIGKILL)
        for path in (*self.paths[:2], Path("/var/log", self.name)):
            shutil.rmtree(path, ignore_errors=True)
        Path("/var/lib/bulkhead", f"{self.name}.json").unlink(missing_ok=True)


@pytest.fixture
def host(dockerd: Dockerd, tmp_path: Path) -> Iterator[Host]:
    with response_stage(tmp_path / "stage") as stage:
        stage.make_streams()
        made = Host(stage, dockerd, tmp_path)
        try:
            yield made
        finally:
            made.clean()


def test_a_container_is_paused_and_a_bad_change_is_taken_back(host: Host, dockerd: Dockerd) -> None:
    predicted = host.run(check=True, host_user=host.name).check()
    assert any(name.endswith("Bring the unit") for name in predicted.changed)
    assert not [path for path in host.paths if path.exists()]

    assert host.run().check().changed
    assert host.ready()
    assert host.run().check().changed == []
    config = next(Path("/etc", host.name).glob("config-*.json"))
    assert config.stat().st_mode & 0o777 == 0o640
    seed = Path("/etc", host.name, "secrets", "nats.seed")
    assert seed.stat().st_mode & 0o777 == 0o640

    with contextlib.closing(dockerd.client()) as client:
        make_images(client, [])
        container = client.containers.run(BASE, detach=True, name="victim")
        shell = alert(1)
        outside = {"container.id": str(container.id)[:12], "k8s.ns.name": None, "k8s.pod.name": None}
        shell["output_fields"] = {**shell["output_fields"], **outside}
        host.stage.publish([shell])
        host.stage.wait("paused container", lambda: client.containers.get("victim").status == "paused")
        container.unpause()
        container.remove(force=True)
    host.stage.await_finished()
    log = Path("/var/log", host.name, "decisions.jsonl")
    assert [json.loads(line)["status"] for line in log.read_text().splitlines()] == ["acted"]

    # NATS cannot be reached with this: the unit of before comes back, and what it says runs.
    before = host.unit.read_text()
    broken = host.run(nats={**host.variables["nats"], "servers": ["tls://127.0.0.1:9"]}, wait_timeout=3)
    assert broken.rc != 0
    assert "What ran before runs again." in broken.stdout
    assert host.unit.read_text() == before
    host.stage.wait("engine of before", host.ready)

    assert host.run(state="absent").check().changed
    assert not [path for path in host.paths if path.exists()]
    assert log.exists()
    assert host.stage.get("/healthz")[0] == 0


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_the_unit(host: Host) -> None:
    assert host.run(restart_command=["true"], wait_timeout=0).check().changed
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(host.unit)], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if host.unit.name in line]
    assert not ours, done.stderr
