# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SARIF 2.1.0."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown


def result(**changed: Any) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": 7}}}
    return {"ruleId": "X1", "level": "error", "message": {"text": "It is bad"}, "locations": [place], **changed}


def log(*results: dict[str, Any], **changed: Any) -> dict[str, Any]:
    rules = [
        {"id": "X0", "shortDescription": {"text": "Zero"}},
        {
            "id": "X1",
            "shortDescription": {"text": "No bad things"},
            "help": {"text": "Do good things"},
            "defaultConfiguration": {"level": "note"},
            "properties": changed.pop("properties", {}),
        },
    ]
    driver = {"name": "Some Tool", "semanticVersion": "1.2.3", "rules": rules}
    run = {"results": list(results), "tool": {"driver": driver}, **changed}
    return {"$schema": "https://example.com/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}


def test_a_result_is_a_finding(tmp_path: Path) -> None:
    told = imported(tmp_path, log(result(), invocations=[{"endTimeUtc": "2026-01-31T12:00:00Z"}]), target="shop")
    ((control, status, severity, subject),) = shown(told)
    assert (control, status, severity) == ("sarif.some_tool.X1", "fail", "high")
    assert subject.startswith("file/src/a.py/")
    finding = told["findings"][0]
    assert (finding["subject"]["file"], finding["subject"]["line"]) == ("src/a.py", "7")
    assert (finding["title"], finding["actual"]) == ("No bad things", "It is bad")
    assert (told["tool"], told["version"], told["collected_at"]) == ("Some Tool", "1.2.3", "2026-01-31T12:00:00Z")
    assert told["controls"] == ["sarif.some_tool.*", "sarif.some_tool.X1"]


@pytest.mark.parametrize(
    ("changed", "properties", "severity"),
    [
        ({"level": None}, {}, "low"),
        ({"level": "warning"}, {}, "medium"),
        ({"level": "none"}, {}, "info"),
        ({}, {"security-severity": "9.1"}, "critical"),
        ({"properties": {"security-severity": "0.0"}}, {"security-severity": "9.1"}, "info"),
    ],
)
def test_severities(tmp_path: Path, changed: Any, properties: Any, severity: str) -> None:
    told = imported(tmp_path, log(result(**changed), properties=properties), target="shop")
    assert told["findings"][0]["severity"] == severity


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"kind": "pass"}, "pass"),
        ({"kind": "review"}, "manual"),
        ({"kind": "notApplicable"}, "not_applicable"),
        ({"kind": ["?"]}, "fail"),
        ({"baselineState": "absent"}, "pass"),
        ({"suppressions": [{"kind": "inSource"}]}, "not_applicable"),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, "fail"),
        ({"suppressions": []}, "fail"),
    ],
)
def test_statuses(tmp_path: Path, changed: Any, status: str) -> None:
    told = imported(tmp_path, log(result(**changed)), target="shop", include_passes=True)
    assert told["findings"][0]["status"] == status


def test_a_rule_may_be_named_by_its_number(tmp_path: Path) -> None:
    told = imported(tmp_path, log(result(ruleId=None, ruleIndex=0)), target="shop")
    assert shown(told)[0][0] == "sarif.some_tool.X0"


@pytest.mark.parametrize("index", [None, -1, 2, "0", True])
def test_a_result_may_name_no_rule(tmp_path: Path, index: Any) -> None:
    told = imported(tmp_path, log(result(ruleId=None, ruleIndex=index)), target="shop")
    assert shown(told)[0][:3] == ("sarif.some_tool.unnamed", "fail", "high")


def test_what_is_stable_for_the_tool_identifies_a_result(tmp_path: Path) -> None:
    mark = {"partialFingerprints": {"primaryLocationLineHash": "39fa2ee980eb94b0:1"}}
    one, other = (
        imported(tmp_path, log(result(message={"text": text}, **mark)), target="shop")["findings"][0]
        for text in ("At line 7", "At line 8")
    )
    assert one["fingerprint"] == other["fingerprint"]


def test_a_line_does_not(tmp_path: Path) -> None:
    moved = result()
    moved["locations"][0]["physicalLocation"]["region"]["startLine"] = 9
    told = imported(tmp_path, log(result(), moved, result(message={"text": "Another"})), target="shop")
    assert (len(told["findings"]), told["left_out"]) == (2, {"repeated": 1})


def test_a_place_that_is_no_file(tmp_path: Path) -> None:
    place = {"logicalLocations": [{"fullyQualifiedName": "shop/web"}]}
    assert shown(imported(tmp_path, log(result(locations=[place])), target="x"))[0][3].startswith("artifact/shop/web/")


def test_another_version_is_none_that_is_read(tmp_path: Path) -> None:
    with pytest.raises(ImportFault, match="is none of anchore_vulnerabilities"):
        imported(tmp_path, {**log(), "version": "2.0.0"}, target="shop")
