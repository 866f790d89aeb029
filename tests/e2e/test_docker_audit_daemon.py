# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's options by what is in effect, however they were set: on real daemons, against an independent client."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docker.types import LogConfig

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import (
    situation as daemon_situation,
)
from tests.e2e.audited import Audited
from tests.e2e.daemon_config import Subject
from tests.lab.dockerd import Dockerd, free_port
from tests.lab.images import BASE, make_images

MakeDockerd = Callable[..., Dockerd]


@pytest.fixture(scope="module")
def plain() -> Iterator[Audited]:
    """The audit of a daemon that nobody configured, with a default bridge."""
    with Dockerd(bridge=True) as daemon:
        yield Audited(daemon)


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("rootless", "fail"),
        ("icc", "fail"),
        ("log_level", "pass"),
        ("iptables", "pass"),
        ("insecure_registries", "pass"),
        ("plain_mirrors", "pass"),
        ("storage_driver.aufs", "pass"),
        ("storage_driver.devicemapper", "pass"),
        ("storage_driver.obsolete", "pass"),
        ("tcp.authenticated", "not_applicable"),
        ("tcp.encrypted", "not_applicable"),
        ("default_ulimits", "fail"),
        ("user_namespace", "fail"),
        ("cgroup_parent", "pass"),
        ("base_device_size", "not_applicable"),
        ("authorization", "fail"),
        ("remote_logging", "fail"),
        ("no_new_privileges", "fail"),
        ("live_restore", "fail"),
        ("userland_proxy", "fail"),
        ("seccomp", "pass"),
        ("experimental", "pass"),
        ("log_size", "fail"),
        ("default_address", "fail"),
        ("metrics_address", "not_applicable"),
        ("config_file", "pass"),
        ("pending_restart", "pass"),
        ("as_declared", "not_applicable"),
    ],
)
def test_a_daemon_that_nobody_configured(plain: Audited, control: str, expected: str) -> None:
    assert plain.status(f"docker.daemon.{control}") == expected


def test_security_modules_apply_only_where_the_kernel_has_them(plain: Audited) -> None:
    for control, sign in (("apparmor", "/sys/module/apparmor"), ("selinux", "/sys/fs/selinux/enforce")):
        assert (plain.status(f"docker.daemon.{control}") == "not_applicable") is not Path(sign).exists()


def test_nothing_about_the_daemon_stays_untold(plain: Audited) -> None:
    untold = {scope: subject["unknown"] for scope in ("host", "daemon") if (subject := plain.facts(scope))["unknown"]}
    assert not untold


@pytest.fixture(scope="module")
def hardened() -> Iterator[Audited]:
    """A daemon that was hardened by flags and file, in all the spellings that a command line allows."""
    flags = ["--icc=false", "--userland-proxy", "--userland-proxy=false", "--default-ulimit", "nofile=1024:2048"]
    flags += ["--default-ulimit=nproc=512", "--no-new-privileges", "--log-level", "debug", "-l", "info"]
    options = {
        "live-restore": True,
        "log-driver": "syslog",
        "log-opts": {"syslog-address": "udp://127.0.0.1:514"},
        "ip": "127.0.0.1",
        "metrics-addr": "127.0.0.1:0",
        "experimental": False,
    }
    with Dockerd(bridge=True, flags=flags, daemon_json=options) as daemon:
        yield Audited(daemon, declared={"live-restore": True})


@pytest.mark.parametrize(
    "control",
    [
        "icc",
        "log_level",
        "default_ulimits",
        "no_new_privileges",
        "userland_proxy",
        "live_restore",
        "remote_logging",
        "default_address",
        "metrics_address",
        "pending_restart",
    ],
)
def test_a_hardened_daemon_passes(hardened: Audited, control: str) -> None:
    assert hardened.status(f"docker.daemon.{control}") == "pass"


def test_a_container_may_escape_the_daemons_remote_logging(make_dockerd: MakeDockerd) -> None:
    options = {"log-driver": "syslog", "log-opts": {"syslog-address": "udp://127.0.0.1:514"}}
    daemon = make_dockerd(daemon_json=options)
    with contextlib.closing(daemon.client()) as client:
        make_images(client, [BASE])
        client.containers.create(BASE, name="kept")
        client.containers.create(BASE, name="escaped", log_config=LogConfig(type="json-file"))
    audited = Audited(daemon)
    assert audited.status("docker.container.remote_logging", "kept") == "pass"
    assert audited.status("docker.container.remote_logging", "escaped") == "fail"


@pytest.fixture(scope="module")
def denied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Audited]:
    """A daemon whose hardening flags are there, and say false; and other things that look better than they are."""
    flags = ["--no-new-privileges=false", "--live-restore=false", "--icc=true", "--experimental", "-D"]
    flags += ["--log-driver", "none", "--storage-driver=vfs", "--iptables=0"]
    flags += ["--insecure-registry", "registry.example:5000", "--registry-mirror", "http://mirror.example"]
    flags += ["--cgroup-parent=/elsewhere", "--metrics-addr=0.0.0.0:0", "--default-ulimit", "core=0:0"]
    profile = tmp_path_factory.mktemp("seccomp") / "all.json"
    profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    flags += [f"--seccomp-profile={profile}"]
    with Dockerd(bridge=True, flags=flags) as daemon:
        yield Audited(daemon)


@pytest.mark.parametrize(
    ("control", "actual"),
    [
        ("no_new_privileges", False),
        ("live_restore", False),
        ("icc", True),
        ("experimental", True),
        ("log_level", "debug"),
        ("remote_logging", "none"),
        ("storage_driver.obsolete", "vfs"),
        ("iptables", False),
        ("insecure_registries", ["registry.example:5000"]),
        ("plain_mirrors", ["http://mirror.example/"]),
        ("cgroup_parent", "/elsewhere"),
        ("metrics_address", "0.0.0.0:0"),
        ("default_ulimits", ["core"]),
        ("seccomp", False),
    ],
)
def test_what_only_looks_like_hardening_fails(denied: Audited, control: str, actual: Any) -> None:
    finding = denied.of(f"docker.daemon.{control}")
    assert (finding["status"], finding["actual"]) == ("fail", actual)


def test_a_config_file_is_found_in_either_spelling_of_its_flag(make_dockerd: MakeDockerd, tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.json"
    path.write_text('{"userland-proxy": false}')
    audited = Audited(make_dockerd(flags=["--config-file", str(path)]))
    assert audited.facts("daemon")["config_file"]["path"] == str(path)
    assert audited.status("docker.daemon.userland_proxy") == "pass"
    assert audited.status("docker.file.daemon_json.mode", str(path)) == "pass"


# -- what the file says and what is in effect -----------------------------------------------------------------------


def test_a_change_on_disk_is_pending_until_the_daemon_takes_it(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(daemon_json={})
    daemon.write_daemon_json({"live-restore": True})
    audited = Audited(daemon)
    assert audited.status("docker.daemon.live_restore") == "fail"
    assert audited.of("docker.daemon.pending_restart")["actual"] == ["live-restore"]
    state = audited.facts("daemon")["options"]["live-restore"]
    assert (state["on_disk"], state["in_effect"], state["pending_restart"]) == (True, False, True)

    daemon.restart()
    audited = Audited(daemon)
    assert audited.status("docker.daemon.live_restore") == "pass"
    assert audited.status("docker.daemon.pending_restart") == "pass"


def test_what_a_changed_file_hides_is_an_error_and_never_a_guess(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(daemon_json={})
    daemon.write_daemon_json({"userland-proxy": False})
    finding = Audited(daemon).of("docker.daemon.userland_proxy")
    assert finding["status"] == "error"
    assert str(daemon.config_file) in finding["reason"]


def test_what_our_own_module_reloaded_is_known_to_be_in_effect(
    make_dockerd: MakeDockerd, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = make_dockerd(daemon_json={"userland-proxy": False})
    subject = Subject(daemon)
    subject.configure({"live-restore": True})
    monkeypatch.setattr(daemon_situation, "default_state_dir", lambda: str(subject.state_dir))
    audited = Audited(daemon)
    assert audited.status("docker.daemon.live_restore") == "pass"
    assert audited.status("docker.daemon.userland_proxy") == "pass"
    # Not in the file, and so the default since the start.
    assert audited.status("docker.daemon.no_new_privileges") == "fail"
    assert audited.status("docker.daemon.pending_restart") == "pass"


def test_a_broken_file_is_found_before_the_next_start_finds_it(make_dockerd: MakeDockerd) -> None:
    daemon = make_dockerd(daemon_json={})
    daemon.config_file.write_text('{"icc": false,}')
    audited = Audited(daemon)
    finding = audited.of("docker.daemon.config_file")
    assert finding["status"] == "fail"
    assert finding["actual"].startswith(f"{daemon.config_file}:1:")
    assert audited.status("docker.daemon.no_new_privileges") == "error"


# -- addresses of the API -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["tcp://127.0.0.1:{}", "127.0.0.1:{}"])
def test_a_plain_tcp_address_is_found_with_and_without_its_scheme(make_dockerd: MakeDockerd, spelling: str) -> None:
    address = spelling.format(free_port())
    daemon = _with_hosts(make_dockerd, [address])
    audited = Audited(daemon)
    for control in ("docker.daemon.tcp.encrypted", "docker.daemon.tcp.authenticated"):
        assert audited.status(control) == "fail"
    [host] = audited.of("docker.daemon.tcp.encrypted")["actual"]
    assert host.endswith(address.rpartition("/")[2])


def test_hosts_in_the_file_count_as_those_on_the_command_line(make_dockerd: MakeDockerd, tmp_path: Path) -> None:
    workdir = Path(make_dockerd().workdir.parent / f"bh-{free_port()}")
    hosts = [f"unix://{workdir}/docker.sock", f"tcp://127.0.0.1:{free_port()}"]
    audited = Audited(make_dockerd(workdir=workdir, daemon_json={"hosts": hosts}))
    assert audited.facts("daemon")["api_hosts"] == hosts
    assert audited.of("docker.daemon.tcp.encrypted")["actual"] == hosts[1:]
    assert audited.status("docker.file.docker_socket.mode", f"{workdir}/docker.sock") == "pass"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca.pem, cert.pem and key.pem of a server."""
    folder = tmp_path_factory.mktemp("tls")
    subject = ["-subj", "/CN=localhost", "-days", "2", "-nodes"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", "key.pem", "-out", "cert.pem", *subject]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "ca.pem").write_bytes((folder / "cert.pem").read_bytes())
    (folder / "key.pem").chmod(0o400)
    return folder


def _tls(folder: Path, **more: Any) -> dict[str, Any]:
    return {"tlscacert": f"{folder}/ca.pem", "tlscert": f"{folder}/cert.pem", "tlskey": f"{folder}/key.pem", **more}


def test_an_address_that_asks_for_certificates_passes(make_dockerd: MakeDockerd, certificates: Path) -> None:
    daemon = make_dockerd(tcp=True, daemon_json=_tls(certificates, tlsverify=True))
    assert not _answers_anybody(str(daemon.tcp_host))
    audited = Audited(daemon)
    assert audited.status("docker.daemon.tcp.encrypted") == "pass"
    assert audited.status("docker.daemon.tcp.authenticated") == "pass"
    assert audited.status("docker.file.tls_key.mode", f"{certificates}/key.pem") == "pass"
    assert audited.of("docker.file.tls_cert.mode", f"{certificates}/cert.pem")["actual"] == "0644"
    assert audited.status("docker.file.tls_cert.mode", f"{certificates}/cert.pem") == "fail"
    assert audited.status("docker.file.tls_ca.owner", f"{certificates}/ca.pem") == "pass"
    # It was made for two days.
    assert audited.of("docker.daemon.tls_certificate")["actual"] in (1, 2)
    assert audited.status("docker.daemon.tls_certificate") == "fail"


@pytest.mark.parametrize("options", [{"tls": True}, {"tlsverify": False}])
def test_tls_that_asks_nobody_who_he_is_fails(
    make_dockerd: MakeDockerd, certificates: Path, options: dict[str, Any]
) -> None:
    daemon = make_dockerd(tcp=True, daemon_json=_tls(certificates, **options))
    audited = Audited(daemon)
    encrypted = audited.status("docker.daemon.tcp.encrypted") == "pass"
    assert encrypted is not _speaks_plain_text(str(daemon.tcp_host))
    assert audited.status("docker.daemon.tcp.authenticated") == "fail"


def test_a_certificate_without_tls_protects_nothing(make_dockerd: MakeDockerd, certificates: Path) -> None:
    daemon = make_dockerd(tcp=True, daemon_json=_tls(certificates))
    assert _speaks_plain_text(str(daemon.tcp_host))
    assert Audited(daemon).status("docker.daemon.tcp.encrypted") == "fail"


def _with_hosts(make_dockerd: MakeDockerd, hosts: list[str]) -> Dockerd:
    workdir = Path(f"/tmp/bh-{free_port()}")
    flags = ["-H", f"unix://{workdir}/docker.sock"]
    for host in hosts:
        flags += ["-H", host]
    return make_dockerd(workdir=workdir, flags=flags)


def _speaks_plain_text(host: str) -> bool:
    name, _colon, port = host.rpartition("/")[2].rpartition(":")
    with socket.create_connection((name, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return b" 200 " in connection.recv(4096)


def _answers_anybody(host: str) -> bool:
    """Whether a client without a certificate gets an answer."""
    name, _colon, port = host.rpartition("/")[2].rpartition(":")
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        contextlib.suppress(OSError),
        socket.create_connection((name, int(port)), timeout=5) as raw,
        context.wrap_socket(raw) as connection,
    ):
        connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
        return b" 200 " in connection.recv(4096)
    return False


# -- which daemon ---------------------------------------------------------------------------------------------------


def test_of_two_daemons_the_one_asked_for_is_audited(make_dockerd: MakeDockerd) -> None:
    one, other = make_dockerd(flags=["--userland-proxy=false"]), make_dockerd()
    assert Audited(one).status("docker.daemon.userland_proxy") == "pass"
    assert Audited(other).status("docker.daemon.userland_proxy") == "fail"
    assert Audited(other).facts("daemon")["config_file"]["path"] == str(other.config_file)


def test_our_facts_are_those_of_an_independent_client(dockerd: Dockerd) -> None:
    facts = Audited(dockerd).facts("daemon")
    with contextlib.closing(dockerd.client()) as client:
        info = client.info()
    assert facts["storage_driver"] == info["Driver"]
    assert facts["log_driver"] == info["LoggingDriver"]
    assert facts["live_restore"] == info["LiveRestoreEnabled"]
    assert facts["version"] == info["ServerVersion"]
