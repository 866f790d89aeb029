# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is enforced on files is what the audit checks of them."""

from __future__ import annotations

import grp
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_files import FILE_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_host import HOST_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.file_expectations import (
    expectation_of,
    watched_roles,
)

ROLES = sorted(
    {control.id.split(".")[2] for control in FILE_CONTROLS if control.id.count(".") == 3} - {"binary", "rootless"}
)
KINDS = {"config_dir": "directory", "data_root": "directory", "docker_socket": "socket", "containerd_socket": "socket"}


def careless(role: str, **more: Any) -> dict[str, Any]:
    return {
        "subject": {"kind": "file", "name": "/file"},
        "role": role,
        "path": "/file",
        "real_path": "/file",
        "exists": True,
        "type": KINDS.get(role, "file"),
        "rootless": False,
        "ownership": "nobody:nogroup",
        "uid": 65534,
        "mode": "0777",
        "loose_parents": [],
        "trusted_owner": False,
        **more,
    }


def enforced(facts: dict[str, Any]) -> dict[str, Any]:
    expected = expectation_of(facts)
    owner = (
        {"ownership": f"{expected['owner']}:{expected.get('group', 'root')}", "uid": 0} if "owner" in expected else {}
    )
    mode = int(facts["mode"], 8) & int(expected.get("mode_at_most", "7777"), 8)
    return {**facts, **owner, "mode": f"{mode:04o}"}


def failing(facts: dict[str, Any]) -> set[str]:
    snapshot = {"schema_version": "1.0", "kind": "docker", "subjects": {"file": [facts]}}
    findings = evaluate(snapshot, FILE_CONTROLS, "lab").findings
    return {finding["control"] for finding in findings if finding["status"] == "fail"}


@pytest.mark.parametrize("role", [*ROLES, "dockerd_binary", "runc_binary", "containerd_shim_v2"])
def test_the_audit_finds_nothing_wrong_with_what_was_enforced(role: str) -> None:
    facts = careless(role)
    assert failing(facts)
    assert failing(enforced(facts)) == set()
    again = expectation_of(enforced(facts))
    assert "owner" not in again


def test_an_accepted_owner_is_left_alone() -> None:
    assert "owner" not in expectation_of(careless("docker_socket", ownership="root:root", uid=0))
    assert "owner" not in expectation_of(careless("docker_socket", ownership="root:docker", uid=0))


def test_a_group_that_the_host_does_not_have_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_root(name: str) -> grp.struct_group:
        if name != "root":
            raise KeyError(name)
        return grp.getgrgid(0)

    monkeypatch.setattr(grp, "getgrnam", only_root)
    assert expectation_of(careless("docker_socket"))["group"] == "root"


def test_a_rootless_daemon_keeps_its_owners() -> None:
    assert "owner" not in expectation_of(careless("daemon_json", rootless=True))


def test_of_an_unknown_role_nothing_is_expected() -> None:
    assert expectation_of(careless("somebody_elses")) == {}


def test_every_path_that_the_audit_wants_watched_is_watched() -> None:
    rows = [control for control in HOST_CONTROLS if "audit_watches." in control.actual]
    assert rows
    assert all(any(f"audit_watches.{role}[" in row.actual for role in watched_roles()) for row in rows)
