# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit rules as files hold them, and which paths they watch in the sense of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.audit_rule import (
    AuditRule,
    canonical,
    parse_rules,
    watching,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "daemon.json").touch()
    return tmp_path / "etc"


@pytest.mark.parametrize(
    "line",
    [
        "-w {} -p rwxa -k docker",
        "-w {}",
        "-w {} -p wa",
        "-k docker -p wa -w {}",
        "-w {} -p wa # the daemon's configuration",
        "-w '{}' -p wa",
        "-a always,exit -F path={} -F perm=wa -F key=docker",
        "-a exit,always -F arch=b64 -F path={} -F perm=rwxa -k docker",
        "-A always,exit -S all -F path={}",
    ],
)
def test_rules_that_watch_a_file(folder: Path, line: str) -> None:
    path = str(folder / "daemon.json")
    assert watching(parse_rules(line.format(path)), path, False)


@pytest.mark.parametrize(
    "line",
    [
        "# -w {} -p wa",
        "-w {}.bak -p wa",
        "-w {} -p r",
        "-w {} -p x",
        "-a always,exit -F path={} -F perm=w",
        "-a always,exit -F path={} -F perm=wa -F auid>=1000 -F auid!=unset",
        "-a always,exit -F arch=b32 -F path={} -F perm=wa",
        "-a always,exit -S openat -F path={}",
        "-a always,exit -F path={} -F perm=wa -C uid!=euid",
        "-a always,exit -F path!={} -F perm=wa",
        "-a always,task -F path={}",
        "-a never,exit -F path={}",
        "-w",
        "-w '{}",
        "--loginuid-immutable",
    ],
)
def test_lines_that_do_not(folder: Path, line: str) -> None:
    path = str(folder / "daemon.json")
    assert watching(parse_rules(line.format(path)), path, False) is None


def test_a_longer_name_is_another_file() -> None:
    rules = [AuditRule("-w /usr/bin/containerd-shim-runc-v2", path="/usr/bin/containerd-shim-runc-v2")]
    assert watching(rules, "/usr/bin/containerd", False) is None
    assert watching(rules, "/usr/bin/containerd-shim-runc-v2", False)


def test_a_watch_on_a_folder_covers_everything_below_it(folder: Path) -> None:
    rules = parse_rules(f"-w {folder}/ -p wa")
    assert watching(rules, str(folder), True)
    assert watching(rules, str(folder / "daemon.json"), False)
    assert watching(rules, str(folder) + "-other", False) is None


def test_a_watch_on_the_root_covers_everything() -> None:
    assert watching([AuditRule("-w /", path="/", recursive=True)], "/etc/docker", True)


def test_a_rule_on_the_folder_alone_does_not_watch_what_is_in_it(folder: Path) -> None:
    rules = parse_rules(f"-a always,exit -F path={folder} -F perm=wa")
    assert watching(rules, str(folder), True) is None


def test_two_rules_may_do_together_what_is_needed() -> None:
    rules = [
        AuditRule("w", path="/f", permissions=frozenset("w")),
        AuditRule("a", path="/f", permissions=frozenset("a")),
    ]
    assert watching(rules, "/f", False) == rules[1]
    assert watching(rules[:1], "/f", False) is None


def test_the_first_rule_that_matches_decides() -> None:
    never, always = AuditRule("n", action="never", path="/f"), AuditRule("a", path="/f")
    assert watching([always, never], "/f", False) == always
    assert watching([never, always], "/f", False) is None


def test_a_rule_on_a_file_overrules_one_on_its_folder() -> None:
    folder = AuditRule("d", path="/d", recursive=True)
    never = AuditRule("n", action="never", path="/d/f")
    assert watching([folder, never], "/d/f", False) is None
    assert watching(
        [AuditRule("n", action="never", path="/d", recursive=True), AuditRule("a", path="/d/f")], "/d/f", False
    )


def test_a_distribution_that_switches_auditing_off_for_every_task_watches_nothing() -> None:
    rules = parse_rules("-D\n-w /f -p wa\n-a task,never\n")
    assert watching(rules, "/f", False) is None


def test_deleting_all_rules_forgets_those_before() -> None:
    assert [rule.path for rule in parse_rules("-w /one\n-D\n-w /two\n")] == ["/two"]


def test_a_rule_that_is_put_first_is_first() -> None:
    rules = parse_rules("-a always,exit -F path=/one\n-A never,exit -F path=/one\n")
    assert [rule.action for rule in rules] == ["never", "always"]


def test_symlinks_of_folders_are_followed_and_one_at_the_end_is_not(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "runc").touch()
    (tmp_path / "bin").symlink_to("real")
    (tmp_path / "real" / "alias").symlink_to("runc")
    assert canonical(f"{tmp_path}/bin/runc") == f"{tmp_path}/real/runc"
    assert canonical(f"{tmp_path}/bin/alias") == f"{tmp_path}/real/alias"
