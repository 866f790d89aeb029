# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from options together, and what cannot follow without the daemon's process."""

from __future__ import annotations

import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.option_facts import (
    authorization_facts,
    certificate_facts,
    declared_facts,
    file_facts,
    kernel_facts,
    listener_facts,
    logging_facts,
    pending_facts,
    seccomp_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import (
    DaemonView,
    view_daemon,
)
from tests.unit.daemon_home import DaemonHome
from tests.unit.fake_engine import FakeEngine

# Valid until 2043-12-27.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBQjCB6qADAgECAgEBMAoGCCqGSM49BAMCMBMxETAPBgNVBAMMCHN3YXJtLWNh
MB4XDTI0MDEwMTAwMDAwMFoXDTQzMTIyNzAwMDAwMFowEzERMA8GA1UEAwwIc3dh
cm0tY2EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARBefKuS4yMgtg4wIsjMsIT
jWMB17CN3kH7nzHt/mVG7u++hVnCs7mn8dmeNTrhrOHgeHe4yQKbGWDGtJ1PQaVh
oy8wLTAMBgNVHRMEBTADAQH/MB0GA1UdDgQWBBTWysxxyeggTwU87yQ6Lwlp9yJM
yTAKBggqhkjOPQQDAgNHADBEAiBK+85E6RIBOpAMd6/ZCS+JfBTZV2yKAxeE1RCf
7CidNAIgcbZuHBU+HqHrfWFJAfjUxKiD2KA9Sb2J1do9wKEeBw8=
-----END CERTIFICATE-----
"""


@pytest.fixture
def home(tmp_path: Path) -> DaemonHome:
    return DaemonHome(tmp_path)


def viewed(
    home: DaemonHome | None,
    *flags: str,
    info: dict[str, Any] | None = None,
    file: dict[str, Any] | None = None,
    changed: bool = False,
    **more: Any,
) -> DaemonView:
    if home and file is not None:
        home.put("/etc/docker/daemon.json", json.dumps(file))
    if home and changed:
        os.utime(home.root / "etc/docker/daemon.json", (5e9, 5e9))
    return view_daemon(FakeEngine({"/info": info or {}}), home.process(*flags) if home else None, **more)


def test_a_change_that_waits_is_named_and_one_that_cannot_be_told_is_unknown(home: DaemonHome) -> None:
    info = {"LiveRestoreEnabled": False}
    assert pending_facts(viewed(home, info=info, file={})) == {"pending_restart": []}
    waiting = viewed(home, info=info, file={"live-restore": True, "iptables": True}, changed=True)
    assert pending_facts(waiting) == {"pending_restart": ["live-restore"]}
    untold = viewed(home, info=info, file={"iptables": True}, changed=True)
    assert "changed after the daemon was started" in pending_facts(untold)["unknown"]["pending_restart"]


def test_what_was_declared_is_compared_with_what_is_in_effect(home: DaemonHome) -> None:
    seen = viewed(home, "--userland-proxy=false", declared={"userland-proxy": False, "no-new-privileges": True})
    assert declared_facts(seen)["not_as_declared"] == ["no-new-privileges"]
    untold = viewed(home, file={}, changed=True, declared={"userland-proxy": False})
    assert "not_as_declared" in declared_facts(untold)["unknown"]


def test_plugins_of_the_start_hold_where_the_file_still_names_them(home: DaemonHome) -> None:
    info = {"Plugins": {"Authorization": ["opa"]}}
    same = viewed(home, info=info, file={"authorization-plugins": ["opa"]}, changed=True)
    assert authorization_facts(same) == {"authorization_plugins": ["opa"]}
    other = viewed(home, info=info, file={"authorization-plugins": []}, changed=True)
    assert authorization_facts(other) == {}


def test_debug_is_a_level(home: DaemonHome) -> None:
    assert logging_facts(viewed(home, info={"Debug": True})) == {"log_level": "debug"}
    assert logging_facts(viewed(home)) == {"log_level": "info"}
    assert logging_facts(viewed(home, "--log-level=INFO")) == {"log_level": "info"}
    assert logging_facts(viewed(home, file={}, changed=True)) == {}


def test_addresses_that_a_changed_file_hides_are_unknown(home: DaemonHome) -> None:
    assert "plain_tcp_hosts" in listener_facts(viewed(home, file={}, changed=True))["unknown"]
    told = listener_facts(viewed(home, "-H=tcp://:1", "--tls", "--tlsverify", file={}, changed=True))
    assert told["unauthenticated_tcp_hosts"] == []


def test_the_kernel_of_another_host_is_not_ours() -> None:
    used = kernel_facts(viewed(None, info={"SecurityOptions": ["name=apparmor"]}))
    assert used["kernel_apparmor"] is True
    assert "run as root" in used["unknown"]["kernel_selinux"]


def test_the_kernel_of_this_host_is_asked(home: DaemonHome) -> None:
    facts = kernel_facts(viewed(home))
    assert facts["kernel_selinux"] is os.path.exists("/sys/fs/selinux/enforce")
    assert isinstance(facts["kernel_apparmor"], bool)


def test_a_file_that_nobody_can_name_is_unknown(home: DaemonHome) -> None:
    assert "config_file" in file_facts(viewed(None))["unknown"]
    told = {"path": "/etc/docker/daemon.json", "error": None, "mode": None, "holds_secrets": False}
    assert file_facts(viewed(home)) == {"config_file": told}


@pytest.mark.parametrize(
    ("file", "secret"),
    [
        ({"log-opts": {"max-size": "10m"}}, False),
        ({"log-opts": {"splunk-token": "11111111-2222"}}, True),
        ({"proxies": {"http-proxy": "http://user:pass@proxy:3128"}}, True),
        ({"proxies": {"http-proxy": "http://proxy:3128"}}, False),
    ],
)
def test_a_file_with_secrets_in_it(home: DaemonHome, file: dict[str, Any], secret: bool) -> None:
    facts = file_facts(viewed(home, file=file))["config_file"]
    assert (facts["holds_secrets"], facts["mode"]) == (secret, "0644")


def test_how_long_the_certificate_holds(home: DaemonHome) -> None:
    seen = viewed(home, "--tlsverify", "--tlscert=/cert.pem")
    assert "cannot be read" in certificate_facts(seen)["unknown"]["tls_certificate_days"]
    home.put("/cert.pem", CERTIFICATE)
    now = datetime(2043, 12, 17, tzinfo=timezone.utc)
    assert certificate_facts(seen, now) == {"tls_certificate_days": 10}
    assert certificate_facts(viewed(home)) == {"tls_certificate_days": None}


@pytest.mark.parametrize(
    ("options", "profile", "filtering"),
    [
        (["name=seccomp,profile=default"], "default", True),
        (["name=seccomp,profile=builtin"], "builtin", True),
        (["name=seccomp"], "default", True),
        (["name=seccomp,profile=unconfined"], "unconfined", False),
        (["name=apparmor"], None, False),
    ],
)
def test_seccomp(home: DaemonHome, options: list[str], profile: str | None, filtering: bool) -> None:
    facts = seccomp_facts(viewed(home, info={"SecurityOptions": options}))
    assert facts == {"seccomp_profile": profile, "seccomp_filters": filtering}
