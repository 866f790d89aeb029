# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which roots are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.subjects import (
    Subject,
    container_roots,
    declared_roots,
)


class Running:
    """An engine with containers, whose roots are folders."""

    def __init__(self, **roots: str) -> None:
        self._roots = roots

    def get(self, path: str) -> Any:
        if path == "/containers/json":
            return [{"Id": name * 12, "Names": [f"/other/{name}", f"/{name}"]} for name in self._roots]
        root = self._roots[path.split("/")[2][0]]
        return {"GraphDriver": {"Name": "overlay2", "Data": {"MergedDir": root}} if root else None}


def found(selectors: list[str], **roots: str) -> list[Subject]:
    return container_roots(cast("Any", Running(**roots)), selectors)


def test_containers_are_found_by_name_id_and_pattern(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    root = str(tmp_path)
    for selectors in (["a"], ["a" * 12], ["[a]"], ["a", "a*"]):
        assert found(selectors, a=root, b=root) == [Subject("container", "a", root)]
    assert [subject.name for subject in found(["*"], b=root, a=root)] == ["a", "b"]


def test_a_container_without_a_root_on_the_host_is_told(tmp_path: Path) -> None:
    for root, says in (
        ("", "overlay2 is needed"),
        (str(tmp_path), "is empty"),
        ("/none", "cannot be looked into: No such file"),
    ):
        with pytest.raises(OpenscapError, match=says):
            found(["a"], a=root)
    with pytest.raises(OpenscapError, match="no running container is called b"):
        found(["b"], a=str(tmp_path))


def test_other_roots_are_called_as_they_are_named(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    rows: list[dict[str, Any]] = [{"path": str(tmp_path), "name": "disk"}, {"path": str(tmp_path), "name": None}]
    assert [subject.name for subject in declared_roots(rows)] == ["disk", str(tmp_path)]
