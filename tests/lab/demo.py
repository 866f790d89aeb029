# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job on a real dockerd: audit, harden, audit again; then a change by hand, and the report that catches it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from tests.lab import demo_script
from tests.lab.ansible import PlaybookResult
from tests.lab.cast import Member, enter, prepare, prepare_folders
from tests.lab.demo_acts import audit, expect, findings, play, reporting, show, show_diff, worst_first
from tests.lab.dockerd import ATTACH, REPOSITORY, Dockerd
from tests.lab.images import BASE
from tests.lab.progress import heading, say, step
from tests.lab.standing import attached_inventory, inventory

OUTPUT = REPOSITORY / ".build" / "demo"


@dataclass(frozen=True)
class Stage:
    """A daemon, an independent client of it, where the reports go, and whether to show what Ansible prints."""

    daemon: Dockerd
    client: docker.DockerClient
    output: Path
    verbose: bool

    def audit(self, **variables: Any) -> tuple[PlaybookResult, dict[str, Any]]:
        """Run audit.yml; what Ansible said, and the JSON report."""
        return audit(inventory(self.daemon), self.output, self.verbose, **variables)

    def harden(self, *, check: bool = False) -> PlaybookResult:
        """Run harden_docker.yml to its end."""
        return play("harden_docker", inventory(self.daemon), self.verbose, check=check, **demo_script.HARDENING).check()

    def running(self) -> set[str]:
        """The ids of the containers that run."""
        return {str(container.id) for container in self.client.containers.list()}


def first_audit(stage: Stage) -> None:
    """An audit of the host as it was found."""
    result, report = stage.audit()
    result.check()
    failing = worst_first(findings(report, "fail"))
    say(f"{len(failing)} findings on a host with {len(stage.client.containers.list(all=True))} containers. The worst:")
    show(failing)
    expect(len(failing) >= 40, f"the first audit found only {len(failing)} faults")
    expect(any(finding["control"] == "docker.container.privileged" for finding in failing), "nobody was privileged")
    expect(not findings(report, "error"), f"some controls could not be evaluated: {findings(report, 'error')}")


def plan(stage: Stage) -> None:
    """The hardening in check mode."""
    before = stage.daemon.config_file.read_text()
    say("What would it change, and what would it stop? Check mode with --diff is the plan, and the drift report.")
    result = stage.harden(check=True)
    show_diff(result)
    expect(bool(result.changed), "the plan changes nothing on a host with default options")
    expect(stage.daemon.config_file.read_text() == before, "check mode changed daemon.json")


def harden(stage: Stage) -> None:
    """The hardening, twice."""
    running = stage.running()
    changed = stage.harden().changed
    say(f"Changed: {'; '.join(changed)}. dockerd was restarted, and what it shows of its options, verified.")
    stopped = running - stage.running()
    expect(not stopped, f"containers stopped: {stopped}")
    say(f"All {len(running)} running containers went on running: live-restore was switched on before the restart.")
    again = stage.harden().changed
    expect(not again, f"the second run changed something: {again}")
    say("The second run changed nothing.")


def replace(stage: Stage) -> None:
    """What a container was created with cannot be taken from it: make the bad ones again."""
    say(
        "No hardening takes from a container what it was created with: privileges, mounts, namespaces. Limits of "
        "memory, CPU and processes were set while the containers ran. The others are made again as they should be, by "
        "those who own them. Here, that is the demonstration:"
    )
    members = demo_script.replacements()
    with step(f"removing {len(members)} containers, and making them again"):
        for member in members:
            stage.client.containers.get(member.name).remove(force=True)
            enter(stage.client, member)
    say(
        "A daemon that finds containers running when it starts leaves every network as it was. For icc and the address "
        "of published ports it takes a maintenance window, in which the containers rest:"
    )
    with step("stopping the containers, restarting dockerd, starting the containers"):
        containers = stage.client.containers.list()
        for container in containers:
            container.stop()
        stage.daemon.restart()
        for container in containers:
            container.start()


def second_audit(stage: Stage) -> None:
    """An audit with waivers for what is deliberate; its gate lets no other finding pass."""
    waivers = stage.output / "waivers.yml"
    waivers.write_text(demo_script.waivers())
    say(f"What stays is deliberate, and written down with owner, reason and expiry: {waivers}")
    result, report = stage.audit(audit_waivers=[str(waivers)], audit_fail_on="info", audit_fail_on_error=True)
    waived, failing = findings(report, "waived"), findings(report, "fail")
    show(worst_first(failing))
    expect(not failing, f"{len(failing)} findings are neither mended nor waived")
    result.check()
    expect(bool(waived), "nothing is waived")
    say(f"Clean: 0 findings, {len(waived)} waived, {report['drift']['resolved']} resolved since the first audit.")


def by_hand(stage: Stage) -> None:
    """Somebody changes the daemon and starts a container, behind Ansible's back."""
    say(
        "Somebody is in a hurry: no-new-privileges and the log limits go from daemon.json, dockerd is restarted, and a "
        "privileged container gets docker.sock."
    )
    options = stage.daemon.daemon_json()
    options.update({"no-new-privileges": False, "log-opts": {}})
    stage.daemon.write_daemon_json(options)
    with step("by hand"):
        stage.daemon.restart()
        quick_fix = Member(
            "quick-fix", {"privileged": True, "cap_drop": None, "volumes": _socket_mount(stage)}, image=BASE
        )
        enter(stage.client, quick_fix)


def _socket_mount(stage: Stage) -> dict[str, dict[str, str]]:
    return {stage.daemon.socket: {"bind": "/var/run/docker.sock", "mode": "rw"}}


def third_audit(stage: Stage) -> None:
    """The scheduled audit fails on news, and names them."""
    result, report = stage.audit(audit_waivers=[str(stage.output / "waivers.yml")], audit_fail_on_new="low")
    news = [finding for finding in findings(report, "fail") if finding["drift"] in ("new", "regressed")]
    show(worst_first(news))
    found = {(finding["control"], finding["drift"]) for finding in news}
    expect(("docker.daemon.no_new_privileges", "regressed") in found, "the drift of the daemon was not caught")
    expect(("docker.container.privileged", "new") in found, "the new privileged container was not caught")
    expect(result.rc != 0, "the gate fail_on_new let the drift pass")
    say(f"Caught: {len(news)} findings new or regressed, and the run failed on them, so that a scheduler notifies.")
    say("And what would the baseline put right?")
    drift = stage.harden(check=True)
    expect(bool(drift.changed), "the drift report of the baseline shows nothing")
    show_diff(drift)


_STAGES: tuple[tuple[str, Callable[[Stage], None]], ...] = (
    ("2. Audit: what is wrong with this host?", first_audit),
    ("3. Plan the hardening", plan),
    ("4. Harden", harden),
    ("5. Replace what cannot be mended", replace),
    ("6. Audit again: clean, but for what is waived", second_audit),
    ("7. A change by hand, behind Ansible's back", by_hand),
    ("8. The next audit catches it", third_audit),
)


def _set(stage: Stage) -> None:
    prepare_folders(stage.daemon.workdir)
    members = demo_script.cast(stage.daemon.workdir)
    with step(f"images made on the spot, and {len(members)} containers: well kept ones, and one of each kind of vice"):
        prepare(stage.client)
        for member in members:
            enter(stage.client, member)
    stage.daemon.config_file.chmod(0o666)


def run(output: Path, *, verbose: bool = False) -> None:
    """The whole demonstration. LabError where a stage did not show what it should."""
    with reporting(output):
        if os.environ.get(ATTACH):
            _on_yours(os.environ[ATTACH], output, verbose)
        else:
            _on_ours(output, verbose)


def _on_ours(output: Path, verbose: bool) -> None:
    heading("1. A Docker host, as one finds them")
    say("A dockerd of its own, on a socket, in a folder and in a network of its own. About two minutes in all.")
    daemon = Dockerd(bridge=True)
    with contextlib.ExitStack() as ends:
        with step(f"dockerd in {daemon.workdir}"):
            ends.enter_context(daemon)
        client = ends.enter_context(contextlib.closing(daemon.client()))
        stage = Stage(daemon, client, output, verbose)
        _set(stage)
        for title, act in _STAGES:
            heading(title)
            act(stage)
    say("The daemon and its containers are gone again.")


def _on_yours(docker_host: str, output: Path, verbose: bool) -> None:
    """A Docker that somebody uses is audited, and its hardening planned; nothing on it changes."""
    heading("1. Audit of your Docker")
    say(f"{ATTACH} names {docker_host}. It is only looked at: no container is made, and no option changed.")
    hosts = attached_inventory(docker_host)
    result, report = audit(hosts, output, verbose)
    result.check()
    failing = worst_first(findings(report, "fail"))
    say(f"{len(failing)} findings. The worst:")
    show(failing)
    heading("2. Plan of its hardening")
    planned = play("harden_docker", hosts, verbose, check=True, docker_hardening_max_containers_stopped=-1)
    show_diff(planned)
    for task in planned.tasks:
        if task["status"] == "failed":
            say(f"It would be refused, with nothing touched: {task['result'].get('msg')}")
