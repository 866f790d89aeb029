# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each row says that stands in no benchmark."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import evaluate
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_daemon import DAEMON_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_daemon_field import (
    FIELD_CONTROLS,
)

BY_ID = {control.id: control for control in FIELD_CONTROLS}


def test_they_are_part_of_all_and_refer_to_no_benchmark() -> None:
    assert all(control in DAEMON_CONTROLS for control in FIELD_CONTROLS)
    assert not [control.id for control in FIELD_CONTROLS if control.references]


@pytest.mark.parametrize(
    ("control", "facts", "expected"),
    [
        ("plain_mirrors", {"plain_mirrors": []}, "pass"),
        ("plain_mirrors", {"plain_mirrors": ["http://m"]}, "fail"),
        ("storage_driver.obsolete", {"storage_driver": "vfs"}, "fail"),
        ("storage_driver.obsolete", {"storage_driver": "overlay"}, "fail"),
        ("storage_driver.obsolete", {"storage_driver": "overlayfs"}, "pass"),
        ("storage_driver.obsolete", {"storage_driver": "btrfs"}, "pass"),
        ("tcp.encrypted", {"tcp_hosts": ["tcp://:1"], "plain_tcp_hosts": ["tcp://:1"]}, "fail"),
        ("tcp.encrypted", {"tcp_hosts": ["tcp://:1"], "plain_tcp_hosts": []}, "pass"),
        ("apparmor", {"kernel_apparmor": False, "security_options": ["seccomp"]}, "not_applicable"),
        ("apparmor", {"kernel_apparmor": True, "security_options": ["seccomp"]}, "fail"),
        ("apparmor", {"kernel_apparmor": True, "security_options": ["apparmor", "seccomp"]}, "pass"),
        ("selinux", {"kernel_selinux": False, "security_options": []}, "not_applicable"),
        ("selinux", {"kernel_selinux": True, "security_options": []}, "fail"),
        ("selinux", {"kernel_selinux": True, "security_options": ["selinux"]}, "pass"),
        ("log_size", {"log_driver": "json-file", "log_opts": {}}, "fail"),
        ("log_size", {"log_driver": "json-file", "log_opts": {"max-size": "-1"}}, "fail"),
        ("log_size", {"log_driver": "json-file", "log_opts": {"max-size": "10m"}}, "pass"),
        ("log_size", {"log_driver": "local", "log_opts": {}}, "not_applicable"),
        ("default_address", {"default_bridge": {"exists": True, "host_address": "0.0.0.0"}}, "fail"),
        ("default_address", {"default_bridge": {"exists": True, "host_address": "127.0.0.1"}}, "pass"),
        ("metrics_address", {"metrics_addr": ""}, "not_applicable"),
        ("metrics_address", {"metrics_addr": "0.0.0.0:9323"}, "fail"),
        ("metrics_address", {"metrics_addr": "127.0.0.1:9323"}, "pass"),
        ("kernel_limits", {"missing_limits": ["swap limit"]}, "fail"),
        ("kernel_limits", {"missing_limits": []}, "pass"),
        ("config_file", {"config_file": {"path": "/f", "error": "/f:1:2: not JSON"}}, "fail"),
        ("config_file", {"config_file": {"path": "/f", "error": None}}, "pass"),
        ("config_secrets", {"config_file": {"holds_secrets": False, "mode": "0644"}}, "not_applicable"),
        ("config_secrets", {"config_file": {"holds_secrets": True, "mode": "0644"}}, "fail"),
        ("config_secrets", {"config_file": {"holds_secrets": True, "mode": "0600"}}, "pass"),
        ("tls_certificate", {"tcp_hosts": [], "tls_certificate_days": 5}, "not_applicable"),
        ("tls_certificate", {"tcp_hosts": ["tcp://:1"], "tls_certificate_days": None}, "not_applicable"),
        ("tls_certificate", {"tcp_hosts": ["tcp://:1"], "tls_certificate_days": 13}, "fail"),
        ("tls_certificate", {"tcp_hosts": ["tcp://:1"], "tls_certificate_days": 0}, "fail"),
        ("tls_certificate", {"tcp_hosts": ["tcp://:1"], "tls_certificate_days": -3}, "fail"),
        ("tls_certificate", {"tcp_hosts": ["tcp://:1"], "tls_certificate_days": 14}, "pass"),
        ("pending_restart", {"pending_restart": ["icc"]}, "fail"),
        ("pending_restart", {"pending_restart": []}, "pass"),
        ("as_declared", {"declared_options": []}, "not_applicable"),
        ("as_declared", {"declared_options": ["icc"], "not_as_declared": ["icc"]}, "fail"),
        ("as_declared", {"declared_options": ["icc"], "not_as_declared": []}, "pass"),
    ],
)
def test_what_a_row_says(control: str, facts: dict[str, Any], expected: str) -> None:
    row = BY_ID[f"docker.daemon.{control}"]
    daemon = {"subject": {"kind": "daemon", "name": "unix:///d.sock"}, **facts}
    [finding] = evaluate({"subjects": {"daemon": [daemon]}}, [row], "h", include_passes=True).findings
    assert finding["status"] == expected
