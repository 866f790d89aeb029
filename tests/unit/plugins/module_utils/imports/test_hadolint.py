# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of hadolint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown


def problem(line: int = 1, code: str = "DL3006", **changed: Any) -> dict[str, Any]:
    row = {"code": code, "column": 1, "file": "Dockerfile", "level": "warning", "line": line, "message": "Pin it"}
    return {**row, **changed}


def test_a_rule_is_one_finding_of_a_file_with_its_lines(tmp_path: Path) -> None:
    told = imported(tmp_path, [problem(1), problem(7), problem(9, file="other/Dockerfile")], target="shop")
    assert shown(told) == [
        ("hadolint.DL3006", "fail", "medium", "dockerfile/Dockerfile"),
        ("hadolint.DL3006", "fail", "medium", "dockerfile/other/Dockerfile"),
    ]
    assert told["findings"][0]["actual"] == "line 1, 7"
    assert told["findings"][0]["subject"] == {
        "kind": "dockerfile",
        "name": "Dockerfile",
        "file": "Dockerfile",
        "line": "1",
    }


def test_a_line_that_moves_does_not_make_another_finding(tmp_path: Path) -> None:
    one, other = (imported(tmp_path, [problem(line)], target="shop")["findings"][0] for line in (1, 2))
    assert one["fingerprint"] == other["fingerprint"]


@pytest.mark.parametrize(
    ("level", "severity"), [("error", "high"), ("warning", "medium"), ("info", "info"), ("style", "info"), (3, "low")]
)
def test_severities(tmp_path: Path, level: Any, severity: str) -> None:
    assert imported(tmp_path, [problem(level=level)], target="shop")["findings"][0]["severity"] == severity


def test_problems_of_the_shell_are_explained_elsewhere(tmp_path: Path) -> None:
    told = imported(tmp_path, [problem(code="SC2086", file="-")], target="shop", artifact="Dockerfile")
    assert told["findings"][0]["remediation"] == "See https://www.shellcheck.net/wiki/SC2086"
    assert told["findings"][0]["subject"]["name"] == "Dockerfile"


def test_an_empty_list_is_of_hadolint_where_that_is_told(tmp_path: Path) -> None:
    assert imported(tmp_path, [], target="shop", format="hadolint")["findings"] == []
    with pytest.raises(ImportFault, match="could be anchore_evaluation and hadolint and kube_bench; give format"):
        imported(tmp_path, [], target="shop")
