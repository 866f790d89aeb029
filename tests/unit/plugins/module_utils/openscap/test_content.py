# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which content is meant, and how oscap is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.content import declared
from ansible_collections.bulkhead.container_security.plugins.module_utils.openscap.errors import OpenscapError

PROFILES = "xccdf_org.a_profile_low:Low\nxccdf_org.a_profile_high:High\nxccdf_org.b_profile_high:High, too\n"


def oscap(arguments: Sequence[str]) -> str:
    assert arguments[:2] == ["info", "--profiles"]
    return PROFILES


@pytest.fixture
def row(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "ssg-debian11-ds.xml").write_text("")
    return {"path": str(tmp_path / "ssg-debian11-ds.xml"), "rules": [], "skip_rules": []}


@pytest.mark.parametrize("name", ["low", "xccdf_org.a_profile_low"])
def test_a_profile_is_found_by_its_short_name(row: dict[str, Any], name: str) -> None:
    content = declared({**row, "profile": name, "skip_rules": ["r1"]}, oscap)
    assert content.name == "ssg-debian11"
    assert content.arguments(lambda path: f"/there/{Path(path).name}") == [
        "--profile",
        "xccdf_org.a_profile_low",
        "--skip-rule",
        "r1",
        "/there/ssg-debian11-ds.xml",
    ]


@pytest.mark.parametrize("name", ["high", "none"])
def test_a_profile_that_is_none_or_two_is_refused(row: dict[str, Any], name: str) -> None:
    with pytest.raises(OpenscapError, match=f"has no profile {name}, it has low, high, high"):
        declared({**row, "profile": name}, oscap)


def test_the_profile_of_a_tailoring_is_left_to_oscap(row: dict[str, Any], tmp_path: Path) -> None:
    tailoring = tmp_path / "own" / "site.xml"
    tailoring.parent.mkdir()
    tailoring.write_text("")
    content = declared({**row, "profile": "site", "tailoring_file": str(tailoring)}, oscap)
    assert content.profile == "site"
    assert content.folders == sorted([str(tmp_path), str(tailoring.parent)])


def test_what_is_not_there_is_told_with_what_there_is(row: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(OpenscapError, match=r"no file on this host; the folder has ssg-debian11-ds\.xml"):
        declared({**row, "path": str(tmp_path / "ssg-debian12-ds.xml")}, oscap)
