# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the folder is said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.folder import RulesFolder
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.placement import Placement


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rules.d"
    path.mkdir()
    (path / "b.yaml").write_text("b")
    return path


def placement(path: Path, *, exclusive: bool = False) -> Placement:
    return Placement(RulesFolder(str(path)), exclusive=exclusive)


def test_files_that_stay_are_loaded_too(path: Path) -> None:
    given = {"c.yaml": "c", "a.yaml": "a"}
    assert placement(path).load_order(given) == [("a.yaml", "a"), (str(path / "b.yaml"), "b"), ("c.yaml", "c")]
    assert placement(path, exclusive=True).load_order(given) == [("a.yaml", "a"), ("c.yaml", "c")]
    assert placement(path).load_order({"b.yaml": "new"}) == [("b.yaml", "new")]


@pytest.mark.parametrize("check", [True, False])
def test_installing(path: Path, check: bool) -> None:
    result = placement(path, exclusive=True).install({"a.yaml": "a"}, check=check)
    assert result["changed"]
    assert [(Path(file["path"]).name, file["action"]) for file in result["files"]] == [
        ("a.yaml", "created"),
        ("b.yaml", "removed"),
    ]
    assert [(each["before"], each["after"]) for each in result["diff"]] == [("", "a"), ("b", "")]
    assert sorted(file.name for file in path.iterdir()) == (["b.yaml"] if check else ["a.yaml"])
    assert Path(result["previous"]).exists() != check


def test_what_is_as_it_should_be_is_left(path: Path) -> None:
    result = placement(path).install({"b.yaml": "b"}, check=False)
    assert (result["changed"], result["files"], result["previous"]) == (False, [], "")


def test_removing(path: Path) -> None:
    assert placement(path).remove(["b.yaml", "x.yaml"], check=False)["files"][0]["action"] == "removed"
    assert not placement(path).remove(["b.yaml"], check=False)["changed"]
