# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role docker_hardening on a real daemon: predicted, done, done once, proved by an audit, and undone."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, make_images

ROLE = "- hosts: all\n  gather_facts: false\n  roles: [bulkhead.container_security.docker_hardening]\n"
# Tasks that the controller does by itself; every other one costs a module on the target.
ON_THE_CONTROLLER = {"validate_argument_spec", "include_tasks", "debug", "set_fact", "assert"}
MOST_TASKS = 12


@dataclass(frozen=True)
class Host:
    """A daemon, and the paths that stand for those of /etc on a host of its own."""

    daemon: Dockerd
    client: docker.DockerClient
    folder: Path

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    def variables(self, **more: Any) -> dict[str, Any]:
        settings = {
            "docker_host": self.daemon.docker_host,
            "restart_command": [self.daemon.restart_command],
            "record_dir": str(self.folder / "records"),
            "audit_rules_path": str(self.etc / "audit" / "rules.d" / "docker.rules"),
            "content_trust": True,
            "content_trust_path": str(self.etc / "environment"),
            "container_limits": [
                {"glob": "*", "memory": "128m", "cpus": 0.5, "pids_limit": 100, "restart_policy": "on-failure:5"}
            ],
            **more,
        }
        return {f"docker_hardening_{name}": value for name, value in settings.items()}

    def harden(self, *, check: bool = False, **more: Any) -> PlaybookResult:
        (self.folder / "site.yml").write_text(ROLE)
        inventory = {"all": {"hosts": {"lab": {"ansible_connection": "local"}}}}
        return run_playbook(
            self.folder / "site.yml", inventory=inventory, extra_vars=self.variables(**more), check=check, diff=True
        )

    def failing(self) -> set[str]:
        """What an audit finds wrong."""
        result = run_module("docker_audit", {"docker_host": self.daemon.docker_host})
        assert "findings" in result, result
        return {finding["control"] for finding in result["findings"] if finding["status"] == "fail"}

    def fingerprint(self) -> dict[str, tuple[int, int, int, bytes]]:
        """Everything that the role may touch: {path: (mode, uid, gid, content)}."""
        roots = [self.etc, self.daemon.config_file.parent, Path(self.daemon.socket)]
        paths = [path for root in roots for path in (root, *sorted(root.rglob("*")))]
        return {str(path): _state(path) for path in paths}


def _state(path: Path) -> tuple[int, int, int, bytes]:
    found = path.stat()
    return stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, path.read_bytes() if path.is_file() else b""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A careless host: files that everyone may write, a container without limits."""
    with Dockerd(bridge=True, flags=["--iptables=true"]) as daemon, contextlib.closing(daemon.client()) as client:
        daemon.config_file.write_text('{\n  "labels": ["site=lab"],\n  "debug": true\n}\n')
        daemon.config_file.chmod(0o666)
        daemon.restart()
        os.chmod(daemon.socket, 0o666)
        (tmp_path / "etc").mkdir()
        (tmp_path / "etc" / "environment").write_text("LANG=C\nDOCKER_CONTENT_TRUST=0\nTZ=UTC")
        make_images(client, [BASE])
        client.containers.run(BASE, name="web", detach=True, network_mode="none", restart_policy={"Name": "always"})
        yield Host(daemon, client, tmp_path)


def module_tasks(result: PlaybookResult) -> list[str]:
    names = [task["action"].rpartition(".")[2] for task in result.tasks if task["status"] != "skipped"]
    return [name for name in names if name not in ON_THE_CONTROLLER]


def diffs(result: PlaybookResult) -> dict[str, Any]:
    return {
        task["task"]: task["result"]["diff"]
        for task in result.tasks
        if task["status"] == "ok" and task["result"].get("changed") and "diff" in task["result"]
    }


def test_it_is_predicted_done_done_once_proved_and_undone(host: Host) -> None:
    original, before = host.fingerprint(), host.failing()
    started = host.client.containers.get("web").attrs["State"]["StartedAt"]

    predicted = host.harden(check=True).check()
    assert host.fingerprint() == original
    done = host.harden().check()
    assert predicted.changed == done.changed
    assert len(done.changed) == 3
    assert diffs(predicted) == diffs(done)
    assert host.client.containers.get("web").attrs["State"]["StartedAt"] == started

    again = host.harden().check()
    assert again.changed == []
    assert len(module_tasks(again)) <= MOST_TASKS

    fixed = before - host.failing()
    assert fixed >= {
        "docker.file.daemon_json.mode",
        "docker.file.docker_socket.mode",
        "docker.daemon.live_restore",
        "docker.daemon.no_new_privileges",
        "docker.daemon.userland_proxy",
    }
    assert host.daemon.daemon_json()["labels"] == ["site=lab"]

    hardened = host.fingerprint()
    refused = host.harden(state="absent")
    assert refused.rc != 0
    assert "would stop 1 container (web)" in refused.stdout + refused.stderr
    assert host.fingerprint() == hardened

    undone = host.harden(state="absent", max_containers_stopped=-1).check()
    assert undone.changed
    assert host.fingerprint() == original
    assert host.harden(state="absent").check().changed == []
    restored = host.client.containers.get("web").attrs["HostConfig"]
    assert restored["RestartPolicy"] == {"Name": "always", "MaximumRetryCount": 0}
    assert host.client.containers.get("web").status == "running"


def test_options_of_the_default_bridge_take_effect_when_no_container_outlives_the_restart(host: Host) -> None:
    host.harden(audit_rules=False, content_trust=False, container_limits=[]).check()
    # dockerd keeps the bridge as it is for containers that live-restore keeps running.
    assert "docker.daemon.icc" in host.failing()
    host.client.containers.get("web").stop()
    host.daemon.restart()
    assert "docker.daemon.icc" not in host.failing()


def test_the_audit_rules_name_the_paths_of_this_daemon(host: Host) -> None:
    host.harden(daemon=False, container_limits=[]).check()
    rules = (host.etc / "audit" / "rules.d" / "docker.rules").read_text().splitlines()
    watched = {line.split()[1] for line in rules if line.startswith("-w ")}
    assert {os.path.realpath(f"/proc/{host.daemon.pid}/exe"), str(host.daemon.config_file)} <= watched
    assert {str(host.daemon.data_root), host.daemon.socket, str(host.daemon.config_file.parent)} <= watched
    assert all(os.path.exists(path) for path in watched)


@pytest.mark.parametrize(
    ("part", "touched"),
    [
        ("audit_rules", "audit/rules.d/docker.rules"),
        ("content_trust", "environment"),
    ],
)
def test_a_part_that_is_switched_off_touches_nothing(host: Host, part: str, touched: str) -> None:
    path = host.etc / touched
    before = path.read_bytes() if path.exists() else None
    host.harden(**{part: False}, daemon=False, container_limits=[]).check()
    assert (path.read_bytes() if path.exists() else None) == before


def test_with_every_part_off_nothing_changes(host: Host) -> None:
    original = host.fingerprint()
    off = dict.fromkeys(("daemon", "audit_rules", "content_trust", "file_modes", "unit"), False)
    result = host.harden(**off, container_limits=[]).check()
    assert (result.changed, host.fingerprint()) == ([], original)


def test_what_would_stop_containers_is_refused_before_anything_is_touched(host: Host) -> None:
    original = host.fingerprint()
    result = host.harden(daemon_options={"live-restore": False, "userland-proxy": False})
    assert result.rc != 0
    assert "web" in result.stdout
    assert host.fingerprint() == original
    assert host.client.containers.get("web").status == "running"


def test_an_option_that_the_daemon_does_not_know_is_refused_before_anything_is_touched(host: Host) -> None:
    original = host.fingerprint()
    result = host.harden(daemon_options_extra={"userland-proxie": False})
    assert result.rc != 0
    assert "userland-proxie" in result.stdout
    assert host.fingerprint() == original


def test_what_others_have_changed_since_is_left_to_them(host: Host) -> None:
    host.harden(daemon=False, container_limits=[]).check()
    rules = host.etc / "audit" / "rules.d" / "docker.rules"
    rules.write_text(rules.read_text() + "-w /srv -p wa -k ours\n")
    environment = host.etc / "environment"
    environment.write_text(environment.read_text() + "EDITOR=vi\n")
    result = host.harden(state="absent").check()
    assert "was changed by somebody else since: left as it is" in result.stdout + result.stderr
    assert rules.read_text().endswith("-k ours\n")
    assert environment.read_text() == "LANG=C\nDOCKER_CONTENT_TRUST=0\nTZ=UTCEDITOR=vi\n"


def test_drift_is_reported_and_repaired(host: Host) -> None:
    host.harden().check()
    os.chmod(host.daemon.config_file, 0o666)
    host.client.containers.get("web").update(restart_policy={"Name": "always"})
    report = host.harden(check=True).check()
    assert report.changed == [
        "docker_hardening : Enforce files, owners and modes",
        "docker_hardening : Limit running containers",
    ]
    host.harden().check()
    assert stat.S_IMODE(host.daemon.config_file.stat().st_mode) == 0o644
    assert host.harden(check=True).check().changed == []
