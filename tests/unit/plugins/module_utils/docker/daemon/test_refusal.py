# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dockerd would not start with is refused, with the place and what to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon import refusal as daemon_refusal
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.refusal import refusals
from tests.unit.daemon_situation import make_situation, not_running


def problems(tmp_path: Path, after: dict[str, Any], *, restart: bool = True, **situation: Any) -> list[str]:
    return refusals(make_situation(tmp_path, {}, **situation), after, None, restart)


@pytest.mark.parametrize(
    ("argv", "after", "says"),
    [
        (("--icc=false",), {"icc": False}, "icc is already set by its command line (--icc, to false)"),
        (("-H", "fd://"), {"hosts": ["fd://"]}, "hosts is already set by its command line (--host, to ['fd://'])"),
        (("--label=a=b",), {"labels": ["c=d"]}, "labels is already set by its command line (--label"),
        (("-D",), {"debug": False}, "debug is already set"),
    ],
)
def test_an_option_in_both_places(tmp_path: Path, argv: tuple[str, ...], after: dict[str, Any], says: str) -> None:
    found = problems(tmp_path, after, argv=("dockerd", *argv))
    assert len(found) == 1
    assert says in found[0]


def test_runtimes_are_merged_by_the_daemon(tmp_path: Path) -> None:
    after = {"runtimes": {"a": {"path": "/a"}}}
    assert problems(tmp_path, after, argv=("dockerd", "--add-runtime=b=/b")) == []


def test_proxies_collide_one_by_one(tmp_path: Path) -> None:
    flags: dict[str, Any] = {"argv": ("dockerd", "--http-proxy=http://user:pw@p"), "version": "24.0.0"}
    assert problems(tmp_path, {"proxies": {"no-proxy": "a"}}, **flags) == []
    found = problems(tmp_path, {"proxies": {"http-proxy": "http://q"}}, **flags)
    assert "http-proxy is already set" in found[0]
    assert "pw" not in found[0]


def test_the_unit_is_read_for_the_next_start(tmp_path: Path) -> None:
    now, later = ("dockerd", "--icc=false"), ("dockerd", "--mtu=1400")
    assert problems(tmp_path, {"icc": False}, argv=now, next_argv=later) == []
    assert len(problems(tmp_path, {"icc": False}, argv=now, next_argv=later, restart=False)) == 1
    found = problems(tmp_path, {"mtu": 1300}, argv=now, next_argv=later)
    assert "mtu is already set by the unit docker" in found[0]


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ({"lable": ["a=b"]}, "lable is not an option"),
        ({"debug": "yes"}, "debug wants a boolean"),
        ({"icc": False, "iptables": False}, "icc false works through iptables"),
        ({"bridge": "br0", "bip": "10.0.0.1/24"}, "bridge and bip exclude each other"),
        ({"default-runtime": "crun"}, "which is not among runtimes"),
        ({"authorization-plugins": ["missing"]}, "there is no plugin missing"),
        ({"log-driver": "missing"}, "this daemon has no driver missing"),
    ],
)
def test_what_does_not_go_together(tmp_path: Path, after: dict[str, Any], says: str) -> None:
    assert [says in problem for problem in problems(tmp_path, after)] == [True]


@pytest.mark.parametrize(
    "after",
    [
        {"default-runtime": "crun", "runtimes": {"crun": {"path": "/c"}}},
        {"default-runtime": "io.containerd.runc.v2"},
        {"authorization-plugins": ["installed"]},
        {"log-driver": "none"},
        {"log-driver": "installed"},
        {"live-restore": True},
    ],
)
def test_what_does(tmp_path: Path, after: dict[str, Any]) -> None:
    assert problems(tmp_path, after) == []


def test_live_restore_in_a_swarm(tmp_path: Path) -> None:
    found = problems(tmp_path, {"live-restore": True}, Swarm={"LocalNodeState": "active"})
    assert "live-restore does not work on a node of a swarm" in found[0]


def test_a_plugin_by_its_socket(tmp_path: Path) -> None:
    situation = make_situation(tmp_path, {})
    assert situation.process is not None
    situation = replace(situation, process=replace(situation.process, root=str(tmp_path)))
    folder = tmp_path / "run" / "docker" / "plugins"
    folder.mkdir(parents=True)
    after = {"authorization-plugins": ["opa"]}
    assert len(refusals(situation, after, None, True)) == 1
    (folder / "opa.sock").touch()
    assert refusals(situation, after, None, True) == []


def test_without_a_daemon_its_plugins_are_unknown(tmp_path: Path) -> None:
    situation = not_running(make_situation(tmp_path, {}))
    assert refusals(situation, {"authorization-plugins": ["opa"], "log-driver": "opa"}, None, True) == []


def fake_dockerd(tmp_path: Path, version: str, script: str) -> list[str]:
    """What the daemon's own validation finds, where its binary is a script."""
    binary = tmp_path / "dockerd"
    binary.write_text(f"#!/bin/sh\n{script}\n")
    binary.chmod(0o755)
    situation = make_situation(tmp_path, {}, version=version, argv=("dockerd", "--mtu=1400"))
    assert situation.process is not None
    process = replace(situation.process, exe=f"{binary} (deleted)")
    return refusals(replace(situation, process=process), {"debug": True}, '{"debug": true}', True)


def test_the_daemon_validates_the_new_file_beside_its_flags(tmp_path: Path) -> None:
    script = f'echo "$@" > {tmp_path}/asked; cp "${{2#--config-file=}}" {tmp_path}/seen'
    assert fake_dockerd(tmp_path, "23.0.0", script) == []
    assert (tmp_path / "seen").read_text() == '{"debug": true}'
    assert (tmp_path / "asked").read_text().startswith("--mtu=1400 --config-file=/")
    found = fake_dockerd(
        tmp_path, "23.0.0", 'echo "unable to configure with file ${2#--config-file=}: why" >&2; exit 1'
    )
    assert found == ["unable to configure with file the new daemon.json: why"]


def test_a_daemon_that_cannot_validate_is_not_asked(tmp_path: Path) -> None:
    assert fake_dockerd(tmp_path, "20.10.24", f"touch {tmp_path}/asked; exit 1") == []
    assert not (tmp_path / "asked").exists()
    assert daemon_refusal.refusals(make_situation(tmp_path, {}, version="23.0.0"), {}, "{}", True) == []


def test_log_options_with_which_no_container_would_start(tmp_path: Path) -> None:
    wrong = {"log-opts": {"max-size": "-1"}}
    (found,) = problems(tmp_path, wrong)
    assert "max-size wants a size such as 10m, not '-1'" in found
    assert problems(tmp_path, {**wrong, "log-driver": "gelf"}, Plugins={"Log": ["gelf"]}) == [], (
        "other drivers know their options best"
    )
    there = make_situation(tmp_path, {**wrong, "icc": True})
    assert refusals(there, {**wrong, "icc": False}, None, True) == [], "what was there before is others' matter"


def test_log_options_are_those_of_the_driver_that_a_flag_names(tmp_path: Path) -> None:
    (found,) = problems(tmp_path, {"log-opts": {"labels": "a"}}, argv=("dockerd", "--log-driver=local"))
    assert "local knows no labels" in found
