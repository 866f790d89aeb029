# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report brings everything together, and its numbers are right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.gate import Gate
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import Waiver, waiver_from
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import (
    by_target,
    collection_version,
    score,
)
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, audit, finding, previous, report


def waiver(**changes: str) -> Waiver:
    row = {"id": "a", "control": PRIVILEGED, "owner": "o", "reason": "r", "expires": "2030-12-31"}
    return waiver_from({**row, **changes}, "waivers.yml:2")


def test_passes_that_were_left_out_count() -> None:
    summary = report(audit("web1", finding(), passes=8), audit("web2", finding(status="pass", target="web2")))[
        "summary"
    ]
    assert summary["status"]["pass"] == 9
    assert summary["status"]["fail"] == 1
    assert summary["severity"]["critical"] == 1
    assert summary["score"] == 90.0


def test_neither_waived_nor_manual_nor_not_applicable_scores() -> None:
    others = [finding(name=status, status=status) for status in ("manual", "not_applicable", "error")]
    assert report(audit("web1", *others))["summary"]["score"] is None
    waived = report(audit("web1", finding(), passes=1), waivers=[waiver()])
    assert waived["summary"]["score"] == 100.0


def test_a_neglected_waiver_is_a_finding_but_lowers_no_score() -> None:
    neglected = report(audit("web1", passes=1), waivers=[waiver()])
    assert neglected["summary"]["score"] == 100.0
    assert [row["control"] for row in neglected["findings"]] == ["audit.waiver.unused"]
    assert neglected["waivers"][0]["state"] == "unused"


def test_an_expired_waiver_waives_nothing_and_is_reported() -> None:
    expired = report(audit("web1", finding()), waivers=[waiver(expires="2030-04-30")])
    assert [(row["control"], row["status"]) for row in expired["findings"]] == [
        (PRIVILEGED, "fail"),
        ("audit.waiver.expired", "fail"),
    ]
    assert expired["waivers"][0]["findings"] == 1


def test_a_mended_waiver_is_resolved() -> None:
    before = report(audit("web1", finding()), waivers=[waiver(expires="2030-04-30")])
    after = report(audit("web1", finding()), waivers=[waiver()], previous=previous(before))
    assert [row["control"] for row in after["resolved"]] == ["audit.waiver.expired"]
    assert [(row["status"], row["drift"]) for row in after["findings"]] == [("waived", "persisting")]


def test_a_host_that_is_down_is_an_error_and_keeps_its_findings_open() -> None:
    before = report(audit("web1", finding()), audit("web2", finding(target="web2")))
    after = report(audit("web1"), audit("web2", reason="down"), previous=previous(before))
    assert [(row["control"], row["status"], row["target"]) for row in after["findings"]] == [
        ("audit.host.reached", "error", "web2")
    ]
    assert [row["target"] for row in after["resolved"]] == ["web1"]
    assert [row["target"] for row in after["unchecked"]] == ["web2"]
    assert after["summary"]["not_audited"] == 1
    assert after["drift"] == {
        "since": "2030-05-01T12:00:00Z",
        "new": 0,
        "regressed": 0,
        "persisting": 0,
        "resolved": 1,
        "unchecked": 1,
    }


def test_a_selection_of_controls_resolves_nothing_else() -> None:
    before = report(audit("web1", finding(), finding("docker.other"), controls=[PRIVILEGED, "docker.other"]))
    after = report(audit("web1", controls=[PRIVILEGED]), previous=previous(before))
    assert [row["control"] for row in after["resolved"]] == [PRIVILEGED]
    assert [row["control"] for row in after["unchecked"]] == ["docker.other"]


def test_worst_come_first_and_the_order_does_not_depend_on_the_input() -> None:
    rows = [finding(name="b"), finding(name="a"), finding("x", severity="low"), finding("y", status="manual")]
    one = report(audit("web1", *rows))["findings"]
    assert [(row["control"], row["subject"]["name"]) for row in one] == [
        (PRIVILEGED, "a"),
        (PRIVILEGED, "b"),
        ("x", "app"),
        ("y", "app"),
    ]
    assert report(audit("web1", *reversed(rows)))["findings"] == one


def test_hosts_share_a_set_of_controls() -> None:
    both = report(audit("web1"), audit("web2"), audit("web3", controls=["other"]))
    keys = [row["controls"] for row in both["targets"]]
    assert keys[0] == keys[1] != keys[2]
    assert both["control_sets"][keys[0]] == [PRIVILEGED]


def test_the_gate_sees_waivers_and_drift() -> None:
    gate = Gate(fail_on=("critical",), fail_on_new=("critical",))
    assert report(audit("web1", finding()), gate=gate)["gate"]["failed"]
    assert not report(audit("web1", finding()), gate=gate, waivers=[waiver()])["gate"]["failed"]
    before = previous(report(audit("web1")))
    assert len(report(audit("web1", finding()), gate=gate, previous=before)["gate"]["reasons"]) == 2


@pytest.mark.parametrize(("passed", "failed", "expected"), [(0, 0, None), (0, 3, 0.0), (2, 1, 66.7), (5, 0, 100.0)])
def test_a_score_is_a_share_of_what_was_judged(passed: int, failed: int, expected: float | None) -> None:
    assert score({"pass": passed, "fail": failed}) == expected


def test_counts_by_target_include_hosts_without_findings() -> None:
    counts = by_target(report(audit("web1", finding(), passes=2), audit("clean", passes=4)))
    assert counts["web1"]["severity"]["critical"] == 1
    assert counts["web1"]["status"]["pass"] == 2
    assert counts["clean"]["status"] == {**dict.fromkeys(counts["clean"]["status"], 0), "pass": 4}


def test_the_version_is_that_of_the_collection() -> None:
    stated = re.search(r"^version: (\S+)$", (Path(__file__).parents[5] / "galaxy.yml").read_text(), re.MULTILINE)
    assert stated is not None
    assert collection_version() == stated.group(1)
