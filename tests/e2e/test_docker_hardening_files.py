# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role makes of a host that systemd runs, which the lab does not have: the files that it would write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import run_playbook
from tests.lab.dockerd import REPOSITORY

ROLE = REPOSITORY / "roles" / "docker_hardening"
PLAY = f"""
- hosts: localhost
  gather_facts: false
  connection: local
  vars_files: [{ROLE}/defaults/main.yml, {ROLE}/vars/main.yml]
  tasks:
    - ansible.builtin.set_fact:
        files: "{{{{ __docker_hardening_files }}}}"
        options: "{{{{ __docker_hardening_options }}}}"
"""
HOST: dict[str, Any] = {
    "rootless": False,
    "swarm": False,
    "log_driver": "json-file",
    "systemd": True,
    "augenrules": "/usr/sbin/augenrules",
    "apparmor": True,
    "seccomp": True,
    "daemon": {
        "exe": "/usr/bin/dockerd",
        "argv": ["/usr/bin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"],
        "unit": "docker.service",
    },
    "files": [{"path": "/etc/docker", "role": "config_dir", "mode_at_most": "0755"}],
    "watches": [
        {"path": "/etc/docker", "role": "config_dir", "state": "absent"},
        {"path": "/var/lib/docker", "role": "data_root", "state": "absent"},
    ],
}


def made(folder: Path, host: dict[str, Any] | None = None, **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """({path: entry for docker_host_files}, options of the daemon)."""
    (folder / "templates").symlink_to(ROLE / "templates")
    (folder / "play.yml").write_text(PLAY)
    variables = {f"docker_hardening_{name}": value for name, value in settings.items()}
    result = run_playbook(
        folder / "play.yml", extra_vars={"__docker_hardening_host": {**HOST, **(host or {})}, **variables}
    ).check()
    facts = result.result_of("set_fact")["ansible_facts"]
    return {entry["path"]: entry for entry in facts["files"]}, facts["options"]


def test_the_drop_in_and_the_audit_rules_know_of_each_other(tmp_path: Path) -> None:
    files, _options = made(tmp_path)
    drop_in = "/etc/systemd/system/docker.service.d/50-bulkhead.conf"
    assert files[drop_in]["content"] == "# Managed by Ansible.\n[Service]\nOOMScoreAdjust=-500\n"
    rules = files["/etc/audit/rules.d/docker.rules"]["content"].splitlines()[1:]
    assert [line.split()[1] for line in rules] == ["/etc/docker", drop_in, "/var/lib/docker"]
    assert files["/etc/docker"] == {"path": "/etc/docker", "mode_at_most": "0755"}


def test_tcp_addresses_are_added_to_what_the_unit_starts(tmp_path: Path) -> None:
    host = {"daemon": {**HOST["daemon"], "argv": [*HOST["daemon"]["argv"], "--host=tcp://0.0.0.0:2376", "--label=50%"]}}
    files, options = made(tmp_path, host, tls=True, tls_hosts=["tcp://0.0.0.0:2376"], unit_options={})
    lines = files["/etc/systemd/system/docker.service.d/50-bulkhead.conf"]["content"].splitlines()
    assert lines[1:] == [
        "[Service]",
        "ExecStart=",
        f"ExecStart={' '.join(HOST['daemon']['argv'])} --label=50%% --host=tcp://0.0.0.0:2376",
    ]
    assert options["tlsverify"] is True
    assert options["tlskey"] == "/etc/docker/tls/server-key.pem"


@pytest.mark.parametrize(
    ("host", "settings", "there", "gone"),
    [
        ({"swarm": True}, {}, ["icc"], ["live-restore"]),
        ({"log_driver": "journald"}, {}, [], ["log-opts", "log-driver"]),
        ({"log_driver": "journald"}, {"log_driver": "local"}, ["log-opts", "log-driver"], []),
        ({}, {"log_limits": False, "ulimits": False}, [], ["log-opts", "default-ulimits"]),
        ({}, {"daemon_options_extra": {"debug": False}}, ["debug", "icc"], ["tlsverify", "seccomp-profile"]),
    ],
)
def test_options_follow_the_host_and_the_switches(
    tmp_path: Path, host: dict[str, Any], settings: dict[str, Any], there: list[str], gone: list[str]
) -> None:
    _files, options = made(tmp_path, host, **settings)
    assert set(there) <= set(options)
    assert not set(gone) & set(options)


def test_profiles_go_where_the_kernel_has_them(tmp_path: Path) -> None:
    for name in ("seccomp.json", "docker-web"):
        (tmp_path / name).write_text(f"{name}\n")
    settings: dict[str, Any] = {
        "seccomp_profile": str(tmp_path / "seccomp.json"),
        "apparmor_profiles": [str(tmp_path / "docker-web")],
        "audit_rules": False,
    }
    files, options = made(tmp_path, **settings)
    assert files["/etc/apparmor.d/docker-web"]["content"] == "docker-web\n"
    assert files["/etc/docker/seccomp.json"]["content"] == "seccomp.json\n"
    assert options["seccomp-profile"] == "/etc/docker/seccomp.json"
    (tmp_path / "templates").unlink()
    files, options = made(tmp_path, {"apparmor": False, "seccomp": False}, **settings)
    assert "/etc/docker/seccomp.json" not in files
    assert "/etc/apparmor.d/docker-web" not in files
    assert "seccomp-profile" not in options


def test_without_systemd_there_is_no_drop_in(tmp_path: Path) -> None:
    files, _options = made(tmp_path, {"systemd": False})
    assert not [path for path in files if "systemd" in path]
