# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Section 2 of the benchmark, numbered differently in its two versions, and what each row says of a value in effect."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import (
    compile_controls,
    evaluate,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.docker_daemon import DAEMON_CONTROLS

BY_ID = {control.id: control for control in DAEMON_CONTROLS}

# (1.8.0, 1.6.0): 1.8.0 puts devicemapper in as 2.7, and everything after it moves by one.
SECTION_2 = {
    "docker.daemon.rootless": ("2.1", "2.1"),
    "docker.daemon.icc": ("2.2", "2.2"),
    "docker.daemon.log_level": ("2.3", "2.3"),
    "docker.daemon.iptables": ("2.4", "2.4"),
    "docker.daemon.insecure_registries": ("2.5", "2.5"),
    "docker.daemon.storage_driver.aufs": ("2.6", "2.6"),
    "docker.daemon.storage_driver.devicemapper": ("2.7", None),
    "docker.daemon.tcp.authenticated": ("2.8", "2.7"),
    "docker.daemon.default_ulimits": ("2.9", "2.8"),
    "docker.daemon.user_namespace": ("2.10", "2.9"),
    "docker.daemon.cgroup_parent": ("2.11", "2.10"),
    "docker.daemon.base_device_size": ("2.12", "2.11"),
    "docker.daemon.authorization": ("2.13", "2.12"),
    "docker.daemon.remote_logging": ("2.14", "2.13"),
    "docker.container.remote_logging": ("2.14", "2.13"),
    "docker.daemon.no_new_privileges": ("2.15", "2.14"),
    "docker.daemon.live_restore": ("2.16", "2.15"),
    "docker.daemon.userland_proxy": ("2.17", "2.16"),
    "docker.daemon.seccomp": ("2.18", "2.17"),
    "docker.daemon.experimental": ("2.19", "2.18"),
}


def test_every_id_of_section_2_is_referred_to_by_its_control() -> None:
    found = {
        control.id: {reference["version"]: reference["id"] for reference in control.references}
        for control in DAEMON_CONTROLS
        if control.references
    }
    wanted = {
        name: {version: number for version, number in (("1.8.0", new), ("1.6.0", old)) if number}
        for name, (new, old) in SECTION_2.items()
    }
    assert found == wanted


def test_nothing_of_section_2_is_left_to_humans() -> None:
    assert not [control.id for control in DAEMON_CONTROLS if control.manual]


def test_every_expression_compiles_and_no_id_stands_twice() -> None:
    compile_controls(DAEMON_CONTROLS)
    assert len(BY_ID) == len(DAEMON_CONTROLS)


def verdict(control: str, **facts: Any) -> str:
    daemon = {"subject": {"kind": "daemon", "name": "unix:///d.sock"}, **facts}
    [finding] = evaluate({"subjects": {"daemon": [daemon]}}, [BY_ID[control]], "h", include_passes=True).findings
    return str(finding["status"])


@pytest.mark.parametrize(
    ("control", "facts", "expected"),
    [
        ("rootless", {"rootless": True}, "pass"),
        ("rootless", {"rootless": False}, "fail"),
        ("icc", {"default_bridge": {"exists": True, "icc": False}}, "pass"),
        ("icc", {"default_bridge": {"exists": True, "icc": True}}, "fail"),
        ("icc", {"default_bridge": {"exists": False}}, "not_applicable"),
        ("log_level", {"log_level": "info"}, "pass"),
        ("log_level", {"log_level": "debug"}, "fail"),
        ("log_level", {"log_level": "error"}, "fail"),
        ("iptables", {"iptables": True}, "pass"),
        ("iptables", {"iptables": False}, "fail"),
        ("insecure_registries", {"insecure_registries": []}, "pass"),
        ("insecure_registries", {"insecure_registries": ["r:5000"]}, "fail"),
        ("storage_driver.aufs", {"storage_driver": "aufs"}, "fail"),
        ("storage_driver.aufs", {"storage_driver": "overlay2"}, "pass"),
        ("storage_driver.devicemapper", {"storage_driver": "devicemapper"}, "fail"),
        ("storage_driver.devicemapper", {"storage_driver": "overlay2"}, "pass"),
        ("tcp.authenticated", {"tcp_hosts": []}, "not_applicable"),
        ("tcp.authenticated", {"tcp_hosts": ["tcp://:1"], "unauthenticated_tcp_hosts": ["tcp://:1"]}, "fail"),
        ("tcp.authenticated", {"tcp_hosts": ["tcp://:1"], "unauthenticated_tcp_hosts": []}, "pass"),
        ("default_ulimits", {"default_ulimits": {}}, "fail"),
        ("default_ulimits", {"default_ulimits": None}, "fail"),
        ("default_ulimits", {"default_ulimits": {"core": {}}}, "fail"),
        ("default_ulimits", {"default_ulimits": {"nofile": {}, "core": {}}}, "pass"),
        ("user_namespace", {"user_namespace": False}, "fail"),
        ("user_namespace", {"user_namespace": True}, "pass"),
        ("cgroup_parent", {"cgroup_parent": ""}, "pass"),
        ("cgroup_parent", {"cgroup_parent": "/docker"}, "pass"),
        ("cgroup_parent", {"cgroup_parent": "/mine"}, "fail"),
        ("base_device_size", {"storage_driver": "overlay2", "storage_opts": []}, "not_applicable"),
        ("base_device_size", {"storage_driver": "devicemapper", "storage_opts": []}, "pass"),
        ("base_device_size", {"storage_driver": "devicemapper", "storage_opts": ["dm.basesize=20G"]}, "fail"),
        ("authorization", {"authorization_plugins": []}, "fail"),
        ("authorization", {"authorization_plugins": ["opa"]}, "pass"),
        ("remote_logging", {"log_driver": "none"}, "fail"),
        ("remote_logging", {"log_driver": "json-file"}, "fail"),
        ("remote_logging", {"log_driver": "journald"}, "fail"),
        ("remote_logging", {"log_driver": "syslog"}, "pass"),
        ("remote_logging", {"log_driver": "gelf"}, "pass"),
        ("no_new_privileges", {"no_new_privileges": False}, "fail"),
        ("no_new_privileges", {"no_new_privileges": True}, "pass"),
        ("live_restore", {"swarm_active": False, "live_restore": False}, "fail"),
        ("live_restore", {"swarm_active": False, "live_restore": True}, "pass"),
        ("live_restore", {"swarm_active": True, "live_restore": False}, "not_applicable"),
        ("userland_proxy", {"userland_proxy": True}, "fail"),
        ("userland_proxy", {"userland_proxy": False}, "pass"),
        ("seccomp", {"seccomp_filters": True}, "pass"),
        ("seccomp", {"seccomp_filters": False}, "fail"),
        ("experimental", {"experimental": True}, "fail"),
        ("experimental", {"experimental": False}, "pass"),
    ],
)
def test_what_a_row_says(control: str, facts: dict[str, Any], expected: str) -> None:
    assert verdict(f"docker.daemon.{control}", **facts) == expected


@pytest.mark.parametrize(
    ("default", "driver", "expected"),
    [
        ("json-file", "json-file", "not_applicable"),
        ("json-file", "none", "not_applicable"),
        ("syslog", "syslog", "pass"),
        ("syslog", "gelf", "pass"),
        ("syslog", "json-file", "fail"),
        ("syslog", "none", "fail"),
    ],
)
def test_a_container_may_escape_the_daemons_remote_logging(default: str, driver: str, expected: str) -> None:
    container = {"subject": {"kind": "container", "name": "c"}, "log_driver": driver, "default_log_driver": default}
    row = BY_ID["docker.container.remote_logging"]
    [finding] = evaluate({"subjects": {"container": [container]}}, [row], "h", include_passes=True).findings
    assert finding["status"] == expected


def test_an_option_that_cannot_be_told_is_an_error_and_no_pass() -> None:
    facts = {"unknown": {"userland_proxy": "daemon.json was changed after the start"}, "options": {}}
    assert verdict("docker.daemon.userland_proxy", **facts) == "error"
