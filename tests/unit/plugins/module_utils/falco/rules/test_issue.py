# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Issues and errors."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    UNUSED_LIST,
    YAML_PARSE,
    Issue,
    Place,
    Report,
    RulesError,
)

_PLACE = Place("a.yaml", 2, 3)


def test_an_issue_is_a_sentence_and_a_dictionary() -> None:
    issue = Issue("CODE", "error", _PLACE, "rule: x", "wrong", "do it right")
    assert str(issue) == "a.yaml:2:3: error CODE: rule: x: wrong (do it right)"
    assert issue.as_dict()["line"] == 2


def test_a_report_tells_a_thing_once() -> None:
    report = Report()
    for _time in range(2):
        report.warn(UNUSED_LIST, "x", _PLACE, "list: a")
        report.refuse(RulesError(YAML_PARSE, "y"), _PLACE, "file")
    assert [issue.severity for issue in report.issues] == ["warning", "error"]


def test_an_error_keeps_the_offset_that_it_has() -> None:
    error = RulesError(YAML_PARSE, "y", unknown=True)
    assert error.at(3).offset == 3
    assert error.at(3).at(5).offset == 3
    assert error.placed(_PLACE).place == _PLACE
    assert error.placed(_PLACE).unknown
