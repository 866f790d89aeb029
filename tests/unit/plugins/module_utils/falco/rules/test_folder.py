# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of Falco: all of a change, or nothing of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import (
    RulesFolder,
    RulesTaskError,
    read_text,
    rules_files,
)


@pytest.fixture
def folder(tmp_path: Path) -> RulesFolder:
    path = tmp_path / "rules.d"
    path.mkdir()
    (path / "a.yaml").write_text("old a")
    (path / "b.yml").write_text("old b")
    (path / "notes.txt").write_text("not rules")
    return RulesFolder(str(path))


def test_it_holds_rules_files_and_leaves_the_others(folder: RulesFolder) -> None:
    assert folder.read() == {"a.yaml": "old a", "b.yml": "old b"}
    assert RulesFolder("/nonexistent/rules.d").read() == {}


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rules.d").write_text("")
    with pytest.raises(RulesTaskError, match="is no folder"):
        RulesFolder(str(tmp_path / "rules.d")).read()


def test_a_change_keeps_the_set_before(folder: RulesFolder) -> None:
    os.chmod(Path(folder.path, "a.yaml"), 0o640)
    folder.apply({"a.yaml": "new a", "b.yml": None, "c.yaml": "new c"})
    assert folder.read() == {"a.yaml": "new a", "c.yaml": "new c"}
    assert RulesFolder(folder.previous).read() == {"a.yaml": "old a", "b.yml": "old b"}
    assert Path(folder.path, "a.yaml").stat().st_mode & 0o777 == 0o640
    assert Path(folder.path, "c.yaml").stat().st_mode & 0o777 == 0o644
    folder.apply({"c.yaml": None})
    assert RulesFolder(folder.previous).read() == {"a.yaml": "new a", "c.yaml": "new c"}
    assert sorted(os.listdir(Path(folder.path).parent)) == ["rules.d", "rules.d.previous"]


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    folder = RulesFolder(str(tmp_path / "falco" / "rules.d") + "/")
    folder.apply({"a.yaml": "a"})
    assert folder.read() == {"a.yaml": "a"}


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_a_change_that_fails_halfway_is_taken_back(
    folder: RulesFolder, fails_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, done = os.replace, []

    def failing(source: str, target: str) -> None:
        done.append(target)
        if len(done) == fails_at:
            raise OSError(28, "No space left on device", target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(RulesTaskError, match=r"was left as it was: .*No space left"):
        folder.apply({"a.yaml": "new a", "b.yml": "new b", "c.yaml": "new c"})
    assert folder.read() == {"a.yaml": "old a", "b.yml": "old b"}
    assert not [name for name in os.listdir(Path(folder.path).parent) if name.startswith(".")]


def test_a_folder_that_cannot_be_made_is_told() -> None:
    with pytest.raises(RulesTaskError, match="cannot be written to"):
        RulesFolder("/proc/falco/rules.d").apply({"a.yaml": "a"})


def test_files_are_read_in_the_order_of_falco(folder: RulesFolder) -> None:
    assert [os.path.basename(file) for file in rules_files(folder.path)] == ["a.yaml", "b.yml"]
    assert rules_files("/somewhere/x.yaml") == ["/somewhere/x.yaml"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RulesTaskError, match="No such file"):
        read_text(str(tmp_path / "x.yaml"))
    (tmp_path / "y.yaml").write_bytes(b"\xff")
    with pytest.raises(RulesTaskError, match="not UTF-8"):
        read_text(str(tmp_path / "y.yaml"))
