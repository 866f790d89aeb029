# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown is short, and nothing that an audited system is called becomes markup."""

from __future__ import annotations

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import waiver_from
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.markdown import render
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, audit, finding, fleet, previous, report


def test_it_tells_counts_remediation_and_reference() -> None:
    text = render(report(audit("web1", finding(), passes=3)))
    assert "| web1 | 1 | 0 | 0 | 0 | 0 | 0 | 0 | 0 | 75 % |" in text
    assert "### critical: A container must not be privileged" in text
    assert "`docker.container.privileged` (cis-docker 1.8.0 5.5)" in text
    assert "- web1, container app: Expected false; found true." in text


@pytest.mark.parametrize(
    "name", ["a|b", "<script>x</script>", "[link](https://e.example)", "*b*", "`c`", "a\n# title", "@team", "![i](x)"]
)
def test_names_stay_names(name: str) -> None:
    text = render(report(audit("web1", finding(name=name, actual=name))))
    lines = [line for line in text.splitlines() if "container " in line]
    assert lines
    for line in lines:
        plain = line.replace("\\\\", "").split("container ", 1)[1]
        for mark in "|<>[]*`#@":
            assert plain.count(mark) == plain.count(f"\\{mark}"), line


def test_changes_and_waivers_are_listed() -> None:
    row = {"id": "agent", "control": "docker.none", "owner": "Ops", "reason": "Old.", "expires": "2030-04-01"}
    before = report(audit("web1", finding()))
    text = render(
        report(audit("web1", finding(name="b")), previous=previous(before), waivers=[waiver_from(row, "w:1")])
    )
    assert "2 new, 0 regressed, 1 resolved" in text
    assert "| resolved | critical | web1 | container app |" in text
    assert "| expired | agent | Ops | 2030-04-01 | 0 | Old. |" in text


def test_the_gate_is_told_only_when_there_is_one() -> None:
    assert "Gate" not in render(report(audit("web1", finding())))
    assert "**Gate open.**" in render(report(audit("web1"), gate=Gate(fail_on=("critical",))))
    assert "**Gate closed:** 1 critical failing" in render(report(audit("web1", finding()), gate=Gate(("critical",))))


def test_a_fleet_fits_into_a_job_summary() -> None:
    text = render(report(*fleet(120, 70)))
    assert len(text.encode()) < 1024 * 1024
    assert "… and 20 more." in text


def test_errors_have_a_reason() -> None:
    text = render(report(audit("web1", finding(status="error", reason="no | permission")), audit("w2", reason="down")))
    assert "no \\| permission" in text
    assert "not audited" in text
    assert PRIVILEGED not in text.split("## Not evaluated", maxsplit=1)[0]
