# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issues as findings of an audit."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.finding import summarize
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules import issue as codes
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.findings import (
    WANTED,
    findings_of,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import Issue, Place


def issue(code: str, severity: str = "warning", item: str = "rule: x", line: int = 1) -> Issue:
    return Issue(code, severity, Place("a.yaml", line, 1), item, "wrong")


def test_each_warning_belongs_to_one_thing_that_is_wanted() -> None:
    warnings = {value for name, value in vars(codes).items() if name.isupper() and "_ERR_" not in value}
    for code in warnings:
        assert sum(code in wanted.codes for wanted in WANTED) == 1, code


def test_a_finding_for_each_item_and_thing() -> None:
    found = findings_of(
        [
            issue(codes.COMPILE_CONDITION, "error"),
            issue(codes.COMPILE_OUTPUT, "error", line=2),
            issue(codes.NO_EVTTYPE),
            issue(codes.UNUSED_LIST, item="list: l"),
        ],
        "node-1",
    )
    assert [(each["control"], each["subject"]["name"]) for each in found] == [
        ("falco.rule.valid", "a.yaml rule: x"),
        ("falco.rule.cost", "a.yaml rule: x"),
        ("falco.rule.unused", "a.yaml list: l"),
    ]
    assert len(found[0]["evidence"]) == 2
    assert found[0]["target"] == "node-1"
    assert summarize(found)["severity"]["critical"] == 1


def test_a_finding_is_the_same_when_lines_move() -> None:
    first, second = (findings_of([issue(codes.NO_EVTTYPE, line=line)], "t")[0] for line in (1, 9))
    assert first["fingerprint"] == second["fingerprint"]
