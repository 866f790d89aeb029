# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole files, in the order in which Falco loads them; and the rules of the Falco project where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.check import check_rules
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.engine import Engine
from tests.unit.plugins.module_utils.falco.rules.rule_cases import check, rule

# A checkout of github.com/falcosecurity/rules, of falcosecurity/plugins, or a folder that holds both.
_UPSTREAM = os.environ.get("BULKHEAD_FALCO_RULES")
# What is no longer kept, is to be refused, or is for an attempt.
_ASIDE = {"archive", "build", "hack", "testdata"}
_MACRO = "- macro: opening\n  condition: evt.type = open\n"


def test_files_are_loaded_in_their_order() -> None:
    files = [("a.yaml", _MACRO), ("b.yaml", rule("opening"))]
    assert check_rules(files).issues == ()
    assert check_rules(list(reversed(files))).valid
    late = [("a.yaml", "- macro: x\n  condition: opening\n"), ("b.yaml", _MACRO)]
    assert not check_rules(late).valid


def test_issues_are_in_the_order_of_files_and_lines() -> None:
    found = check_rules([("b.yaml", rule("x") + rule("y", name="two")), ("a.yaml", rule("z", name="three"))])
    assert [(issue.place.file, issue.place.line) for issue in found.issues] == [
        ("b.yaml", 1),
        ("b.yaml", 2),
        ("a.yaml", 1),
    ]


def test_a_verdict_counts() -> None:
    found = check(_MACRO, rule("opening"), "- list: l\n  items: []\n")
    assert (found.macros, found.lists, len(found.rules)) == (1, 1, 1)
    assert found.valid
    assert [issue.code for issue in found.warnings] == ["LOAD_UNUSED_LIST"]
    assert found.rules[0].as_dict() == {
        "name": "one",
        "file": "rules.yaml",
        "source": "syscall",
        "priority": "info",
        "enabled": True,
        "tags": [],
        "cost": "low",
        "cost_reason": "few events, plain comparisons",
        "event_types": ["open"],
    }


if _UPSTREAM:

    def _upstream(folder: str) -> list[Path]:
        files = sorted(Path(folder).rglob("*rules*.yaml"))
        return [file for file in files if "- rule:" in file.read_text() and not _ASIDE & set(file.parts)]

    @pytest.mark.parametrize("file", _upstream(_UPSTREAM), ids=str)
    def test_the_rules_of_the_falco_project_are_valid(file: Path) -> None:
        # Rules for GKE are loaded behind the common ones.
        before = [file.with_name("k8s_audit_rules.yaml")] if file.name == "k8s_audit_rules_gke.yaml" else []
        found = check_rules([(each.name, each.read_text()) for each in (*before, file)], Engine("0.43"))
        assert [str(issue) for issue in found.errors] == []
        assert found.rules
