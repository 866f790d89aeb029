# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docker_tls before a dockerd that serves its API on TCP: who is let in, who is not, and what renewal takes."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import docker
import pytest
from cryptography import x509
from docker.tls import TLSConfig

from tests.lab.ansible import PlaybookResult, run_module, run_playbook
from tests.lab.dockerd import Dockerd, LabError
from tests.lab.images import BASE, make_images

TASK = """
- hosts: all
  gather_facts: false
  tasks:
    - bulkhead.container_security.docker_tls: "{{ options }}"
"""
ROLE = "- hosts: all\n  gather_facts: false\n  roles: [bulkhead.container_security.docker_hardening]\n"
INVENTORY = {"all": {"hosts": {"lab": {"ansible_connection": "local"}}}}


@dataclass(frozen=True)
class Desk:
    """A controller's folder and a target's folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        return self.folder / "pki"

    @property
    def target(self) -> Path:
        return self.folder / "target" / "tls"

    def tls(self, *, check: bool = False, hosts: int = 1, **more: Any) -> PlaybookResult:
        options = {
            "ca_dir": str(self.authority),
            "cert_dir": str(self.target),
            "names": ["127.0.0.1", "Localhost"],
            "clients": ["alice"],
            "record": str(self.folder / "records" / "tls.json"),
            **more,
        }
        (self.folder / "site.yml").write_text(TASK)
        targets = {f"lab{number}": {"ansible_connection": "local"} for number in range(hosts)}
        return run_playbook(
            self.folder / "site.yml",
            inventory={"all": {"hosts": targets}},
            extra_vars={"options": options},
            check=check,
            diff=True,
        )

    def renewed(self, **more: Any) -> dict[str, str]:
        result = self.tls(**more).check().result_of("docker_tls")
        assert result["changed"] is bool(result["renewed"])
        return dict(result["renewed"])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_certificates_are_predicted_made_once_and_taken_back(desk: Desk) -> None:
    predicted = desk.tls(check=True).check().result_of("docker_tls")
    assert not desk.authority.exists()
    assert not desk.target.exists()
    made = desk.renewed()
    assert made == predicted["renewed"] == {"authority": "missing", "server": "missing", "client alice": "missing"}
    assert desk.renewed() == {}
    assert [mode(desk.target / name) for name in ("ca.pem", "server-cert.pem", "server-key.pem")] == [
        0o444,
        0o444,
        0o400,
    ]
    assert [mode(desk.authority / name) for name in ("ca.pem", "ca-key.pem")] == [0o644, 0o600]
    assert mode(desk.authority / "clients" / "alice" / "key.pem") == 0o600
    assert desk.tls(state="absent").check().result_of("docker_tls")["changed"] is True
    assert not desk.target.exists()
    assert desk.tls(state="absent").check().result_of("docker_tls")["changed"] is False


def test_no_key_is_shown_or_recorded(desk: Desk) -> None:
    outputs = []
    for run in (
        partial(desk.tls, check=True),
        desk.tls,
        partial(desk.tls, renew_days=400),
        partial(desk.tls, state="absent"),
    ):
        result = run()
        outputs.append(result.stdout + result.stderr + json.dumps(result.tasks, default=str))
    keys = [*desk.authority.rglob("*key.pem")]
    assert len(keys) == 2
    for output in outputs:
        assert "PRIVATE KEY" not in output
        for key in keys:
            assert key.read_text().splitlines()[1] not in output


def test_a_certificate_is_renewed_for_a_reason_and_only_then(desk: Desk) -> None:
    desk.tls().check()
    assert desk.renewed(names=["localhost", "127.0.0.1"]) == {}
    assert desk.renewed(names=["127.0.0.1", "docker.example"]) == {"server": "the names have changed"}
    assert desk.renewed(names=["127.0.0.1", "docker.example"], clients=["alice", "bob"]) == {"client bob": "missing"}
    assert desk.renewed(renew_days=400, names=["127.0.0.1", "docker.example"]) == {
        "server": "expires in 364 days",
        "client alice": "expires in 364 days",
    }
    (desk.target / "server-key.pem").unlink()
    assert desk.renewed(names=["127.0.0.1", "docker.example"]) == {"server": "missing"}
    for file in desk.authority.glob("ca*"):
        file.unlink()
    assert desk.renewed(names=["127.0.0.1", "docker.example"]) == {
        "authority": "missing",
        "server": "missing",
        "client alice": "missing",
    }


def test_a_key_of_another_certificate_is_noticed(desk: Desk) -> None:
    desk.tls().check()
    key = (desk.target / "server-key.pem").read_bytes()
    desk.tls(renew_days=400).check()
    (desk.target / "server-key.pem").write_bytes(key)
    assert desk.renewed() == {"server": "the key belongs to another certificate"}


def test_modes_that_were_loosened_are_put_right(desk: Desk) -> None:
    desk.tls().check()
    (desk.target / "server-key.pem").chmod(0o644)
    assert desk.tls(check=True).check().result_of("docker_tls")["changed"] is True
    assert desk.tls().check().result_of("docker_tls")["changed"] is True
    assert mode(desk.target / "server-key.pem") == 0o400
    assert desk.tls().check().result_of("docker_tls")["changed"] is False


def test_an_authority_with_a_passphrase_is_taken_and_a_wrong_one_is_told(desk: Desk) -> None:
    desk.tls(ca_passphrase="correct horse").check()
    assert b"ENCRYPTED" in (desk.authority / "ca-key.pem").read_bytes()
    assert desk.renewed(ca_passphrase="correct horse") == {}
    for passphrase, said in (("wrong", "the passphrase is wrong"), (None, "one of them is missing")):
        options: dict[str, Any] = {"ca_passphrase": passphrase} if passphrase else {}
        failed = desk.tls(**options)
        assert failed.rc != 0
        assert failed.result_of("docker_tls")["msg"].count(said) == 1


def test_half_an_authority_is_refused(desk: Desk) -> None:
    desk.tls().check()
    (desk.authority / "ca-key.pem").unlink()
    failed = desk.tls()
    assert failed.rc != 0
    assert "ca-key.pem is missing" in failed.stdout + failed.stderr
    assert (desk.authority / "ca.pem").exists()


def test_hosts_at_the_same_time_share_one_authority(desk: Desk) -> None:
    result = desk.tls(hosts=3).check()
    authorities = [task for task in result.tasks if "authority" in task["result"].get("renewed", {})]
    assert len(authorities) == 1


def test_no_authority_is_made_when_that_is_not_wanted(desk: Desk) -> None:
    failed = desk.tls(ca_create=False)
    assert failed.rc != 0
    assert "put ca.pem and ca-key.pem there" in failed.stdout + failed.stderr
    assert not list(desk.authority.glob("ca*"))


# -- on a daemon ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Served:
    """A daemon on TCP that was hardened with TLS."""

    daemon: Dockerd
    folder: Path

    def harden(self, **more: Any) -> PlaybookResult:
        off = dict.fromkeys(("audit_rules", "file_modes", "log_limits", "ulimits"), False)
        settings = {
            **off,
            "docker_host": self.daemon.docker_host,
            "restart_command": [self.daemon.restart_command],
            "record_dir": str(self.folder / "records"),
            "daemon_options": {},
            "tls": True,
            "tls_ca_dir": str(self.folder / "pki"),
            "tls_cert_dir": str(self.folder / "tls"),
            "tls_names": ["127.0.0.1"],
            "tls_clients": ["alice"],
            **more,
        }
        (self.folder / "role.yml").write_text(ROLE)
        variables = {f"docker_hardening_{name}": value for name, value in settings.items()}
        return run_playbook(self.folder / "role.yml", inventory=INVENTORY, extra_vars=variables).check()

    def ask(self, bundle: Path | None) -> str:
        """What the Docker SDK gets as the engine's version, with a client's bundle or without one."""
        ca = str(self.folder / "pki" / "ca.pem")
        cert = (str(bundle / "cert.pem"), str(bundle / "key.pem")) if bundle else None
        tls = TLSConfig(client_cert=cert, ca_cert=ca, verify=True)
        address = str(self.daemon.tcp_host).replace("tcp://", "https://")
        client = docker.DockerClient(base_url=address, tls=tls, timeout=20)
        try:
            return str(client.version()["Version"])
        finally:
            client.close()

    def serial(self) -> int:
        """The serial number of the certificate that the daemon shows."""
        host, port = str(self.daemon.tcp_host).removeprefix("tcp://").split(":")
        context = ssl.create_default_context(cafile=str(self.folder / "pki" / "ca.pem"))
        with (
            socket.create_connection((host, int(port)), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname=host) as channel,
        ):
            shown = channel.getpeercert(binary_form=True)
        return x509.load_der_x509_certificate(shown or b"").serial_number


@pytest.fixture
def served(make_dockerd: Callable[..., Dockerd], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    # These would take the place of the authority that the client names.
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return Served(make_dockerd(tcp=True), tmp_path)


def test_only_a_client_with_a_certificate_is_let_in(served: Served, tmp_path: Path) -> None:
    served.harden()
    alice = tmp_path / "pki" / "clients" / "alice"
    assert re.match(r"\d+\.", served.ask(alice))
    with pytest.raises(docker.errors.DockerException):
        served.ask(None)
    stranger = Desk(tmp_path / "elsewhere")
    stranger.folder.mkdir()
    stranger.tls(clients=["mallory"]).check()
    with pytest.raises(docker.errors.DockerException):
        served.ask(stranger.authority / "clients" / "mallory")
    ours = {
        "docker_host": served.daemon.tcp_host,
        "ca_path": str(alice / "ca.pem"),
        "pidfile": str(served.daemon.pidfile),
    }
    ours |= {"client_cert": str(alice / "cert.pem"), "client_key": str(alice / "key.pem")}
    assert re.match(r"\d+\.", run_module("docker_host_info", ours)["version"])


def test_a_renewed_certificate_is_served_after_a_restart_that_comes_by_itself(served: Served, tmp_path: Path) -> None:
    served.harden()
    first, pid = served.serial(), served.daemon.pid
    assert served.harden().changed == []
    assert served.daemon.pid == pid
    served.harden(tls_renew_days=400)
    assert served.serial() != first
    assert served.ask(tmp_path / "pki" / "clients" / "alice")


def test_a_run_cut_off_before_the_restart_is_completed_but_stops_no_container(served: Served, tmp_path: Path) -> None:
    served.harden()
    pid, certificate = served.daemon.pid, tmp_path / "tls" / "server-cert.pem"
    certificate.touch()
    with contextlib.closing(served.daemon.client()) as client:
        make_images(client, [BASE])
        container = client.containers.run(BASE, detach=True, network_mode="none")
        with pytest.raises(LabError, match=r"stops\s+1\s+running containers"):
            served.harden()
        assert served.daemon.pid == pid
        container.remove(force=True)
    served.harden()
    assert served.daemon.pid != pid
    assert served.harden().changed == []


def test_absent_takes_tls_and_its_files_away(served: Served, tmp_path: Path) -> None:
    before = served.daemon.config_file.read_bytes()
    served.harden()
    served.harden(state="absent")
    assert served.daemon.config_file.read_bytes() == before
    assert not (tmp_path / "tls").exists()
    address = str(served.daemon.tcp_host)
    client = docker.DockerClient(base_url=address, timeout=20)
    assert client.ping()
    client.close()


@pytest.mark.parametrize(("option", "value"), [("valid_days", 0), ("renew_days", -1), ("valid_days", 10**9)])
def test_days_that_make_no_certificate_are_refused(desk: Desk, option: str, value: int) -> None:
    options: dict[str, Any] = {option: value}
    result = desk.tls(**options)
    assert result.rc == 2
    assert f"{option} is {value}; it must be" in result.result_of("docker_tls")["msg"]
