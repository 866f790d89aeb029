# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 3 of the benchmark: owner and mode of every file, by its role."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import (
    compile_controls,
    evaluate,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_files import FILE_CONTROLS

BY_ID = {control.id: control for control in FILE_CONTROLS}

OWNER = {
    "docker_service": "3.1",
    "docker_socket_unit": "3.3",
    "config_dir": "3.5",
    "registry_certificate": "3.7",
    "registry_key": "3.7",
    "tls_ca": "3.9",
    "tls_cert": "3.11",
    "tls_key": "3.13",
    "docker_socket": "3.15",
    "daemon_json": "3.17",
    "default_docker": "3.19",
    "sysconfig_docker": "3.22",
    "containerd_socket": "3.23",
}
MODE = {
    "docker_service": ("3.2", "0644"),
    "docker_socket_unit": ("3.4", "0644"),
    "config_dir": ("3.6", "0755"),
    "registry_certificate": ("3.8", "0444"),
    "registry_key": ("3.8", "0444"),
    "tls_ca": ("3.10", "0444"),
    "tls_cert": ("3.12", "0444"),
    "tls_key": ("3.14", "0400"),
    "docker_socket": ("3.16", "0660"),
    "daemon_json": ("3.18", "0644"),
    "default_docker": ("3.20", "0644"),
    "sysconfig_docker": ("3.21", "0644"),
    "containerd_socket": ("3.24", "0660"),
}
TYPES = {"config_dir": "directory", "data_root": "directory", "docker_socket": "socket", "containerd_socket": "socket"}


@pytest.mark.parametrize("version", ["1.8.0", "1.6.0"])
def test_every_id_of_section_3_is_referred_to_by_its_control(version: str) -> None:
    found = {
        control.id: reference["id"]
        for control in FILE_CONTROLS
        for reference in control.references
        if reference["version"] == version
    }
    owners = {f"docker.file.{role}.owner": number for role, number in OWNER.items()}
    assert found == owners | {f"docker.file.{role}.mode": number for role, (number, _mode) in MODE.items()}
    assert set(found.values()) == {f"3.{number}" for number in range(1, 25)}


def test_every_expression_compiles_and_no_id_stands_twice() -> None:
    compile_controls(FILE_CONTROLS)
    assert len(BY_ID) == len(FILE_CONTROLS)


def verdict(control: str, role: str, **facts: Any) -> str:
    file = {
        "subject": {"kind": "file", "name": "/p"},
        "role": role,
        "exists": True,
        "type": TYPES.get(role, "file"),
        "rootless": False,
        "ownership": "root:root",
        "uid": 0,
        "mode": "0400",
        "loose_parents": [],
        **facts,
    }
    [finding] = evaluate({"subjects": {"file": [file]}}, [BY_ID[control]], "h", include_passes=True).findings
    return str(finding["status"])


@pytest.mark.parametrize("role", OWNER)
def test_a_file_of_root_passes_and_one_of_another_fails(role: str) -> None:
    control = f"docker.file.{role}.owner"
    assert verdict(control, role) == "pass"
    assert verdict(control, role, ownership="alice:root") == "fail"
    assert verdict(control, role, ownership="root:users") == "fail"


@pytest.mark.parametrize(("role", "limit"), [(role, mode) for role, (_number, mode) in MODE.items()])
def test_a_mode_up_to_the_limit_passes_and_one_bit_beyond_fails(role: str, limit: str) -> None:
    control, beyond = f"docker.file.{role}.mode", f"{int(limit, 8) | 0o002:04o}"
    assert verdict(control, role, mode=limit) == "pass"
    assert verdict(control, role, mode="0400") == "pass"
    assert verdict(control, role, mode=beyond) == "fail"


def test_a_client_key_is_no_certificate() -> None:
    assert verdict("docker.file.registry_key.private", "registry_key", mode="0444") == "fail"
    assert verdict("docker.file.registry_key.private", "registry_key", mode="0400") == "pass"


def test_a_setuid_bit_is_a_bit_beyond() -> None:
    assert verdict("docker.file.daemon_json.mode", "daemon_json", mode="4644") == "fail"


@pytest.mark.parametrize("facts", [{"exists": False}, {"role": "other"}, {"type": "device"}])
def test_what_is_not_there_is_not_judged(facts: dict[str, Any]) -> None:
    role = str(facts.pop("role", "tls_key"))
    assert verdict("docker.file.tls_key.mode", role, **facts) == "not_applicable"


def test_the_socket_may_belong_to_the_group_docker() -> None:
    assert verdict("docker.file.docker_socket.owner", "docker_socket", ownership="root:docker") == "pass"
    assert verdict("docker.file.containerd_socket.owner", "containerd_socket", ownership="root:docker") == "fail"


def test_a_rootless_daemon_is_judged_by_its_own_user() -> None:
    facts = {"rootless": True, "ownership": "alice:alice"}
    assert verdict("docker.file.daemon_json.owner", "daemon_json", **facts) == "not_applicable"
    assert verdict("docker.file.rootless.owner", "daemon_json", **facts, trusted_owner=True) == "pass"
    assert verdict("docker.file.rootless.owner", "daemon_json", **facts, trusted_owner=False) == "fail"
    assert verdict("docker.file.rootless.owner", "daemon_json") == "not_applicable"


@pytest.mark.parametrize("role", ["dockerd_binary", "containerd_binary", "runc_binary", "containerd_shim_v2"])
def test_binaries_are_judged(role: str) -> None:
    assert verdict("docker.file.binary.mode", role, mode="0755") == "pass"
    assert verdict("docker.file.binary.mode", role, mode="0775") == "fail"
    assert verdict("docker.file.binary.owner", role, uid=1000) == "fail"


def test_a_folder_that_others_may_write_to_fails() -> None:
    assert verdict("docker.file.parents", "daemon_json", loose_parents=["/srv"]) == "fail"
    assert verdict("docker.file.parents", "daemon_json") == "pass"


def test_a_file_that_cannot_be_looked_at_is_an_error() -> None:
    unread = {"subject": {"kind": "file", "name": "/p"}, "role": "tls_key", "unknown": {"exists": "not permitted"}}
    findings = evaluate({"subjects": {"file": [unread]}}, [BY_ID["docker.file.tls_key.mode"]], "h").findings
    assert [(finding["status"], finding["reason"]) for finding in findings] == [("error", "exists: not permitted")]
