# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a task names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import RulesTaskError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.given import (
    given_files,
    given_names,
)


def entry(**keys: Any) -> dict[str, Any]:
    return {"name": None, "content": None, "src": None, **keys}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "b.yaml").write_text("b")
    (tmp_path / "a.yml").write_text("a")
    return tmp_path


def test_contents_and_files(source: Path) -> None:
    entries = [
        entry(name="x.yaml", content="x"),
        entry(src=str(source)),
        entry(name="c.yaml", src=str(source / "b.yaml")),
    ]
    assert given_files(entries, paths=False) == {"x.yaml": "x", "a.yml": "a", "b.yaml": "b", "c.yaml": "b"}
    named = given_files(entries[:2], paths=True)
    assert list(named) == ["x.yaml", str(source / "a.yml"), str(source / "b.yaml")]


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([], "at least one file"),
        ([entry(content="x")], "'' cannot be the name"),
        ([entry(name="../x.yaml", content="x")], "cannot be the name"),
        ([entry(name=".x.yaml", content="x")], "cannot be the name"),
        ([entry(name="x.txt", content="x")], "cannot be the name"),
        ([entry(name="x.yaml")], "x.yaml needs content or src"),
        ([entry(name="x.yaml", content="a"), entry(name="x.yaml", content="b")], "two files have the name x.yaml"),
        ([entry(src="/nonexistent.yaml")], "cannot be read"),
    ],
)
def test_what_cannot_be_used(entries: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(RulesTaskError, match=says):
        given_files(entries, paths=False)


def test_folders_that_do_not_fit(source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(RulesTaskError, match="several files"):
        given_files([entry(name="x.yaml", src=str(source))], paths=False)
    with pytest.raises(RulesTaskError, match="holds no file"):
        given_files([entry(src=str(tmp_path_factory.mktemp("empty")))], paths=False)


def test_names() -> None:
    assert given_names([entry(name="x.yaml"), entry(src="/a/y.yml")]) == ["x.yaml", "y.yml"]
    with pytest.raises(RulesTaskError):
        given_names([entry()])
