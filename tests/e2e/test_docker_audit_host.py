# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host below a daemon: its filesystem, its users, and what its kernel records; with rules in the real kernel."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.engine import Engine
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.kernel_audit import (
    KernelAuditError,
    read_kernel_audit,
)
from tests.e2e.audited import Audited
from tests.e2e.kernel_rules import loaded
from tests.lab.dockerd import Dockerd

MakeDockerd = Callable[..., Dockerd]


def _kernel_tells() -> bool:
    try:
        read_kernel_audit()
    except KernelAuditError:
        return False
    return True


needs_kernel_audit = pytest.mark.skipif(not _kernel_tells(), reason="needs CAP_AUDIT_CONTROL on the host itself")

# -- the data root --------------------------------------------------------------------------------------------------


def test_the_daemons_own_bind_mount_is_no_filesystem_of_its_own(dockerd: Dockerd) -> None:
    finding = Audited(dockerd).of("docker.host.data_root.separate")
    assert finding["status"] == "fail"
    # It is a mount point all the same, which is what a check with `mountpoint` falls for.
    assert finding["evidence"]["mount_point"] == str(dockerd.data_root)


@contextlib.contextmanager
def _mounted(folder: Path, *arguments: str) -> Iterator[Path]:
    folder.mkdir()
    subprocess.run(["mount", *arguments, str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_another_filesystem_at_the_data_root_passes(tmp_path: Path) -> None:
    with _mounted(tmp_path / "disk", "-t", "tmpfs", "tmpfs") as disk, Dockerd(flags=[f"--data-root={disk}"]) as daemon:
        assert Audited(daemon).status("docker.host.data_root.separate") == "pass"


def test_a_folder_on_another_filesystem_that_others_share_fails(tmp_path: Path) -> None:
    with (
        _mounted(tmp_path / "disk", "-t", "tmpfs", "tmpfs") as disk,
        Dockerd(flags=[f"--data-root={disk}/docker"]) as daemon,
    ):
        assert Audited(daemon).status("docker.host.data_root.separate") == "fail"


def test_a_bind_mount_of_the_same_filesystem_fails(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    with (
        _mounted(tmp_path / "bind", "--bind", str(tmp_path / "source")) as bound,
        Dockerd(flags=[f"--data-root={bound}"]) as daemon,
    ):
        assert Audited(daemon).status("docker.host.data_root.separate") == "fail"


# -- users ----------------------------------------------------------------------------------------------------------


def test_who_may_write_to_the_socket_is_told_by_its_mode_its_group_and_its_list(dockerd: Dockerd) -> None:
    os.chown(dockerd.socket, 0, 0)
    os.chmod(dockerd.socket, 0o660)
    assert Audited(dockerd).status("docker.host.trusted_users") == "pass"
    os.chmod(dockerd.socket, 0o666)
    assert Audited(dockerd).of("docker.host.trusted_users")["actual"] == ["(everyone)"]
    os.chmod(dockerd.socket, 0o660)
    # user::rw- user:nobody:rw- group::rw- mask::rw- other::---
    acl = "02000000 0100 0600 ffffffff 0200 0600 feff0000 0400 0600 ffffffff 1000 0600 ffffffff 2000 0000 ffffffff"
    os.setxattr(dockerd.socket, "system.posix_acl_access", bytes.fromhex(acl.replace(" ", "")))
    assert Audited(dockerd).of("docker.host.trusted_users")["actual"] == ["nobody"]


def test_users_who_are_declared_are_trusted(dockerd: Dockerd) -> None:
    os.chown(dockerd.socket, 65534, 0)
    assert Audited(dockerd).status("docker.host.trusted_users") == "fail"
    assert Audited(dockerd, trusted_users=["nobody"]).status("docker.host.trusted_users") == "pass"


# -- audit rules in the kernel --------------------------------------------------------------------------------------


@pytest.fixture
def own_binaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hard links of the daemon's programs in a folder of ours, first in the daemon's PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    names = ("dockerd", "containerd", "containerd-shim", "containerd-shim-runc-v1", "containerd-shim-runc-v2")
    for name in names:
        found = shutil.which(name)
        if found:
            _link_or_copy(os.path.realpath(found), folder / name)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("BULKHEAD_LAB_DOCKERD", str(folder / "dockerd"))
    return folder


def _link_or_copy(source: str, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


@needs_kernel_audit
def test_the_binary_that_runs_is_the_one_to_be_watched(own_binaries: Path) -> None:
    with Dockerd() as daemon:
        finding = Audited(daemon).of("docker.host.audit.dockerd")
        assert (finding["status"], finding["actual"]) == ("fail", [f"{own_binaries}/dockerd"])
        with loaded(own_binaries / "dockerd"):
            assert Audited(daemon).status("docker.host.audit.dockerd") == "pass"


@needs_kernel_audit
def test_a_rule_on_a_longer_name_is_another_rule(own_binaries: Path) -> None:
    with Dockerd() as daemon, loaded(own_binaries / "containerd-shim-runc-v2"):
        audited = Audited(daemon)
    assert audited.status("docker.host.audit.containerd_shim_runc_v2") == "pass"
    assert audited.status("docker.host.audit.containerd") == "fail"
    assert audited.status("docker.host.audit.containerd_shim") == "fail"


@needs_kernel_audit
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({}, "pass"),
        ({"permissions": "wa"}, "pass"),
        ({"permissions": "w"}, "fail"),
        ({"permissions": "x"}, "fail"),
        ({"least_auid": 1000}, "fail"),
        ({"calls": [257]}, "fail"),
        ({"action": "never"}, "fail"),
    ],
)
def test_a_rule_counts_that_records_every_change(dockerd: Dockerd, rule: dict[str, Any], expected: str) -> None:
    with loaded(dockerd.config_file, **rule):
        assert Audited(dockerd).status("docker.host.audit.daemon_json") == expected


@needs_kernel_audit
def test_a_watch_on_a_folder_covers_what_is_below_and_one_on_a_file_nothing_above(dockerd: Dockerd) -> None:
    with loaded(dockerd.config_file.parent, recursive=True):
        audited = Audited(dockerd)
        assert audited.status("docker.host.audit.config_dir") == "pass"
        assert audited.status("docker.host.audit.daemon_json") == "pass"
        assert audited.status("docker.host.audit.data_root") == "fail"
    with loaded(dockerd.config_file):
        assert Audited(dockerd).status("docker.host.audit.config_dir") == "fail"


@needs_kernel_audit
def test_a_rule_through_a_symlinked_folder_is_the_same_rule(dockerd: Dockerd, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(dockerd.config_file.parent)
    with loaded(tmp_path / "link" / "daemon.json"):
        assert Audited(dockerd).status("docker.host.audit.daemon_json") == "pass"


@needs_kernel_audit
def test_a_rule_on_a_symlink_does_not_watch_its_target(dockerd: Dockerd, tmp_path: Path) -> None:
    (tmp_path / "daemon.json").symlink_to(dockerd.config_file)
    with loaded(tmp_path / "daemon.json"):
        assert Audited(dockerd).status("docker.host.audit.daemon_json") == "fail"


@needs_kernel_audit
def test_a_rule_in_the_kernel_alone_is_not_saved(dockerd: Dockerd) -> None:
    with loaded(dockerd.config_file):
        audited = Audited(dockerd)
    assert str(dockerd.config_file) in audited.of("docker.host.audit.saved")["actual"]
    [watch] = audited.facts("host")["audit_watches"]["daemon_json"]
    assert watch["state"] == "not saved"


@needs_kernel_audit
def test_the_sockets_in_use_are_those_to_be_watched(dockerd: Dockerd) -> None:
    paths = Audited(dockerd).facts("host")["audit_paths"]
    assert paths["docker_socket"] == [dockerd.socket]
    assert paths["containerd_socket"] == [f"{dockerd.exec_root}/containerd/containerd.sock"]
    assert paths["data_root"] == [str(dockerd.data_root)]


# -- what an audit does to a host -----------------------------------------------------------------------------------

_STARTED: list[str] = []
_WATCHING = False


def _note(event: str, _arguments: tuple[Any, ...]) -> None:
    if _WATCHING and event in ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "os.exec"):
        _STARTED.append(event)


sys.addaudithook(_note)


def test_an_audit_starts_no_process_and_only_reads(dockerd: Dockerd, monkeypatch: pytest.MonkeyPatch) -> None:
    global _WATCHING
    posts: list[str] = []
    monkeypatch.setattr(Engine, "post", lambda _engine, path, *_more, **_query: posts.append(path))
    _STARTED.clear()
    _WATCHING = True
    try:
        Audited(dockerd)
    finally:
        _WATCHING = False
    assert not _STARTED
    assert not posts


def _as_nobody(work: Callable[[], Any]) -> Any:
    """What a function gives when it is run in a process without rights."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return json.loads(answer)


def test_an_audit_without_rights_knows_what_it_cannot_see(dockerd: Dockerd) -> None:
    dockerd.workdir.chmod(0o755)
    os.chmod(dockerd.socket, 0o666)
    Audited(dockerd)  # imports what it needs, as long as it may
    statuses: dict[str, str] = _as_nobody(
        lambda: {finding["control"]: finding["status"] for finding in Audited(dockerd).findings}
    )
    blind = [name for name in statuses if name.startswith(("docker.file.", "docker.host.audit."))]
    assert len(blind) > 50
    assert {statuses[name] for name in blind} == {"error"}
    assert statuses["docker.daemon.userland_proxy"] == "error"
    assert statuses["docker.daemon.live_restore"] == "fail"


def test_an_old_engine_is_told_from_a_maintained_one(dockerd: Dockerd) -> None:
    audited = Audited(dockerd)
    version = audited.facts("host")["engine_version"]
    maintained = version.startswith(("25.0.", "29.", "30."))
    assert audited.status("docker.host.engine_maintained") == ("pass" if maintained else "fail")
