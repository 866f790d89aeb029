# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a real daemon, each found where this daemon has it, and judged by what chmod and chown did to it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.audited import Audited
from tests.lab.dockerd import Dockerd

MakeDockerd = Callable[..., Dockerd]

NOBODY = 65534


def test_sockets_are_found_where_this_daemon_has_them(dockerd: Dockerd) -> None:
    audited = Audited(dockerd)
    containerd = f"{dockerd.exec_root}/containerd/containerd.sock"
    assert audited.of("docker.file.docker_socket.mode", dockerd.socket)["actual"] == "0660"
    assert audited.status("docker.file.containerd_socket.mode", containerd) == "pass"
    assert audited.status("docker.file.containerd_socket.owner", containerd) == "pass"


def test_a_containerd_of_its_own_is_found_by_its_address(make_dockerd: MakeDockerd) -> None:
    host = make_dockerd()
    address = f"{host.exec_root}/containerd/containerd.sock"
    other = make_dockerd(flags=["--containerd", address])
    audited = Audited(other)
    assert audited.status("docker.file.containerd_socket.mode", address) == "pass"
    os.chmod(address, 0o666)
    assert Audited(other).status("docker.file.containerd_socket.mode", address) == "fail"


@pytest.mark.parametrize(
    ("role", "mode"), [("daemon_json", 0o666), ("config_dir", 0o777), ("docker_socket", 0o666), ("data_root", 0o755)]
)
def test_a_bit_too_many_is_found(dockerd: Dockerd, role: str, mode: int) -> None:
    path = {
        "daemon_json": dockerd.config_file,
        "config_dir": dockerd.config_file.parent,
        "docker_socket": Path(dockerd.socket),
        "data_root": dockerd.data_root,
    }[role]
    control = f"docker.file.{role}.mode"
    assert Audited(dockerd).status(control, str(path)) == "pass"
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        finding = Audited(dockerd).of(control, str(path))
    finally:
        path.chmod(before & 0o7777)
    assert (finding["status"], finding["actual"]) == ("fail", f"{mode:04o}")


@pytest.mark.parametrize("role", ["daemon_json", "config_dir", "docker_socket"])
def test_another_owner_is_found(dockerd: Dockerd, role: str) -> None:
    path = {
        "daemon_json": dockerd.config_file,
        "config_dir": dockerd.config_file.parent,
        "docker_socket": Path(dockerd.socket),
    }[role]
    before = path.stat()
    os.chown(path, NOBODY, before.st_gid)
    try:
        finding = Audited(dockerd).of(f"docker.file.{role}.owner", str(path))
    finally:
        os.chown(path, before.st_uid, before.st_gid)
    assert finding["status"] == "fail"
    assert finding["actual"].startswith("nobody:")


def test_a_symlinked_daemon_json_is_judged_by_its_target(make_dockerd: MakeDockerd, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "daemon.json"
    target.write_text("{}")
    target.chmod(0o646)
    link.symlink_to(target)
    finding = Audited(make_dockerd(config_file=link)).of("docker.file.daemon_json.mode", str(link))
    assert (finding["status"], finding["actual"]) == ("fail", "0646")
    assert finding["evidence"]["real_path"] == str(target)


def test_certificates_of_registries_are_found_beside_the_configuration(dockerd: Dockerd) -> None:
    folder = dockerd.config_file.parent / "certs.d" / "registry.example:5000"
    folder.mkdir(parents=True)
    for name, mode in (("ca.crt", 0o444), ("client.cert", 0o644), ("client.key", 0o444)):
        (folder / name).write_text("x")
        (folder / name).chmod(mode)
    audited = Audited(dockerd)
    assert audited.status("docker.file.registry_certificate.mode", f"{folder}/ca.crt") == "pass"
    assert audited.status("docker.file.registry_certificate.mode", f"{folder}/client.cert") == "fail"
    assert audited.status("docker.file.registry_key.mode", f"{folder}/client.key") == "pass"
    assert audited.status("docker.file.registry_key.private", f"{folder}/client.key") == "fail"


def test_a_folder_that_others_may_write_to_is_found(dockerd: Dockerd) -> None:
    etc = dockerd.config_file.parent.parent
    assert Audited(dockerd).status("docker.file.parents", str(dockerd.config_file)) == "pass"
    etc.chmod(0o777)
    assert Audited(dockerd).of("docker.file.parents", str(dockerd.config_file))["actual"] == [str(etc)]


def test_what_this_host_does_not_have_is_not_applicable(dockerd: Dockerd) -> None:
    audited = Audited(dockerd)
    for role in ("tls_ca", "tls_cert", "tls_key"):
        assert audited.status(f"docker.file.{role}.mode") == "not_applicable"
    if not Path("/etc/sysconfig/docker").exists():
        assert audited.status("docker.file.sysconfig_docker.mode") == "not_applicable"


def test_binaries_are_those_that_run(dockerd: Dockerd) -> None:
    exe = os.readlink(f"/proc/{dockerd.pid}/exe")
    assert Audited(dockerd).status("docker.file.binary.mode", exe) == "pass"


def test_a_daemon_with_mounts_of_its_own_is_audited_by_what_it_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "default"
    theirs.mkdir()
    (theirs / "docker").write_text("")
    (theirs / "docker").chmod(0o666)
    wrapper = tmp_path / "dockerd"
    ours, config = tmp_path / "daemon.json", tmp_path / "their.json"
    ours.write_text("{}")
    config.write_text('{"userland-proxy": false}')
    mounts = f"mount --bind {theirs} /etc/default\nmount --bind {config} {ours}\n"
    script = f'#!/bin/sh\n{mounts}exec {shutil.which("dockerd")} "$@"\n'
    (tmp_path / "inside").write_text(script)
    wrapper.write_text(f'#!/bin/sh\nexec unshare --mount sh {tmp_path}/inside "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("BULKHEAD_LAB_DOCKERD", str(wrapper))
    with Dockerd(config_file=ours) as daemon:
        audited = Audited(daemon)
    assert ours.read_text() == "{}"
    assert audited.status("docker.daemon.userland_proxy") == "pass"
    finding = audited.of("docker.file.default_docker.mode")
    assert (finding["subject"]["name"], finding["actual"]) == ("/etc/default/docker", "0666")
    assert audited.status("docker.file.docker_socket.mode", daemon.socket) == "pass"
    assert audited.status("docker.host.data_root.separate") == "fail"
