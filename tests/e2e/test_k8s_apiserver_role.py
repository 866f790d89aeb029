# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role k8s_apiserver on a control plane of two real API servers: predicted, done, done once, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml

from tests.e2e.apiserver_host import Host
from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.ports import free_port

PLAY = "- hosts: all\n  gather_facts: false\n  roles: [bulkhead.container_security.k8s_apiserver]\n"


@pytest.fixture(scope="module")
def control_plane() -> Iterator[list[Host]]:
    """Two API servers on one etcd, each with a host's files of its own."""
    with Kubernetes("api") as k8s, ExitStack() as servers:
        yield [servers.enter_context(Host(k8s)), servers.enter_context(Host(k8s, free_port()))]


def variables(host: Host) -> dict[str, Any]:
    """A host's own places."""
    return {
        "ansible_connection": "local",
        "k8s_apiserver_path": str(host.manifest),
        "k8s_apiserver_config_dir": str(host.config_dir),
        "k8s_apiserver_record_dir": str(host.state_dir),
        "k8s_apiserver_log_files": host.options["log_files"],
        "k8s_apiserver_audit_log_path": str(host.folder / "audit" / "audit.log"),
        "k8s_apiserver_kubeconfig": str(host.k8s.kubeconfig),
        "k8s_apiserver_health_timeout": 120,
    }


def play(hosts: list[Host], *, check: bool = False, **extra: Any) -> PlaybookResult:
    """Run the role on all of them."""
    inventory = {"all": {"hosts": {f"cp{number}": variables(host) for number, host in enumerate(hosts, start=1)}}}
    playbook = hosts[0].folder / "play.yml"
    playbook.write_text(PLAY)
    return run_playbook(playbook, inventory=inventory, extra_vars=extra, check=check, diff=check)


def stored(host: Host) -> bytes:
    return host.k8s.etcd_get("/registry/secrets/default/old")[:40]


def keys(host: Host) -> Any:
    data = yaml.safe_load((host.config_dir / "encryption.yaml").read_text())
    return data["resources"][0]["providers"][0]["secretbox"]["keys"]


@pytest.mark.slow
def test_a_control_plane_is_hardened_gets_another_key_and_is_what_it_was(control_plane: list[Host]) -> None:
    first, second = control_plane
    first.k8s.kubectl("create", "secret", "generic", "old", "--from-literal=a=b")
    predicted = play(control_plane, check=True).check()
    assert predicted.changed
    assert [host.manifest.read_text() for host in control_plane] == [host.original for host in control_plane]

    play(control_plane).check()
    assert keys(first) == keys(second), "each server reads what the other writes"
    assert stored(first).startswith(b"k8s:enc:secretbox:v1:key1:")
    for host in control_plane:
        assert host.flags()["tls-min-version"] == "VersionTLS12"
        with host.rest() as rest:
            assert rest.status("/api/v1/namespaces/default/secrets/old") == 200
        assert '"old"' in (host.folder / "audit" / "audit.log").read_text()
    assert play(control_plane).check().changed == [], "a second run changes nothing"

    play(control_plane, k8s_apiserver_encryption_key_name="key2").check()
    assert [key["name"] for key in keys(first)] == ["key2"]
    assert keys(first) == keys(second)
    assert stored(first).startswith(b"k8s:enc:secretbox:v1:key2:")

    play(control_plane, k8s_apiserver_state="absent").check()
    assert stored(first).startswith(b"k8s\x00"), "decrypted, for nobody could read it otherwise"
    for host in control_plane:
        assert host.manifest.read_text() == host.original


def test_a_part_of_the_control_plane_alone_gets_no_key(control_plane: list[Host]) -> None:
    playbook = control_plane[0].folder / "serial.yml"
    playbook.write_text(PLAY.replace("gather_facts: false", "gather_facts: false\n  serial: 1"))
    hosts = {f"cp{number}": variables(host) for number, host in enumerate(control_plane, start=1)}
    result = run_playbook(playbook, inventory={"all": {"hosts": hosts}})
    assert result.rc
    assert "without serial" in result.stdout
