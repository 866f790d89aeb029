# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML is well-formed whatever an audited system is called, and its numbers agree."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import waiver_from
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.junit import render
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, audit, finding, fleet, report


def parsed(one: Report) -> ElementTree.Element:
    return ElementTree.fromstring(render(one).encode())


def test_a_target_is_a_suite_even_without_findings() -> None:
    suites = parsed(report(audit("web1", finding()), audit("clean")))
    assert [(suite.get("name"), suite.get("tests")) for suite in suites] == [("clean", "0"), ("web1", "1")]


def test_statuses_become_what_ci_knows() -> None:
    rows = [finding(name=s, status=s) for s in ("fail", "pass", "manual", "not_applicable", "error")]
    rows.append(finding("docker.waived"))
    waiver = {"id": "a", "control": "docker.waived", "owner": "Ops", "reason": "Needed.", "expires": "2030-12-31"}
    (suite,) = parsed(report(audit("web1", *rows, controls=["docker.waived"]), waivers=[waiver_from(waiver, "w:1")]))
    outcomes = {
        case.get("name", "").split("[container ")[1].rstrip("]"): [child.tag for child in case] for case in suite
    }
    assert outcomes == {
        "fail": ["failure"],
        "error": ["error"],
        "app": ["skipped"],
        "manual": ["skipped"],
        "not_applicable": ["skipped"],
        "pass": [],
    }
    skipped = suite.find("testcase[@classname='docker.waived']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "Waived by Ops until 2030-12-31: Needed."


def test_counts_agree_with_the_cases() -> None:
    root = parsed(report(*fleet(3, 70)))
    for node in (root, *root):
        for count, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(node.get(count, "-1")) == len(list(node.iter(tag))), (node.get("name"), count)


@pytest.mark.parametrize("text", ["\x00\x1b[31m\x08", "\ufffe\ud800", "<b>&amp;\"'</b>", "]]>", "a\nb\tc\r", "é😀"])
def test_no_text_breaks_the_xml(text: str) -> None:
    odd = finding(name=text, target=f"web{text}", title=text, actual=text, evidence=text, remediation=text)
    root = parsed(report(audit(f"web{text}", odd)))
    failure = root.find(".//failure")
    assert failure is not None
    kept = "".join(char if char.isprintable() or char in "\t\n\r" else "\ufffd" for char in text)
    if "\ufffe" not in text:
        assert kept in failure.get("message", "").replace("\x00", "")


def test_a_failure_says_what_to_do() -> None:
    failure = parsed(report(audit("web1", finding()))).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "critical"
    assert "Remediation: Start it without --privileged." in str(failure.text)
    assert "References: cis-docker 1.8.0 5.5" in str(failure.text)
    assert PRIVILEGED not in str(failure.text)
