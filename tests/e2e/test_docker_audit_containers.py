# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_audit over the lab's cast: every finding that is right, and no other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.conftest import Stage
from tests.e2e.docker_audit_run import failures, one, run_audit

IMAGES = {
    "lab/added:1.0": {"docker.image.add"},
    "lab/base:1.0": {"docker.image.healthcheck", "docker.image.user"},
    "lab/healthcheck-none:1.0": {"docker.image.healthcheck"},
    "lab/no-healthcheck:1.0": {"docker.image.healthcheck"},
    "lab/root-by-id:1.0": {"docker.image.user"},
    "lab/secrets:1.0": {"docker.image.secrets"},
    "lab/setuid:1.0": {"docker.image.setuid_files"},
    "lab/update-alone:1.0": {"docker.image.lone_update"},
}


@pytest.fixture(scope="module")
def result(stage: Stage) -> dict[str, Any]:
    return run_audit(stage.daemon.docker_host, include_snapshot=True, list_setuid=True)


def test_each_container_fails_exactly_the_controls_that_it_must(stage: Stage, result: dict[str, Any]) -> None:
    found = failures(result, "container")
    wrong = {
        member.name: {
            "extra": sorted(found.get(member.name, set()) - member.failing_controls),
            "missing": sorted(member.failing_controls - found.get(member.name, set())),
        }
        for member in stage.members
        if found.get(member.name, set()) != member.failing_controls
    }
    assert wrong == {}
    assert set(found) == {member.name for member in stage.members if member.fails}


def test_each_image_fails_exactly_the_controls_that_it_must(result: dict[str, Any]) -> None:
    assert failures(result, "image") == IMAGES


def test_every_control_was_judged(result: dict[str, Any]) -> None:
    assert [finding for finding in result["findings"] if finding["status"] == "error"] == []
    judged = run_audit("unix:///nowhere", snapshot=result["snapshot"], include_passes=True, list_setuid=True)
    assert len({finding["control"] for finding in judged["findings"]}) == judged["summary"]["controls"]


def test_a_stored_snapshot_gives_the_same_findings_again(result: dict[str, Any]) -> None:
    again = run_audit("unix:///nowhere", snapshot=result["snapshot"], list_setuid=True)
    assert again["findings"] == result["findings"]
    assert (again["requests"], again["collected_at"]) == (0, result["collected_at"])


def test_no_secret_is_shown(result: dict[str, Any]) -> None:
    text = repr(result)
    assert "correct-horse" not in text
    assert "wJalrXUtnFEMI" not in text
    assert "ghp_bulkhead" not in text


def test_two_requests_a_container_at_most(stage: Stage) -> None:
    result = run_audit(stage.daemon.docker_host)
    assert result["requests"] <= 2 * len(stage.members)


@pytest.fixture
def engine_events(stage: Stage) -> Iterator[list[dict[str, Any]]]:
    """Filled, when the test asks, with what the engine did since the test began."""
    seen: list[dict[str, Any]] = []
    began = time.time_ns()
    yield seen
    # The engine takes whole seconds, and the cast was still starting in the one in which the test began.
    events = stage.client.events(since=began // 10**9, until=int(time.time()) + 1, decode=True)
    seen += [event for event in events if event["timeNano"] >= began]
    # Health checks are the daemon's own; every exec of theirs runs `true`.
    assert [
        event for event in seen if event["Action"].startswith("exec_create") and "true" not in event["Action"]
    ] == []
    assert {event["Action"].split(":")[0] for event in seen} <= {"exec_create", "exec_start", "exec_die"}


def test_nothing_is_executed_in_a_container(stage: Stage, engine_events: list[dict[str, Any]]) -> None:
    run_audit(stage.daemon.docker_host)


def test_no_process_is_started(stage: Stage) -> None:
    program = (
        "import sys\n"
        "forbidden = {'os.fork', 'os.exec', 'os.posix_spawn', 'os.system', 'subprocess.Popen', 'os.forkpty'}\n"
        "def watch(event, args):\n"
        "    if event in forbidden: print('started', event, args); sys.stdout.flush()\n"
        "sys.addaudithook(watch)\n"
        "from tests.e2e.docker_audit_run import run_audit\n"
        f"print(run_audit({stage.daemon.docker_host!r})['summary']['controls'])\n"
    )
    path = os.pathsep.join(sys.path)
    output = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ).stdout
    assert output.strip().isdigit(), output


def test_a_process_of_the_host_is_not_an_ssh_server_of_a_container_that_sees_it(stage: Stage) -> None:
    with subprocess.Popen(["/usr/sbin/sshd", "60"], executable="/bin/sleep") as impostor:
        try:
            found = failures(run_audit(stage.daemon.docker_host, select=["docker.container.ssh_server"]), "container")
        finally:
            impostor.kill()
    assert found == {"sshd-inside": {"docker.container.ssh_server"}}


def test_apparmor_does_not_apply_without_apparmor(stage: Stage, result: dict[str, Any]) -> None:
    if any("apparmor" in option for option in stage.client.info()["SecurityOptions"]):
        pytest.skip("this kernel has AppArmor")
    assert one(result, "docker.container.apparmor")["status"] == "not_applicable"


def test_the_environment_of_who_audits_says_nothing_of_content_trust(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, result: dict[str, Any]
) -> None:
    monkeypatch.setenv("DOCKER_CONTENT_TRUST", "1")
    again = run_audit(stage.daemon.docker_host, select=["docker.host.content_trust"], include_passes=True)
    assert one(again, "docker.host.content_trust")["status"] == one(result, "docker.host.content_trust")["status"]


def test_stopped_containers_are_judged_by_what_they_will_be(result: dict[str, Any]) -> None:
    states = {facts["subject"]["name"]: facts["state"] for facts in result["snapshot"]["subjects"]["container"]}
    assert states["privileged-created"] == "created"
    assert one(result, "docker.container.privileged", "privileged-created")["status"] == "fail"


def test_sections_and_version_choose_controls(stage: Stage) -> None:
    result = run_audit(stage.daemon.docker_host, benchmark_version="1.6.0", sections=["5"], include_passes=True)
    numbers = [
        {reference["id"] for reference in finding["references"] if reference["version"] == "1.6.0"}
        for finding in result["findings"]
    ]
    assert all(any(number.startswith("5.") for number in each) for each in numbers)
    assert {"5.1", "5.32"} <= set().union(*numbers)
