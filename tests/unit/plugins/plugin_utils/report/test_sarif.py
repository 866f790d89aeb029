# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SARIF holds what code scanning needs, by the rules of SARIF 2.1.0."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.waiver import waiver_from
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.assembly import Report
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.sarif import render
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, audit, finding, previous, report


def run(one: Report) -> dict[str, Any]:
    document = json.loads(render(one))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    (only,) = document["runs"]
    assert isinstance(only, dict)
    return only


def results(one: Report) -> list[dict[str, Any]]:
    return list(run(one)["results"])


def test_an_empty_report_is_a_run_without_results() -> None:
    assert results(report()) == []


def test_a_result_points_to_its_rule() -> None:
    one = run(report(audit("web1", finding(), finding("docker.other", severity="medium"))))
    rules = one["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [PRIVILEGED, "docker.other"]
    for result in one["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in one["results"]] == ["error", "warning"]
    assert rules[0]["properties"]["security-severity"] == "9.5"
    assert rules[0]["properties"]["tags"] == ["security", "cis-docker"]


def test_only_problems_are_results() -> None:
    rows = [finding(name=status, status=status) for status in ("fail", "pass", "manual", "not_applicable", "error")]
    one = run(report(audit("web1", *rows)))
    assert [(result["kind"], result["level"]) for result in one["results"]] == [("fail", "error"), ("review", "none")]
    (notification,) = one["invocations"][0]["toolExecutionNotifications"]
    assert (notification["level"], notification["descriptor"]["id"]) == ("error", PRIVILEGED)


def test_a_finding_is_recognised_by_its_fingerprint() -> None:
    (result,) = results(report(audit("web1", finding())))
    assert result["partialFingerprints"] == {"bulkhead/v1": finding()["fingerprint"]}


def test_a_waiver_is_a_suppression() -> None:
    row = {"id": "a", "control": PRIVILEGED, "owner": "Ops", "reason": "Needed.", "expires": "2030-12-31"}
    waived = report(audit("web1", finding(), finding("x")), waivers=[waiver_from(row, "w.yml:1")])
    suppressed, open_one = sorted(results(waived), key=lambda result: -len(result["suppressions"]))
    assert suppressed["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "Needed. (Ops, until 2030-12-31)"}
    ]
    assert open_one["suppressions"] == []


def test_the_baseline_tells_what_changed() -> None:
    before = report(audit("web1", finding(), finding(name="gone")), audit("web2", finding(target="web2")))
    after = report(
        audit("web1", finding(), finding(name="fresh")), audit("web2", reason="down"), previous=previous(before)
    )
    states = {
        (result["properties"]["target"], result["locations"][0]["logicalLocations"][0]["name"]): result["baselineState"]
        for result in results(after)
    }
    assert states == {
        ("web1", "app"): "unchanged",
        ("web1", "fresh"): "new",
        ("web1", "gone"): "absent",
        # Nobody looked, so the alert stays open.
        ("web2", "app"): "unchanged",
    }


def test_without_a_previous_report_no_result_has_a_baseline() -> None:
    assert all("baselineState" not in result for result in results(report(audit("web1", finding()))))


def test_a_location_is_a_relative_reference_whatever_the_names() -> None:
    odd = finding(name="a b/../c?#é", target="web1")
    (result,) = results(report(audit("web1", odd)))
    location = result["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "web1/container/a%20b%2F..%2Fc%3F%23%C3%A9"
    assert location["physicalLocation"]["region"] == {"startLine": 1}


def test_the_message_says_where_and_what() -> None:
    (result,) = results(report(audit("web1", finding())))
    assert result["message"]["text"] == "web1, container app: Expected false; found true."


def test_a_subject_in_a_file_is_shown_at_its_line() -> None:
    subject = {"kind": "run", "name": "app/Dockerfile RUN 0a1b", "file": "app/my Dockerfile", "line": "12"}
    (result,) = results(report(audit("web1", finding(subject=subject))))
    (location,) = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "app/my%20Dockerfile"},
        "region": {"startLine": 12},
    }
    assert location["logicalLocations"] == [{"name": "app/Dockerfile RUN 0a1b", "kind": "run"}]
    assert result["message"]["text"].startswith("web1, run app/my Dockerfile:12: ")


def test_a_line_that_is_none_is_the_first() -> None:
    subject = {"kind": "run", "name": "a", "file": "Dockerfile", "line": "x"}
    (result,) = results(report(audit("web1", finding(subject=subject))))
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
