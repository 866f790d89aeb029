# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon as a subject: what it says, what it was told, and what cannot be known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.daemon import (
    collect_daemon,
    redacted,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import view_daemon
from tests.unit.daemon_home import DaemonHome
from tests.unit.fake_engine import FakeEngine


@pytest.fixture
def home(tmp_path: Path) -> DaemonHome:
    return DaemonHome(tmp_path)


def collected(
    home: DaemonHome | None,
    *flags: str,
    info: dict[str, Any] | None = None,
    answers: dict[str, Any] | None = None,
    file: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    if home and file is not None:
        home.put("/etc/docker/daemon.json", json.dumps(file))
    engine = FakeEngine({"/info": info or {}, **(answers or {})})
    process = home.process(*flags) if home else None
    [facts] = collect_daemon(engine, process, view_daemon(engine, process, **more))
    return facts


def test_the_subject_is_named_by_the_address_that_was_asked(home: DaemonHome) -> None:
    assert collected(home)["subject"] == {"kind": "daemon", "name": "unix:///run/docker.sock"}


@pytest.mark.parametrize(
    ("options", "names", "profile", "namespace"),
    [
        (["name=seccomp,profile=default"], ["seccomp"], "default", False),
        (
            ["name=apparmor", "name=seccomp,profile=/p.json", "name=userns"],
            ["apparmor", "seccomp", "userns"],
            "/p.json",
            True,
        ),
        (["name=seccomp,profile=builtin", "name=rootless"], ["seccomp", "rootless"], "builtin", True),
        (["name=seccomp,profile=unconfined"], ["seccomp"], "unconfined", False),
        ([], [], None, False),
        (None, [], None, False),
    ],
)
def test_security_is_what_the_daemon_says_it_is(
    home: DaemonHome, options: list[str] | None, names: list[str], profile: str | None, namespace: bool
) -> None:
    facts = collected(home, info={"SecurityOptions": options})
    assert facts["security_options"] == names
    assert (facts["seccomp_profile"], facts["user_namespace"]) == (profile, namespace)


def test_a_profile_of_ones_own_is_read(home: DaemonHome) -> None:
    info = {"SecurityOptions": ["name=seccomp,profile=/p.json"]}
    assert "cannot be read" in collected(home, info=info)["unknown"]["seccomp_filters"]
    home.put("/p.json", '{"defaultAction": "SCMP_ACT_ALLOW"}')
    assert collected(home, info=info)["seccomp_filters"] is False
    home.put("/p.json", '{"defaultAction": "SCMP_ACT_ERRNO"}')
    assert collected(home, info=info)["seccomp_filters"] is True
    home.put("/p.json", "{}")
    assert "cannot be judged" in collected(home, info=info)["unknown"]["seccomp_filters"]


def test_debug_overrules_the_log_level(home: DaemonHome) -> None:
    assert collected(home, "--log-level=info", info={"Debug": True})["log_level"] == "debug"
    assert collected(home, "--log-level", "error")["log_level"] == "error"
    assert collected(home)["log_level"] == "info"


def test_the_loopback_ranges_are_no_insecure_registries(home: DaemonHome) -> None:
    config = {
        "InsecureRegistryCIDRs": ["127.0.0.0/8", "::1/128", "10.0.0.0/8"],
        "IndexConfigs": {"docker.io": {"Secure": True}, "r:5000": {"Secure": False}},
        "Mirrors": ["https://a/", "http://user:pass@b/"],
    }
    facts = collected(home, info={"RegistryConfig": config})
    assert facts["insecure_registries"] == ["10.0.0.0/8", "r:5000"]
    assert len(facts["plain_mirrors"]) == 1
    assert "pass@" not in str(facts)


def test_the_default_bridge_says_itself_how_it_is(home: DaemonHome) -> None:
    options = {
        "com.docker.network.bridge.enable_icc": "false",
        "com.docker.network.bridge.host_binding_ipv4": "127.0.0.1",
    }
    bridge = collected(home, answers={"/networks/bridge": {"Options": options}})["default_bridge"]
    assert bridge == {"exists": True, "icc": False, "host_address": "127.0.0.1"}


@pytest.mark.parametrize(
    ("flags", "plain", "unauthenticated"),
    [
        (["-H", "unix:///d.sock"], 0, 0),
        (["-H", "tcp://:2375"], 1, 1),
        (["-H", ":2375"], 1, 1),
        (["-H", "tcp://:2375", "--tls"], 0, 1),
        (["-H", "tcp://:2375", "--tls=false"], 1, 1),
        (["-H", "tcp://:2375", "--tlsverify"], 0, 0),
        (["-H", "tcp://:2375", "--tlsverify=false"], 0, 1),
        (["-H", "tcp://:2375", "--tlscacert=/ca.pem"], 1, 1),
        (["-Htcp://:2375", "-H=tcp://:2376"], 2, 2),
    ],
)
def test_tcp_addresses(home: DaemonHome, flags: list[str], plain: int, unauthenticated: int) -> None:
    facts = collected(home, *flags)
    assert (len(facts["plain_tcp_hosts"]), len(facts["unauthenticated_tcp_hosts"])) == (plain, unauthenticated)


def test_addresses_and_tls_in_the_file(home: DaemonHome) -> None:
    facts = collected(home, file={"hosts": ["tcp://:2376"], "tlsverify": True})
    assert facts["tcp_hosts"] == ["tcp://:2376"]
    assert facts["unauthenticated_tcp_hosts"] == []


def test_authorization_plugins_hold_where_the_start_and_the_file_agree(home: DaemonHome) -> None:
    assert collected(home, "--authorization-plugin=opa")["authorization_plugins"] == ["opa"]
    assert collected(home)["authorization_plugins"] == []


def test_limits_that_the_kernel_lacks_are_named(home: DaemonHome) -> None:
    facts = collected(home, info={"MemoryLimit": True, "SwapLimit": False, "PidsLimit": False})
    assert facts["missing_limits"] == ["swap limit", "pids limit"]


def test_what_was_declared_and_is_not_in_effect(home: DaemonHome) -> None:
    facts = collected(home, declared={"userland-proxy": False, "iptables": True})
    assert facts["declared_options"] == ["iptables", "userland-proxy"]
    assert facts["not_as_declared"] == ["userland-proxy"]
    assert facts["pending_restart"] == []


def test_what_only_the_process_tells_is_unknown_without_it() -> None:
    facts = collected(None, info={"LiveRestoreEnabled": True}, declared={"userland-proxy": False})
    for fact in ("userland_proxy", "api_hosts", "plain_tcp_hosts", "no_new_privileges", "not_as_declared"):
        assert "run as root" in facts["unknown"][fact]
        assert fact not in facts
    assert "pending_restart" in facts["unknown"]
    assert facts["live_restore"] is True


def test_secrets_of_options_are_fingerprints(home: DaemonHome) -> None:
    file = {
        "log-driver": "splunk",
        "log-opts": {"splunk-token": "11111111-2222", "splunk-url": "https://u:pw@s"},
        "labels": ["deploy_token=s3cr3t-s3cr3t", "zone=eu"],
    }
    shown = str(collected(home, file=file))
    assert "11111111-2222" not in shown
    assert "u:pw@" not in shown
    assert "s3cr3t" not in shown
    assert "zone=eu" in shown


def test_other_values_are_shown_as_they_are() -> None:
    for value in (True, 3, None, "info", ["unix:///a"], {"nofile": {"Hard": 1}}):
        assert redacted("x", value) == value
