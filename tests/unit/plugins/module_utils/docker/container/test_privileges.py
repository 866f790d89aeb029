# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container may do, by configuration and by what is in effect."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import capabilities
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.privileges import (
    privilege_facts,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import (
    LiveProcess,
    ProcessTable,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import (
    DaemonDefaults,
    Surroundings,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

LIVE = LiveProcess(1000, True, 2, capabilities.DEFAULT, "", None)


def around(*security: str, **more: Any) -> Surroundings:
    pairs = (option.partition("=") for option in (security or ("seccomp=default",)))
    return Surroundings(info={}, security={name: profile for name, _equals, profile in pairs}, **more)


def facts(
    host: dict[str, Any], where: Surroundings | None = None, live: LiveProcess | None = None, **container: Any
) -> dict[str, Any]:
    unknown: dict[str, str] = {}
    found = privilege_facts({"HostConfig": host, **container}, where or around(), live, unknown)
    return {**found, "unknown": unknown}


def test_capabilities_are_what_the_kernel_gave() -> None:
    found = facts({"CapAdd": ["SYS_ADMIN", "BPF"]}, live=LIVE)
    assert found["capabilities_beyond_default"] == []
    assert facts({"CapAdd": ["SYS_ADMIN"]})["added_capabilities"] == ["SYS_ADMIN"]


@pytest.mark.parametrize(
    "host", [{"Privileged": True}, {"CapAdd": ["cap_all"]}, {"CapAdd": ["ALL"], "CapDrop": ["BPF"]}]
)
def test_all_is_all(host: dict[str, Any]) -> None:
    found = facts(host)
    assert found["added_capabilities"] == ["ALL"]
    assert "SYS_ADMIN" in found["capabilities_beyond_default"]


def test_net_raw_stays_unless_dropped() -> None:
    assert facts({})["net_raw"]
    assert not facts({"CapDrop": ["NET_RAW"]})["net_raw"]
    assert not facts({"CapDrop": ["ALL"]})["net_raw"]


@pytest.mark.parametrize(
    ("security", "host", "remapped"),
    [
        (["seccomp=default"], {}, False),
        (["userns"], {}, True),
        (["userns"], {"UsernsMode": "host"}, False),
        (["rootless"], {}, True),
        (["rootless"], {"UsernsMode": "host"}, True),
    ],
)
def test_root_of_a_user_namespace(security: list[str], host: dict[str, Any], remapped: bool) -> None:
    found = facts(host, around(*security))
    assert (found["root"], found["root_is_remapped"]) == (True, remapped)


def test_a_name_that_is_root_in_truth() -> None:
    user: dict[str, Any] = {"Config": {"User": "toor"}}
    assert not facts({}, **user)["root"]
    assert facts({}, live=LiveProcess(0, True, 2, frozenset(), "", None), **user)["root"]


@pytest.mark.parametrize(
    ("host", "default", "live", "value"),
    [
        ({"SecurityOpt": ["no-new-privileges"]}, False, None, True),
        ({"SecurityOpt": ["no-new-privileges:false"]}, True, None, False),
        ({}, True, None, True),
        ({}, False, None, False),
        # The daemon's default came after the container, or went.
        ({}, True, LiveProcess(0, False, 2, frozenset(), "", None), False),
        ({}, False, LIVE, True),
    ],
)
def test_no_new_privileges(host: dict[str, Any], default: bool, live: LiveProcess | None, value: bool) -> None:
    where = around(defaults=DaemonDefaults(no_new_privileges=default))
    assert facts(host, where, live)["no_new_privileges"] is value


def test_no_new_privileges_that_nobody_tells() -> None:
    found = facts({})
    assert "no_new_privileges" not in found
    assert "no_new_privileges" in found["unknown"]
    assert facts({}, around("no-new-privileges"))["no_new_privileges"] is True


def test_no_new_privileges_as_it_was_written_down(tmp_path: Path) -> None:
    where = Surroundings(
        info={"DockerRootDir": str(tmp_path)},
        security={},
        defaults=DaemonDefaults(no_new_privileges=True),
        processes=ProcessTable(str(tmp_path)),
        files=HostFiles(),
    )
    folder = tmp_path / "containers" / "abc"
    folder.mkdir(parents=True)
    (folder / "config.v2.json").write_text(json.dumps({"NoNewPrivileges": False}))
    assert facts({}, where, Id="abc")["no_new_privileges"] is False
    (folder / "config.v2.json").write_text("not JSON")
    assert facts({}, where, Id="abc")["no_new_privileges"] is True


@pytest.mark.parametrize(
    ("security", "host", "live", "profile"),
    [
        ("seccomp=default", {}, None, "default"),
        ("seccomp=builtin", {}, None, "default"),
        ("seccomp=/etc/docker/seccomp.json", {}, None, "custom"),
        ("seccomp=unconfined", {}, None, "unconfined"),
        ("seccomp=unconfined", {"SecurityOpt": ['seccomp={"defaultAction":"SCMP_ACT_ERRNO"}']}, None, "custom"),
        ("seccomp=default", {"Privileged": True}, None, "unconfined"),
        ("seccomp=default", {"SecurityOpt": ["seccomp=unconfined"]}, LIVE, "unconfined"),
        ("seccomp=default", {}, LiveProcess(0, True, 0, frozenset(), "", None), "unconfined"),
        ("apparmor", {}, None, "unsupported"),
    ],
)
def test_seccomp(security: str, host: dict[str, Any], live: LiveProcess | None, profile: str) -> None:
    assert facts(host, around(security), live)["seccomp"] == profile


def labelled(label: str) -> LiveProcess:
    return LiveProcess(0, True, 2, frozenset(), label, None)


@pytest.mark.parametrize(
    ("host", "profile", "live", "confined"),
    [
        ({}, "docker-default", None, True),
        ({}, "", None, True),
        ({}, "unconfined", None, False),
        ({"SecurityOpt": ["apparmor=unconfined"]}, "", None, False),
        ({"Privileged": True}, "", None, False),
        ({"Privileged": True}, "mine", None, True),
        ({}, "docker-default", labelled("docker-default (enforce)"), True),
        ({}, "docker-default", labelled("docker-default (complain)"), False),
        ({}, "docker-default", labelled("unconfined"), False),
    ],
)
def test_apparmor(host: dict[str, Any], profile: str, live: LiveProcess | None, confined: bool) -> None:
    found = facts(host, around("apparmor"), live, AppArmorProfile=profile)
    assert (found["apparmor_available"], found["apparmor_confined"]) == (True, confined)


def test_no_apparmor_no_confinement() -> None:
    found = facts({}, AppArmorProfile="docker-default")
    assert (found["apparmor_available"], found["apparmor_confined"]) == (False, False)


@pytest.mark.parametrize(
    ("where", "host", "label", "available", "confined"),
    [
        (around("selinux"), {}, "system_u:system_r:container_t:s0:c1,c2", True, True),
        (around("selinux"), {"SecurityOpt": ["label=disable"]}, "x", True, False),
        (around("selinux"), {"SecurityOpt": ["label:disable"]}, "", True, False),
        (around("selinux"), {"Privileged": True}, "", True, False),
        (around(selinux_kernel=True), {}, "", True, False),
        (around(), {}, "", False, False),
    ],
)
def test_selinux(where: Surroundings, host: dict[str, Any], label: str, available: bool, confined: bool) -> None:
    found = facts(host, where, ProcessLabel=label)
    assert (found["selinux_available"], found["selinux_confined"]) == (available, confined)


@pytest.mark.parametrize(
    ("host", "unmasked"),
    [
        ({"MaskedPaths": []}, True),
        ({"SecurityOpt": ["systempaths=unconfined"]}, True),
        ({"MaskedPaths": None}, False),
        ({"MaskedPaths": ["/proc/kcore"]}, False),
    ],
)
def test_kernel_paths(host: dict[str, Any], unmasked: bool) -> None:
    assert facts(host)["kernel_paths_unmasked"] is unmasked


@pytest.mark.parametrize(("user", "root"), [("toor", True), ("toor:app", True), ("app", False), ("nobody", False)])
def test_a_users_name_before_the_container_runs(tmp_path: Path, user: str, root: bool) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("toor:x:0:0::/:/bin/sh\napp:x:1000:1000::/:/bin/sh\n")
    graph = {"Name": "overlay2", "Data": {"UpperDir": "/not/there", "LowerDir": str(tmp_path)}}
    where = around(processes=ProcessTable(str(tmp_path)), files=HostFiles())
    assert facts({}, where, Config={"User": user}, GraphDriver=graph)["root"] is root
