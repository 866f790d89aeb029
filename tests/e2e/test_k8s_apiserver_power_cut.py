# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of k8s_apiserver_config that is cut off leaves a whole manifest, and the next run completes it or goes back."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.apiserver_host import Host
from tests.lab.ansible import COLLECTIONS
from tests.lab.dockerd import REPOSITORY
from tests.lab.kubernetes import Kubernetes

pytestmark = pytest.mark.slow

CHANGE: dict[str, Any] = {
    "flags": {"audit-log-maxage": 7},
    "encryption": {"key_name": "cut"},
    "enable_admission_plugins": ["AlwaysPullImages"],
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One API server for this file."""
    with Kubernetes("api") as k8s, Host(k8s) as running:
        yield running


@pytest.fixture(scope="module")
def steps(host: Host) -> list[str]:
    """The steps of a run that is not cut off, by their names."""
    names = cut_off(host, 0, **CHANGE)
    assert host.flags()["audit-log-maxage"] == "7"
    return names


@pytest.fixture
def fresh(host: Host, steps: list[str]) -> Host:
    """The host as it was, and no memory of any run."""
    assert steps
    if host.manifest.read_text() != host.original:
        host.manifest.write_text(host.original)
    forget_run(host)
    host.await_manifest()
    return host


def cut_off(host: Host, step: int, **change: Any) -> list[str]:
    """Run the module and cut it off before its step; the names of the steps when it was not cut off."""
    arguments = {"ANSIBLE_MODULE_ARGS": {**host.options, **change, "_ansible_remote_tmp": "/tmp"}}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(arguments, file)
        file.flush()
        result = subprocess.run(
            [sys.executable, "-m", "tests.e2e.cut_off_at", str(step), file.name, "k8s_apiserver_config"],
            check=False,
            capture_output=True,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": f"{COLLECTIONS}:{REPOSITORY}"},
        )
    assert result.returncode == (137 if step else 0), result.stdout + result.stderr
    return result.stderr.split()


def place_of_the_manifest(steps: list[str]) -> int:
    """The number of the step that puts the manifest into its place: journal, files, and then this one."""
    replaces = [number for number, step in enumerate(steps, start=1) if step == "replace"]
    # After it come record.json alone, and the removal of the journal.
    return replaces[-2]


def test_a_cut_at_every_step_before_the_manifest_changes_nothing_that_runs(fresh: Host, steps: list[str]) -> None:
    placed, pid = place_of_the_manifest(steps), fresh.pid()
    for number in range(1, placed + 1):
        forget_run(fresh)
        cut_off(fresh, number, **CHANGE)
        assert fresh.manifest.read_text() == fresh.original, steps[number - 1]
        hidden = [path.name for path in fresh.manifests.iterdir() if path != fresh.manifest]
        assert all(name.startswith(".") for name in hidden), "the kubelet would run it"
        assert fresh.pid() == pid, "the API server was not touched"
    check_completed(fresh, steps[placed - 1])


def forget_run(host: Host) -> None:
    """No memory of the run before, and nothing that it left."""
    for folder in (host.state_dir, host.config_dir):
        shutil.rmtree(folder, ignore_errors=True)


def check_completed(host: Host, step: str) -> None:
    """A run after the cut completes the change; the one after that has nothing to do, and all can be taken back."""
    result = host.run(**CHANGE)
    assert "failed" not in result, f"after a cut before {step}: {result['msg']}"
    assert host.flags()["audit-log-maxage"] == "7"
    assert [path.name for path in host.manifests.iterdir()] == [host.manifest.name]
    assert not list(host.state_dir.rglob("journal.json"))
    assert not list(host.state_dir.rglob("undo-*")), "no copy of a key stays"
    assert not host.run(**CHANGE)["changed"], step


@pytest.mark.parametrize("after", [1, 3], ids=["manifest in its place", "before it is remembered"])
def test_a_cut_after_the_manifest_is_completed(fresh: Host, steps: list[str], after: int) -> None:
    number = place_of_the_manifest(steps) + after
    cut_off(fresh, number, **CHANGE)
    assert fresh.manifest.read_text() != fresh.original
    check_completed(fresh, steps[number - 1])


def test_a_cut_with_what_the_server_refuses_is_taken_back(fresh: Host, steps: list[str]) -> None:
    bad = {**CHANGE, "flags": {"service-account-issuer": "::1:bad"}}
    cut_off(fresh, place_of_the_manifest(steps) + 1, **bad)
    result = fresh.run(**CHANGE)
    assert "earlier run was cut off" in result["msg"]
    assert fresh.manifest.read_text() == fresh.original
    assert not (fresh.config_dir / "encryption.yaml").exists()
    check_completed(fresh, "the first start")


def test_what_is_flushed_before_it_is_renamed(steps: list[str]) -> None:
    for number, step in enumerate(steps):
        if step == "replace":
            assert steps[number - 1] == "fsync", "the content is on the disk before the name is"
            assert steps[number + 1] == "fsync", "and the name before anything builds on it"
