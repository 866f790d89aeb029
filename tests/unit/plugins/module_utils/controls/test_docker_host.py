# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 1 of the benchmark: every id is there, and each row judges as it says."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_host import HOST_CONTROLS

BY_ID = {control.id: control for control in HOST_CONTROLS}

# 1.1.9 is the socket in 1.8.0 and the socket unit in 1.6.0; the rest of the section is numbered alike.
SECTION_1 = ["1.1.1", "1.1.2", *(f"1.1.{number}" for number in range(3, 19)), "1.2.1", "1.2.2"]


def ids(version: str) -> list[str]:
    return [
        reference["id"]
        for control in HOST_CONTROLS
        for reference in control.references
        if reference["version"] == version
    ]


@pytest.mark.parametrize("version", ["1.8.0", "1.6.0"])
def test_every_id_of_section_1_is_referred_to_once(version: str) -> None:
    assert sorted(ids(version)) == sorted(SECTION_1)


def test_the_socket_and_its_unit_share_an_id_but_no_version() -> None:
    assert [each["version"] for each in BY_ID["docker.host.audit.docker_socket"].references] == ["1.8.0"]
    assert [each["version"] for each in BY_ID["docker.host.audit.docker_socket_unit"].references] == ["1.6.0"]


def test_only_the_hardening_of_the_host_is_left_to_humans() -> None:
    assert [control.id for control in HOST_CONTROLS if control.manual] == ["docker.host.hardened"]


def verdict(control: str, **facts: Any) -> str:
    host = {"subject": {"kind": "host", "name": "h"}, **facts}
    [finding] = evaluate({"subjects": {"host": [host]}}, [BY_ID[control]], "h", include_passes=True).findings
    return str(finding["status"])


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("20.10.24+dfsg1", "fail"),
        ("20.10.27", "fail"),
        ("23.0.15", "fail"),
        ("24.0.9", "fail"),
        ("25.0.7", "pass"),
        ("26.1.5", "fail"),
        ("27.5.1", "fail"),
        ("28.5.2", "fail"),
        ("29.0.4", "pass"),
        ("29.7.2-rd", "pass"),
        ("30.1.0", "pass"),
        ("2.0.0", "fail"),
        ("125.0.1", "fail"),
    ],
)
def test_a_release_line_without_fixes_fails(version: str, expected: str) -> None:
    assert verdict("docker.host.engine_maintained", engine_version=version) == expected


@pytest.mark.parametrize(("users", "expected"), [([], "pass"), (["alice"], "fail"), (["(everyone)"], "fail")])
def test_whoever_may_use_the_socket_must_be_trusted(users: list[str], expected: str) -> None:
    assert verdict("docker.host.trusted_users", socket_users=users, socket_groups={}) == expected


def watched(*states: bool) -> list[dict[str, Any]]:
    return [{"path": f"/p{number}", "watched": state} for number, state in enumerate(states)]


@pytest.mark.parametrize(
    ("watches", "expected"), [(watched(True), "pass"), (watched(True, False), "fail"), (watched(False), "fail")]
)
def test_every_path_of_a_role_must_be_watched(watches: list[dict[str, Any]], expected: str) -> None:
    facts = {"audit_paths": {"dockerd_binary": ["/p0"]}, "audit_watches": {"dockerd_binary": watches}}
    assert verdict("docker.host.audit.dockerd", **facts) == expected


def test_a_path_that_is_not_there_is_not_applicable() -> None:
    facts: dict[str, Any] = {"audit_paths": {}, "audit_watches": {}}
    assert verdict("docker.host.audit.sysconfig_docker", **facts) == "not_applicable"


def test_rules_that_cannot_be_read_are_an_error() -> None:
    facts = {"audit_paths": {"runc_binary": ["/usr/bin/runc"]}, "unknown": {"audit_watches": "run as root"}}
    assert verdict("docker.host.audit.runc", **facts) == "error"


def test_a_shared_filesystem_fails() -> None:
    assert verdict("docker.host.data_root.separate", data_root={"separate": False}) == "fail"
    assert verdict("docker.host.data_root.separate", data_root={"separate": True}) == "pass"


def test_rules_that_a_reboot_would_lose_fail() -> None:
    assert verdict("docker.host.audit.saved", audit_watches={"x": []}, audit_unsaved=["/usr/bin/runc"]) == "fail"
    assert verdict("docker.host.audit.saved", audit_watches={"x": []}, audit_unsaved=[]) == "pass"
