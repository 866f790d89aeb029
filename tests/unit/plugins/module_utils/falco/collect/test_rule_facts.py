# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared, installed and loaded of rules."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.collect.rule_facts import (
    item_changes,
    rule_subjects,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError

LIST = "- list: shells\n  items: [sh]\n"
RULE = (
    "- rule: Shell\n  desc: d\n  condition: evt.type = execve and proc.name in (shells)\n"
    "  output: o\n  priority: NOTICE\n"
)


def test_each_file_is_compared_with_its_declaration(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LIST)
    (tmp_path / "b.yaml").write_text(RULE)
    (tmp_path / "notes.txt").write_text("x")
    loaded = {"a.yaml": hashlib.sha256(LIST.encode()).hexdigest(), "b.yaml": "0" * 64}
    found = rule_subjects([str(tmp_path)], {"a.yaml": LIST, "c.yaml": RULE}, [loaded])
    a, b, c = found
    assert (a["same"], a["declared"], a["loaded"], a["faults"]) == (True, True, True, [])
    assert (b["same"], b["declared"], b["loaded"]) == (None, False, False)
    assert (c["same"], c["installed"], c["loaded"]) == (False, False, None)
    assert rule_subjects([str(tmp_path / "a.yaml")], None, [])[0]["declared"] is None


def test_files_are_checked_together(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("- macro: m\n  condition: evt.type=execve\n")
    (tmp_path / "b.yaml").write_text(RULE.replace("proc.name in (shells)", "n"))
    [_a, b] = rule_subjects([str(tmp_path)], None, [])
    assert len(b["faults"]) == 1
    assert b["faults"][0].startswith("line 3: ")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FalcoError, match=r"rules_paths: .*nothing\.yaml cannot be read: No such file"):
        rule_subjects([str(tmp_path / "nothing.yaml")], None, [])


@pytest.mark.parametrize(
    ("installed", "changes"),
    [
        (LIST + RULE, []),
        (RULE + LIST, []),
        (LIST + RULE.replace("NOTICE", "DEBUG"), ["rule Shell differs"]),
        (RULE, ["list shells is missing"]),
        (LIST + RULE + "- rule: Shell\n  enabled: false\n", ["rule Shell (again) is not declared"]),
        ("{", ["one of both is no YAML"]),
        ("x: 1", ["list shells is missing", "rule Shell is missing"]),
    ],
)
def test_changes_are_told_by_item(installed: str, changes: list[str]) -> None:
    assert item_changes(LIST + RULE, installed) == changes
