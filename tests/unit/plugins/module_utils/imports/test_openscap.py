# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenSCAP writes. That it really writes this, tests/e2e/test_findings_import.py shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.imports.errors import ImportFault
from tests.unit.plugins.module_utils.imports.report_files import imported, shown

RULE = "xccdf_org.example_rule_present"


def benchmark(*results: str, rules: str = "", target: str = "<target>web1</target>") -> str:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Benchmark xmlns="http://checklists.nist.gov/xccdf/1.2" id="xccdf_org.example_benchmark_files">
 <Group id="g"><title>A group</title>
  <Rule id="{RULE}" severity="high"><title>The <b>file</b> is there</title>
   <ident system="https://ncp.nist.gov/cce">CCE-1-1</ident><fixtext>Bring it.</fixtext></Rule>{rules}
 </Group>
 <TestResult id="t" start-time="2026-01-31T11:59:00Z" end-time="2026-01-31T12:00:00Z" version="1.0"
             test-system="cpe:/a:redhat:openscap:1.3.7">
  <benchmark href="xccdf.xml" id="xccdf_org.example_benchmark_files"/>{target}
  {"".join(results)}
 </TestResult>
</Benchmark>"""


def result(told: str, rule: str = RULE, more: str = "") -> str:
    return f'<rule-result idref="{rule}"><result>{told}</result>{more}</rule-result>'


def test_a_rule_is_a_finding_of_the_host(tmp_path: Path) -> None:
    told = imported(tmp_path, benchmark(result("fail")), "results.xml")
    assert shown(told) == [("openscap.present", "fail", "high", "host/web1")]
    finding = told["findings"][0]
    assert (finding["title"], finding["remediation"]) == ("The file is there", "Bring it.")
    reference = {"benchmark": "xccdf_org.example_benchmark_files", "version": "1.0", "id": RULE}
    assert finding["references"] == [reference]
    assert finding["evidence"]["idents"] == ["CCE-1-1"]
    assert (told["version"], told["collected_at"]) == ("1.3.7", "2026-01-31T12:00:00Z")


@pytest.mark.parametrize(
    ("result_told", "status"),
    [
        ("pass", "pass"),
        ("fixed", "pass"),
        ("error", "error"),
        ("unknown", "error"),
        ("notapplicable", "not_applicable"),
        ("notchecked", "manual"),
        ("informational", "not_applicable"),
    ],
)
def test_what_is_no_failure_is_called_none(tmp_path: Path, result_told: str, status: str) -> None:
    told = imported(tmp_path, benchmark(result(result_told)), "results.xml", include_passes=True)
    assert told["findings"][0]["status"] == status
    assert bool(told["findings"][0]["reason"]) is (status != "pass")


def test_what_was_not_selected_was_not_looked_at(tmp_path: Path) -> None:
    told = imported(tmp_path, benchmark(result("notselected")), "results.xml")
    assert (told["findings"], told["controls"]) == ([], [])


def test_instances_of_a_rule_are_told_apart(tmp_path: Path) -> None:
    rows = [result("fail", more=f"<instance>{name}</instance>") for name in ("sda", "sdb")]
    told = imported(tmp_path, benchmark(*rows), "results.xml")
    assert [row[3] for row in shown(told)] == ["host/web1/sda", "host/web1/sdb"]


def test_the_user_names_the_host_otherwise(tmp_path: Path) -> None:
    assert imported(tmp_path, benchmark(result("fail")), "r.xml", target="inventory")["target"] == "inventory"
    with pytest.raises(ImportFault, match="give target"):
        imported(tmp_path, benchmark(result("fail"), target=""), "r.xml")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (benchmark(result("maybe")), "the result 'maybe' of rule"),
        (benchmark(result("fail"))[:-200], "it is not XML"),
        ("<Benchmark/>", "holds rules, but no TestResult"),
        ("<html/>", "is none of anchore_vulnerabilities"),
        ("<", "it is not XML"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ImportFault) as caught:
        imported(tmp_path, text, "r.xml")
    assert told in str(caught.value)


def oval(*results: str) -> str:
    kinds = ("compliance", "vulnerability", "patch", "inventory")
    defined = "".join(
        f'<definition id="oval:x:def:{kind}" class="{kind}"><metadata><title>{kind}</title></metadata></definition>'
        for kind in kinds
    )
    return f"""<oval_results xmlns="http://oval.mitre.org/XMLSchema/oval-results-5">
 <generator><product_version>1.3.7</product_version><timestamp>2026-01-31T12:00:00</timestamp></generator>
 <oval_definitions><generator><timestamp>2020-01-01T00:00:00</timestamp></generator>{defined}</oval_definitions>
 <results><system><definitions>{"".join(results)}</definitions></system></results></oval_results>"""


@pytest.mark.parametrize(
    ("kind", "told", "status"),
    [
        ("compliance", "true", "pass"),
        ("compliance", "false", "fail"),
        ("vulnerability", "true", "fail"),
        ("patch", "false", "pass"),
        ("compliance", "not applicable", "not_applicable"),
        ("compliance", "not evaluated", "error"),
        ("inventory", "false", None),
    ],
)
def test_a_definition_means_what_its_class_says(tmp_path: Path, kind: str, told: str, status: str | None) -> None:
    row = f'<definition definition_id="oval:x:def:{kind}" result="{told}"/>'
    result = imported(tmp_path, oval(row), "oval.xml", target="web1", include_passes=True)
    assert [row[1] for row in shown(result)] == ([status] if status else [])
    assert result["collected_at"] == "2026-01-31T12:00:00Z"
