# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets by name, verified; what needs an engine is proved on a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics import seal
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.collection import verified
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.errors import ForensicsError
from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.evidence_folder import (
    EvidenceFolder,
)


def sealed(root: Path, name: str) -> str:
    folder = EvidenceFolder(str(root), name)
    folder.write("f", [name.encode()])
    digest = seal.seal(folder, {"case": "INC-1"}, {"time": "2026-01-01T00:00:00Z"})
    folder.finish()
    return digest


def test_all_sets_or_those_that_are_named(tmp_path: Path) -> None:
    first, second = sealed(tmp_path, "a"), sealed(tmp_path, "b")
    (tmp_path / ".c.partial-x").mkdir()
    (tmp_path / "a.tar.gz").touch()
    rows = list(verified(str(tmp_path), [], {}))
    assert [(row["manifest_sha256"], row["problems"]) for row in rows] == [(first, []), (second, [])]
    (row,) = verified(str(tmp_path), [f"{tmp_path}/b/"], {"b": first})
    assert "was kept of it" in row["problems"][0]


def test_a_set_that_is_expected_and_gone_is_a_problem(tmp_path: Path) -> None:
    (row,) = verified(str(tmp_path), [], {"gone": "0" * 64})
    assert "gone/manifest.json is no manifest" in row["problems"][0]


def test_a_name_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    sealed(tmp_path / "elsewhere", "set")
    (tmp_path / "root").mkdir()
    (row,) = verified(str(tmp_path / "root"), ["../elsewhere/set"], {})
    assert row["path"] == str(tmp_path / "root" / "set")
    assert row["problems"]


def test_nothing_is_not_verified(tmp_path: Path) -> None:
    with pytest.raises(ForensicsError, match="holds no evidence"):
        list(verified(str(tmp_path), [], {}))
    with pytest.raises(ForensicsError, match="cannot be read"):
        list(verified(str(tmp_path / "none"), [], {}))
