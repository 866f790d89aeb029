# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files a daemon is made of, wherever it has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import (
    DaemonPaths,
    of_role,
)
from tests.unit.daemon_home import DaemonHome


@pytest.fixture
def home(tmp_path: Path) -> DaemonHome:
    return DaemonHome(tmp_path)


def paths(
    home: DaemonHome,
    settings: dict[str, Any] | None = None,
    info: dict[str, Any] | None = None,
    config_file: str = "/etc/docker/daemon.json",
    **process: Any,
) -> DaemonPaths:
    return DaemonPaths(home.process(**process), info or {}, settings or {}, config_file)


def roles(found: DaemonPaths, *names: str) -> list[str]:
    return of_role(found.all(), *names)


# -- addresses ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, ["unix:///var/run/docker.sock"]),
        ({"hosts": ["unix://"]}, ["unix:///var/run/docker.sock"]),
        ({"hosts": ["0.0.0.0:2375"]}, ["tcp://0.0.0.0:2375"]),
        ({"hosts": ["unix:///a", "tcp://:2376", "fd://"]}, ["unix:///a", "tcp://:2376", "fd://"]),
        ({"tls": True}, ["tcp://localhost:2376"]),
        ({"tlsverify": False}, ["tcp://localhost:2376"]),
        ({"tls": False}, ["unix:///var/run/docker.sock"]),
    ],
)
def test_addresses_are_completed_as_dockerd_does(
    home: DaemonHome, settings: dict[str, Any], expected: list[str]
) -> None:
    assert paths(home, settings).api_hosts() == expected


def test_a_rootless_daemon_listens_in_its_users_folder(home: DaemonHome) -> None:
    found = paths(
        home, info={"SecurityOptions": ["name=rootless"]}, environment={"XDG_RUNTIME_DIR": "/run/user/1000"}, uid=1000
    )
    assert found.api_hosts() == ["unix:///run/user/1000/docker.sock"]


def test_what_systemd_listens_on_is_the_daemons_address_too(home: DaemonHome) -> None:
    home.put("/usr/lib/systemd/system/docker.socket", "[Socket]\nListenStream=/run/docker.sock\nListenStream=2375\n")
    found = paths(home, {"hosts": ["fd://"]})
    assert found.api_sockets() == ["/run/docker.sock"]
    assert found.api_tcp_hosts() == ["tcp://2375"]
    assert paths(home).api_tcp_hosts() == []


def test_a_socket_behind_a_symlink_is_one_socket(home: DaemonHome) -> None:
    home.put("/run/docker.sock")
    (home.root / "var").mkdir()
    (home.root / "var" / "run").symlink_to("/run")
    found = paths(home, {"hosts": ["unix:///var/run/docker.sock", "unix:///run/docker.sock"]})
    assert found.api_sockets() == ["/run/docker.sock"]


# -- units ----------------------------------------------------------------------------------------------------------


def test_the_unit_is_the_one_that_the_process_runs_in(home: DaemonHome) -> None:
    home.put("/etc/systemd/system/dockerd-ci.service", "[Service]\nEnvironmentFile=-/etc/dockerd-ci.env\n")
    home.put("/etc/systemd/system/dockerd-ci.service.d/limits.conf", "[Service]\n")
    home.put("/usr/lib/systemd/system/docker.service", "[Service]\n")
    home.put("/etc/systemd/system/dockerd-ci.socket", "[Socket]\n")
    found = paths(home, cgroup="0::/system.slice/dockerd-ci.service\n")
    assert roles(found, "docker_service") == [
        "/etc/systemd/system/dockerd-ci.service",
        "/etc/systemd/system/dockerd-ci.service.d/limits.conf",
    ]
    assert roles(found, "docker_socket_unit") == ["/etc/systemd/system/dockerd-ci.socket"]
    assert roles(found, "environment_file") == ["/etc/dockerd-ci.env"]


def test_a_daemon_outside_of_systemd_has_the_packages_unit(home: DaemonHome) -> None:
    home.put("/usr/lib/systemd/system/docker.service", "[Unit]\nRequires=engine.socket network.target\n")
    home.put("/usr/lib/systemd/system/engine.socket", "[Socket]\n")
    found = paths(home, cgroup="0::/\n")
    assert roles(found, "docker_service") == ["/usr/lib/systemd/system/docker.service"]
    assert roles(found, "docker_socket_unit") == ["/usr/lib/systemd/system/engine.socket"]


# -- binaries -------------------------------------------------------------------------------------------------------


def test_programs_are_found_by_the_daemons_own_path(home: DaemonHome) -> None:
    for path in ("/opt/bin/runc", "/usr/bin/runc", "/usr/bin/containerd", "/usr/bin/containerd-shim-runc-v2"):
        home.put(path)
    found = paths(home, exe="/opt/bin/dockerd", environment={"PATH": "/opt/bin:/usr/bin"})
    assert roles(found, "dockerd_binary") == ["/opt/bin/dockerd"]
    assert roles(found, "runc_binary") == ["/opt/bin/runc"]
    assert roles(found, "containerd_binary") == ["/usr/bin/containerd"]
    assert roles(found, "containerd_shim_v2") == ["/usr/bin/containerd-shim-runc-v2"]
    assert roles(found, "containerd_shim", "containerd_shim_v1") == []


def test_a_binary_that_was_replaced_while_it_runs_is_named_by_its_path(home: DaemonHome) -> None:
    assert roles(paths(home, exe="/usr/bin/dockerd (deleted)"), "dockerd_binary") == ["/usr/bin/dockerd"]


def test_further_runtimes_are_found_and_the_known_ones_not_twice(home: DaemonHome) -> None:
    home.put("/usr/bin/runc")
    home.put("/opt/kata/runtime")
    runtimes = {"runc": {"path": "runc"}, "kata": {"path": "/opt/kata/runtime"}, "gone": {"path": "/opt/gone"}}
    found = paths(home, info={"Runtimes": runtimes})
    assert roles(found, "runtime_binary") == ["/opt/kata/runtime"]


# -- containerd -----------------------------------------------------------------------------------------------------


def test_the_containerd_in_use(home: DaemonHome) -> None:
    home.put("/run/containerd/containerd.sock")
    assert paths(home).containerd_address() == "/run/containerd/containerd.sock"
    home.put("/x/containerd/containerd.sock")
    assert paths(home, {"exec-root": "/x"}).containerd_address() == "/x/containerd/containerd.sock"
    assert paths(home, {"exec-root": "/x", "containerd": "/c.sock"}).containerd_address() == "/c.sock"
    said = {"Containerd": {"Address": "/said.sock"}}
    assert paths(home, {"containerd": "/c.sock"}, said).containerd_address() == "/said.sock"


def test_no_containerd_at_all(home: DaemonHome) -> None:
    assert paths(home).containerd_address() is None
    assert roles(paths(home), "containerd_socket", "containerd_dir") == []


def test_the_configuration_of_a_containerd_that_the_daemon_started(home: DaemonHome) -> None:
    home.put("/x/containerd/containerd.sock")
    home.put("/x/containerd/containerd.toml")
    assert roles(paths(home, {"exec-root": "/x"}), "containerd_config") == ["/x/containerd/containerd.toml"]
    assert roles(paths(home), "containerd_config") == ["/etc/containerd/config.toml"]


# -- certificates ---------------------------------------------------------------------------------------------------


def test_without_tls_there_are_no_tls_files(home: DaemonHome) -> None:
    assert roles(paths(home, {"tlscacert": "/ca"}), "tls_ca", "tls_cert", "tls_key") == []


def test_tls_files_are_those_named_or_the_default_ones(home: DaemonHome) -> None:
    settings = {"tlsverify": True, "tlscacert": "/etc/ca.pem"}
    found = paths(home, settings, environment={"HOME": "/root"})
    assert roles(found, "tls_ca", "tls_cert", "tls_key") == [
        "/etc/ca.pem",
        "/root/.docker/cert.pem",
        "/root/.docker/key.pem",
    ]
    moved = paths(home, settings, environment={"DOCKER_CERT_PATH": "/certs"})
    assert roles(moved, "tls_key") == ["/certs/key.pem"]


def test_registry_certificates_and_keys(home: DaemonHome) -> None:
    home.put("/etc/docker/certs.d/r:5000/ca.crt")
    home.put("/etc/docker/certs.d/r:5000/client.key")
    home.put("/opt/docker/certs.d/q/ca.crt")
    found = paths(home, config_file="/opt/docker/daemon.json")
    certificates = ["/etc/docker/certs.d/r:5000/ca.crt", "/opt/docker/certs.d/q/ca.crt"]
    assert roles(found, "registry_certificate") == certificates
    assert roles(found, "registry_key") == ["/etc/docker/certs.d/r:5000/client.key"]
    assert roles(found, "config_dir", "daemon_json") == ["/opt/docker", "/opt/docker/daemon.json"]


def test_a_rootless_daemon_has_its_users_certificates(home: DaemonHome) -> None:
    home.put("/home/a/.config/docker/certs.d/r/ca.crt")
    home.put("/etc/docker/certs.d/r/ca.crt")
    found = paths(
        home,
        info={"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]},
        config_file="/home/a/.config/docker/daemon.json",
        environment={"HOME": "/home/a"},
        uid=1000,
    )
    assert roles(found, "registry_certificate") == ["/home/a/.config/docker/certs.d/r/ca.crt"]
