# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role jenkins_image_gate: what it brings to Jenkins, and the pipeline, run by a real Groovy with the real gate.

Jenkins is a stand-in that speaks its published API; the steps of Jenkins are told, and `sh` is really run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.bulkhead.container_security.plugins.module_utils.images.registry import Registries
from ansible_collections.bulkhead.container_security.plugins.module_utils.images.scanner import ScannerError
from tests.e2e.jenkins_stand_in import ADMINISTRATOR, TOKEN, Jenkins, jenkins_stand_in
from tests.lab import grype_stand_in
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import Dockerd
from tests.lab.packaged_image import layer_tar
from tests.lab.registry import Registry

SECRET = "p<4&ssw0rd"
_PLAY = [
    {
        "name": "Gate images",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "roles": ["bulkhead.container_security.jenkins_image_gate"],
    }
]
_JOB = {"name": "web", "repository": "https://git.example.com/web.git", "image": "registry.example.com/shop/web:1.4"}
ANCHORE: dict[str, Any] = {
    "jenkins_image_gate_engine": "anchore",
    "jenkins_image_gate_anchore_url": "https://anchore.example.com:8228/v1",
    "jenkins_image_gate_anchore_user": "jenkins",
    "jenkins_image_gate_anchore_password": SECRET,
}


class Gate:
    """The role on a home of Jenkins in a folder."""

    def __init__(self, folder: Path, jenkins: Jenkins) -> None:
        self.folder, self.jenkins, self.home = folder, jenkins, folder / "home"
        self.home.mkdir()
        self.casc = self.home / "casc_configs" / "bulkhead-image-gate.yaml"

    def run(self, *, check: bool = False, **variables: Any) -> PlaybookResult:
        play = self.folder / "play.yml"
        play.write_text(json.dumps(_PLAY))
        common = {
            "jenkins_image_gate_home": str(self.home),
            "jenkins_image_gate_casc_dir": str(self.casc.parent),
            "jenkins_image_gate_user": "root",
            "jenkins_image_gate_group": "root",
            "jenkins_image_gate_url": self.jenkins.url,
            "jenkins_image_gate_api_user": ADMINISTRATOR,
            "jenkins_image_gate_api_token": TOKEN,
            "jenkins_image_gate_jobs": [_JOB],
        }
        return run_playbook(play, extra_vars={**common, **variables}, check=check, diff=True)

    def job(self) -> str:
        """The script of the one job."""
        return str(yaml.safe_load(self.casc.read_text())["jobs"][0]["script"])

    def build(self, folder: Path, programs: Path, **variables: str) -> tuple[int, list[dict[str, Any]]]:
        """Run the pipeline of the job by Groovy; the exit code, and the steps that were taken."""
        script = self.folder / "job.groovy"
        script.write_text(self.job())
        java = Path(shutil.which("java") or "").resolve()
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "JAVA_HOME": str(java.parents[1]),
            "TEST_PASSWORD": SECRET,
            **variables,
        }
        command = ["groovy", str(Path(__file__).with_name("jenkins_pipeline.groovy")), str(script), str(folder)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.stdout, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with jenkins_stand_in() as jenkins:
        yield Gate(tmp_path, jenkins)


def test_it_is_predicted_then_brought_and_a_second_run_changes_nothing(gate: Gate) -> None:
    predicted = gate.run(check=True)
    predicted.check()
    assert list(gate.home.iterdir()) == []
    assert not gate.jenkins.changes
    first = gate.run()
    first.check()
    assert gate.jenkins.changes == ["/configuration-as-code/reload"]
    assert len(gate.jenkins.checked) == 2
    assert yaml.safe_load(gate.jenkins.checked[1]) == yaml.safe_load(gate.casc.read_text())
    assert gate.run().check().changed == []
    assert gate.jenkins.changes == ["/configuration-as-code/reload"]
    (gate.home / "image-gate" / "loaded").unlink()  # as after a run that was cut off before Jenkins had loaded it
    gate.run().check()
    assert gate.jenkins.changes == ["/configuration-as-code/reload"] * 2
    program = gate.home / "image-gate" / "bulkhead-image-gate"
    assert program.stat().st_mode & 0o777 == 0o750


def test_credentials_go_into_the_store_beside_those_of_others_and_are_shown_nowhere(gate: Gate) -> None:
    first = gate.run(**ANCHORE)
    first.check()
    assert set(gate.jenkins.credentials) == {"others", "bulkhead-anchore"}
    assert "<password>p&lt;4&amp;ssw0rd</password>" in gate.jenkins.credentials["bulkhead-anchore"]
    assert gate.run(**ANCHORE).check().changed == []
    again = gate.run(**{**ANCHORE, "jenkins_image_gate_update_credentials": True})
    assert len(again.check().changed) == 1
    for result in (first, again):
        assert "ssw0rd" not in result.stdout + result.stderr + json.dumps(result.tasks)
        assert TOKEN not in result.stdout + result.stderr
    assert not [file for file in gate.home.rglob("*") if file.is_file() and b"ssw0rd" in file.read_bytes()]

    gone = gate.run(**ANCHORE, jenkins_image_gate_state="absent")
    gone.check()
    assert set(gate.jenkins.credentials) == {"others"}
    assert not [file for file in gate.home.rglob("*") if file.is_file()]
    assert gate.run(**ANCHORE, jenkins_image_gate_state="absent").check().changed == []


@pytest.fixture
def build_place(tmp_path: Path) -> Path:
    """A checked-out repository, and a Dockerfile for an image without a base."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "layer.tar").write_bytes(layer_tar())
    return folder


def run_pipeline(
    gate: Gate, place: Path, dockerfile: str, known: dict[str, Any]
) -> tuple[int, list[dict[str, Any]], bool]:
    """Build, scan, gate and push with a real Docker, Syft and registry; whether the image came into the registry."""
    (place / "Dockerfile").write_text(dockerfile)
    with Dockerd() as daemon, Registry() as registry:
        image = f"{registry.host}/shop/web:1.4"
        gate.run(jenkins_image_gate_jobs=[{**_JOB, "image": image}]).check()
        programs = gate.folder / "programs"
        programs.mkdir()
        program, database = grype_stand_in.install(gate.folder, known)
        (programs / "grype").write_text(f'#!/bin/sh\nGRYPE_DB_CACHE_DIR={database} exec {program} "$@"\n')
        (programs / "grype").chmod(0o755)
        (programs / "syft").symlink_to(Path(sys.executable).with_name("syft"))
        rc, steps = gate.build(place, programs, DOCKER_HOST=f"unix://{daemon.socket}")
        try:
            Registries(plain=(registry.host,)).resolve(image)
            pushed = True
        except ScannerError:
            pushed = False
    return rc, steps, pushed


GOOD = "FROM scratch\nADD layer.tar /\nUSER 1000\nEXPOSE 8080\nHEALTHCHECK CMD true\n"
FIXABLE = {"openssl": [{"id": "CVE-2024-1", "severity": "High", "fixed_in": ["3.0.2-1"]}]}


def test_a_pipeline_publishes_what_the_policy_lets_pass(gate: Gate, build_place: Path) -> None:
    rc, steps, pushed = run_pipeline(gate, build_place, GOOD, {})
    assert (rc, pushed) == (0, True), steps
    assert [step["value"] for step in steps if step["step"] == "stage"] == [
        "Check out",
        "Build",
        "Scan and gate",
        "Push",
    ]
    reports = {path.name for path in (build_place / "image-gate").iterdir()}
    assert {"image-gate.sarif", "image-gate.junit.xml", "image-gate.html", "image-gate-evaluations.json"} <= reports


def test_a_pipeline_stops_where_the_policy_refuses(gate: Gate, build_place: Path) -> None:
    rc, steps, pushed = run_pipeline(gate, build_place, GOOD.replace("USER 1000", "USER root"), FIXABLE)
    assert (rc, pushed) == (1, False), steps
    assert [step["value"] for step in steps if step["step"] == "stage"] == ["Check out", "Build", "Scan and gate"]
    said = next(step["value"]["text"] for step in steps if step["step"] == "said" and step["value"]["status"])
    assert "REFUSED" in said
    assert "CVE-2024-1" in said
    assert "runs as root" in said
    # What it found is published all the same.
    assert [step["step"] for step in steps][-5:] == ["archiveArtifacts", "junit", "sarif", "recordIssues", "deleteDir"]


@pytest.mark.parametrize("step", ["command", "plugin"])
def test_pipelines_with_the_engine_are_groovy(gate: Gate, step: str, build_place: Path) -> None:
    gate.run(**ANCHORE, jenkins_image_gate_step=step).check()
    programs = gate.folder / "programs"
    programs.mkdir()
    for name in ("docker", "true"):
        (programs / name).write_text("#!/bin/sh\nexit 0\n")
        (programs / name).chmod(0o755)
    rc, steps = gate.build(build_place, programs)
    told = [row["value"] for row in steps if row["step"] == "stage"]
    assert told[:4] == ["Check out", "Build", "Push the candidate", "Scan and gate"]
    if step == "plugin":
        assert rc == 0
        call = next(row["value"][0] for row in steps if row["step"] == "anchore")
        assert call["bailOnFail"] is True
        assert (build_place / "anchore_images").read_text() == f"{_JOB['image']}-candidate Dockerfile\n"
    else:
        # Nobody is there to answer the gate; the build stops, and the password is nowhere.
        assert (rc, told[-1]) == (1, "Scan and gate")
        assert SECRET not in json.dumps(steps)


def test_what_jenkins_does_not_take_is_not_written(gate: Gate) -> None:
    gate.jenkins.issues = [{"line": 1, "message": "no such attribute"}]
    done = gate.run()
    assert done.rc
    assert "no such attribute" in done.stdout
    assert not gate.casc.exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"jenkins_image_gate_jobs": [{**_JOB, "image": "web'; sh 'id"}]}, "Only letters, digits"),
        ({"jenkins_image_gate_jobs": [{**_JOB, "branch": "$(id)"}]}, "Only letters, digits"),
        ({"jenkins_image_gate_step": "plugin"}, "needs jenkins_image_gate_engine=anchore"),
        ({**ANCHORE, "jenkins_image_gate_anchore_url": "https://u:p@anchore"}, "without a user in it"),
        ({"jenkins_image_gate_home": "/nowhere"}, "there is no folder /nowhere"),
    ],
)
def test_bad_input_changes_nothing(gate: Gate, variables: dict[str, Any], said: str) -> None:
    done = gate.run(**variables)
    assert done.rc
    assert said in " ".join(done.stdout.split())
    assert list(gate.home.iterdir()) == []
    assert not gate.jenkins.changes
