# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 7 of the benchmark: nothing of it scores outside a swarm."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_swarm import SWARM_CONTROLS

BY_ID = {control.id: control for control in SWARM_CONTROLS}


@pytest.mark.parametrize("version", ["1.8.0", "1.6.0"])
def test_every_id_of_section_7_is_referred_to_in_order(version: str) -> None:
    ids = [each["id"] for control in SWARM_CONTROLS for each in control.references if each["version"] == version]
    assert ids == [f"7.{number}" for number in range(1, 10)]


def test_all_nine_are_not_applicable_while_swarm_mode_is_off() -> None:
    findings = evaluate({"subjects": {"swarm": [], "service": [], "network": []}}, SWARM_CONTROLS, "h").findings
    assert [finding["status"] for finding in findings] == ["not_applicable"] * 9


def test_only_the_rotation_of_the_unlock_key_is_left_to_humans() -> None:
    assert [control.id for control in SWARM_CONTROLS if control.manual] == ["docker.swarm.unlock_key_rotation"]


def verdict(control: str, **facts: Any) -> str:
    subject = {"subject": {"kind": BY_ID[control].scope, "name": "s"}, **facts}
    snapshot = {"subjects": {BY_ID[control].scope: [subject]}}
    [finding] = evaluate(snapshot, [BY_ID[control]], "h", include_passes=True).findings
    return str(finding["status"])


@pytest.mark.parametrize(
    ("control", "facts", "expected"),
    [
        ("managers", {"managers": 1}, "pass"),
        ("managers", {"managers": 3}, "pass"),
        ("managers", {"managers": 2}, "fail"),
        ("managers", {"managers": 9}, "fail"),
        ("listen_address", {"listens_everywhere": True}, "fail"),
        ("listen_address", {"listens_everywhere": False}, "pass"),
        ("overlay_encrypted", {"driver": "overlay", "encrypted": False}, "fail"),
        ("overlay_encrypted", {"driver": "overlay", "encrypted": True}, "pass"),
        ("overlay_encrypted", {"driver": "bridge", "encrypted": False}, "not_applicable"),
        ("service_secrets", {"secret_env": [{"name": "DB_PASSWORD"}]}, "fail"),
        ("service_secrets", {"secret_env": []}, "pass"),
        ("auto_lock", {"auto_lock": False}, "fail"),
        ("auto_lock", {"auto_lock": True}, "pass"),
        ("unlock_key_rotation", {"auto_lock": True}, "manual"),
        ("unlock_key_rotation", {"auto_lock": False}, "not_applicable"),
        ("node_certificates", {"node_certificate_days": 90.0}, "pass"),
        ("node_certificates", {"node_certificate_days": 91.0}, "fail"),
        ("node_certificates", {"node_certificate_days": None}, "fail"),
        ("root_ca", {"root_ca_age_days": 10}, "pass"),
        ("root_ca", {"root_ca_age_days": 400}, "fail"),
        ("data_path", {"data_path_separate": False}, "fail"),
        ("data_path", {"data_path_separate": True}, "pass"),
    ],
)
def test_what_a_row_says(control: str, facts: dict[str, Any], expected: str) -> None:
    assert verdict(f"docker.swarm.{control}", **facts) == expected


def test_what_only_a_manager_knows_is_an_error_on_a_worker() -> None:
    assert verdict("docker.swarm.auto_lock", unknown={"auto_lock": "only a manager of the swarm tells"}) == "error"
