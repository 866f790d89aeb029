# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of docker_daemon_config that is cut off at any step leaves a whole file, and the next run completes it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.daemon_config import Subject
from tests.lab.ansible import COLLECTIONS
from tests.lab.dockerd import REPOSITORY, Dockerd

OLD = '{\n  "labels": ["old=1"],\n  "debug": false\n}\n'
# labels and debug are reloaded; log-opts, which the daemon never shows, needs a restart.
RELOADED: dict[str, Any] = {"labels": ["new=2"], "debug": True}
RESTARTED: dict[str, Any] = {**RELOADED, "log-opts": {"max-size": "10m"}}


def cut_off(subject: Subject, config: dict[str, Any], step: int) -> list[str]:
    """Run the module and cut it off before its step; the names of the steps when it was not cut off."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**subject.options, "config": config, "_ansible_remote_tmp": "/tmp"}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(arguments, file)
        file.flush()
        result = subprocess.run(
            [sys.executable, "-m", "tests.e2e.cut_off_at", str(step), file.name],
            check=False,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": f"{COLLECTIONS}:{REPOSITORY}"},
        )
    assert result.returncode == (137 if step else 0), result.stdout + result.stderr
    return result.stderr.split()


def reset(subject: Subject) -> None:
    """The daemon with its old file, and no memory of any run."""
    shutil.rmtree(subject.state_dir, ignore_errors=True)
    subject.daemon.config_file.write_text(OLD)
    if subject.daemon.running:
        subject.daemon.reload()
    else:
        subject.daemon.start()


def check_after_the_cut(subject: Subject, config: dict[str, Any], step: str) -> None:
    """The file is whole; a run after it completes the change; the one after that has nothing to do."""
    assert subject.text() == OLD or json.loads(subject.text()) == config, f"cut off before {step}"
    result = subject.run(config=config)
    assert "failed" not in result, f"after a cut before {step}: {result['msg']}"
    assert json.loads(subject.text()) == config
    info = subject.info()
    assert (info["Labels"], info["Debug"]) == (["new=2"], True), f"cut off before {step}"
    assert subject.left_beside() == [], f"cut off before {step}"
    assert not list(subject.state_dir.rglob("journal.json"))
    assert not subject.run(config=config)["changed"], f"cut off before {step}"


def check_that_it_can_be_undone(subject: Subject, step: str) -> None:
    """What was there before the run that was cut off is known."""
    assert "failed" not in subject.run(state="absent")
    assert json.loads(subject.text()) == json.loads(OLD), f"cut off before {step}"


@pytest.mark.slow
def test_a_cut_at_every_step_of_a_change_that_is_reloaded(dockerd: Dockerd) -> None:
    subject = Subject(dockerd)
    reset(subject)
    steps = cut_off(subject, RELOADED, 0)
    assert {"write", "fsync", "replace", "kill"} <= set(steps)
    for number, step in enumerate(steps, start=1):
        reset(subject)
        cut_off(subject, RELOADED, number)
        assert dockerd.running
        check_after_the_cut(subject, RELOADED, f"{step} (step {number} of {len(steps)})")


@pytest.mark.slow
def test_a_cut_around_the_restart(dockerd: Dockerd) -> None:
    subject = Subject(dockerd)
    reset(subject)
    dockerd.restart()
    steps = cut_off(subject, RESTARTED, 0)
    restart = steps.index("Popen") + 1
    file_in_place = max(number for number in range(restart) if steps[number] == "replace") + 1
    for number in (file_in_place, file_in_place + 1, restart, restart + 1, len(steps)):
        reset(subject)
        dockerd.restart()
        cut_off(subject, RESTARTED, number)
        check_after_the_cut(subject, RESTARTED, f"{steps[number - 1]} (step {number} of {len(steps)})")
        check_that_it_can_be_undone(subject, steps[number - 1])


def test_what_is_flushed_before_it_is_renamed(dockerd: Dockerd, tmp_path: Path) -> None:
    subject = Subject(dockerd)
    reset(subject)
    steps = cut_off(subject, RELOADED, 0)
    for number, step in enumerate(steps):
        if step == "replace":
            assert steps[number - 1] == "fsync", "the content is on the disk before the name is"
            assert steps[number + 1] == "fsync", "and the name before anything builds on it"
