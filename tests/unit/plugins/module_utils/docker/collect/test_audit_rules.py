# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is loaded, what is saved, and what that makes of each path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect import (
    audit_rules as collect_audit_rules,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.collect.audit_rules import (
    audit_facts,
    read_saved_rules,
    watch_state,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.paths import Located
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.audit_rule import AuditRule
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.kernel_audit import (
    KernelAudit,
    KernelAuditError,
)

RULE = AuditRule("-w /f -p wa", path="/f")


@pytest.mark.parametrize(
    ("loaded", "saved", "watched", "state"),
    [
        ([RULE], [RULE], True, "loaded"),
        ([RULE], [], True, "not saved"),
        ([], [RULE], False, "not loaded"),
        ([], [], False, "absent"),
        (None, [RULE], True, "on disk"),
        (None, [], False, "absent"),
        ([RULE], None, True, "not saved"),
    ],
)
def test_the_states_of_a_watch(
    loaded: list[AuditRule] | None, saved: list[AuditRule] | None, watched: bool, state: str
) -> None:
    found = watch_state("/f", False, loaded, saved)
    assert (found["watched"], found["state"]) == (watched, state)
    assert found["rule"] == (RULE.text if state != "absent" else None)


class _Paths:
    files = HostFiles()

    def __init__(self, *located: Located) -> None:
        self._located = list(located)

    def all(self) -> list[Located]:
        return self._located


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "daemon.json"
    path.touch()
    return str(path)


def facts(monkeypatch: pytest.MonkeyPatch, kernel: KernelAudit | None, file: str, folder: Path) -> dict[str, Any]:
    def ask() -> KernelAudit:
        if kernel is None:
            raise KernelAuditError("run as root there")
        return kernel

    monkeypatch.setattr(collect_audit_rules, "read_kernel_audit", ask)
    paths: Any = _Paths(Located("daemon_json", file), Located("sysconfig_docker", file + ".gone"))
    return audit_facts(paths, str(folder))


def test_paths_that_exist_are_watched_or_not(monkeypatch: pytest.MonkeyPatch, file: str, tmp_path: Path) -> None:
    kernel = KernelAudit(True, False, (AuditRule("-w", path=file),))
    found = facts(monkeypatch, kernel, file, tmp_path / "none")
    assert found["audit_paths"] == {"daemon_json": [file]}
    assert found["audit_watches"]["daemon_json"][0]["watched"] is True
    assert (found["audit_enabled"], found["audit_unsaved"]) == (True, [file])


def test_a_kernel_that_tells_nothing_leaves_the_files(
    monkeypatch: pytest.MonkeyPatch, file: str, tmp_path: Path
) -> None:
    (tmp_path / "audit.rules").write_text(f"-w {file} -p wa\n")
    found = facts(monkeypatch, None, file, tmp_path)
    assert found["audit_watches"]["daemon_json"][0]["state"] == "on disk"
    assert set(found["unknown"]) == {"audit_enabled", "audit_unsaved"}


def test_without_a_kernel_and_a_file_that_tell_the_watches_are_unknown(
    monkeypatch: pytest.MonkeyPatch, file: str, tmp_path: Path
) -> None:
    found = facts(monkeypatch, None, file, tmp_path / "none")
    assert found["unknown"]["audit_watches"] == "run as root there"
    assert found["audit_paths"] == {"daemon_json": [file]}


def test_saved_rules_are_those_of_the_main_file_and_of_every_fragment_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "rules.d").mkdir()
    (tmp_path / "audit.rules").write_text("-D\n-w /main\n")
    (tmp_path / "rules.d" / "10-b.rules").write_text("-w /ten\n")
    (tmp_path / "rules.d" / "9-a.rules").write_text("-w /nine\n")
    (tmp_path / "rules.d" / "docker.rules.bak").write_text("-w /backup\n")
    rules = read_saved_rules(str(tmp_path))
    assert [rule.path for rule in rules or ()] == ["/main", "/nine", "/ten"]


def test_no_folder_of_rules_is_no_rules(tmp_path: Path) -> None:
    assert read_saved_rules(str(tmp_path / "none")) == []
