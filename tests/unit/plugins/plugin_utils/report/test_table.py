# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table fits a terminal, tells the worst first, and cannot steer it."""

from __future__ import annotations

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.table import printable, render
from tests.unit.plugins.plugin_utils.report.fleet import audit, finding, fleet, previous, report


def test_the_worst_host_and_the_worst_finding_come_first() -> None:
    lines = render(report(audit("a", finding(target="a", severity="low")), audit("b", finding(target="b"), passes=1)))
    assert lines[1].split()[:2] == ["host", "critical"]
    assert [line.split()[0] for line in lines[2:4]] == ["b", "a"]
    assert lines[2].endswith("50 %")
    assert [line.split()[0] for line in lines[-2:]] == ["critical", "low"]


def test_a_new_finding_stands_before_an_old_one_of_its_severity() -> None:
    before = report(audit("a", finding(target="a", name="a-old")))
    after = report(
        audit("a", finding(target="a", name="a-old"), finding(target="a", name="z-new")), previous=previous(before)
    )
    top = [line for line in render(after) if line.startswith("critical")]
    assert "z-new" in top[0]
    assert top[0].endswith("new")


def test_a_missed_host_is_not_taken_for_a_clean_one() -> None:
    line = next(line for line in render(report(audit("down", reason="x"))) if line.startswith("down"))
    assert line.endswith("not audited")
    assert " 0 " not in line


def test_it_stays_short_for_a_fleet() -> None:
    lines = render(report(*fleet(60, 60)))
    assert len(lines) < 45
    assert max(map(len, lines)) <= 140
    assert "… and 40 hosts more" in lines


def test_nothing_failing_is_said() -> None:
    assert "Nothing fails." in render(report(audit("a")))


def test_a_first_run_says_that_there_is_nothing_to_compare_with() -> None:
    assert "No earlier report to compare with: changes show from the next run on." in render(report(audit("a")))


def test_a_closed_gate_is_the_last_word() -> None:
    assert render(report(audit("a", finding()), gate=Gate(("critical",))))[-1] == (
        "Gate closed: 1 critical failing (fail_on: critical)."
    )


def test_names_cannot_steer_the_terminal() -> None:
    odd = finding(name="\x1b[2Jx\n\u202ey", target="web")
    assert all(line.isprintable() for line in render(report(audit("web", odd))))
    assert printable("a" * 50) == "a" * 31 + "…"


def test_silence_about_a_fleet_that_nobody_looked_at_is_no_good_news() -> None:
    text = render(report(audit("a", reason="it is gone")))
    assert "Nothing fails." not in text
    assert "Not audited: a: it is gone" in text
