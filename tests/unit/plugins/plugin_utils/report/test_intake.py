# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever comes in becomes audits of one form, or is refused with its place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.errors import ReportError
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.report.intake import (
    from_document,
    from_findings,
    from_result,
    merged,
    normalised,
    not_audited,
    plain,
)
from tests.unit.plugins.plugin_utils.report.fleet import PRIVILEGED, audit, finding, report


class Tagged(str):
    """Text with something attached, as ansible-core has it."""

    __slots__ = ()


def result(**changes: Any) -> dict[str, Any]:
    fields = {
        "findings": [finding()],
        "controls": [PRIVILEGED, "docker.other"],
        "target": "web1",
        "collected_at": "2030-05-01T11:59:00Z",
        "versions": {"engine": "27.0"},
        "summary": {"status": {"pass": 7}},
    }
    return {**fields, **changes}


def test_plain_takes_off_what_is_attached() -> None:
    data = plain({Tagged("a"): [Tagged("b"), {"c": Tagged("d")}]})
    assert data == {"a": ["b", {"c": "d"}]}
    assert {key.__class__ for key in data} == {str}
    assert data["a"][0].__class__ is str
    assert data["a"][1]["c"].__class__ is str


def test_plain_leaves_plain_data_where_it_is() -> None:
    data = {"a": [1, 2.5, None, True, "b"]}
    assert plain(data) is data


def test_a_result_says_what_it_was_judged_by() -> None:
    (one,) = from_result(result(), "results", "")
    assert (one.target, one.controls) == ("web1", frozenset((PRIVILEGED, "docker.other")))
    assert (one.collected_at, one.passes, one.reason) == ("2030-05-01T11:59:00Z", 7, None)


def test_a_result_without_its_controls_covers_only_what_it_mentions() -> None:
    one = result()
    del one["controls"]
    assert from_result(one, "results", "")[0].controls == frozenset((PRIVILEGED,))


def test_listed_passes_are_not_counted_twice() -> None:
    one = result(findings=[finding(), finding(name="b", status="pass"), finding(name="c", status="pass")])
    assert from_result(one, "results", "")[0].passes == 5


def test_a_clean_result_is_an_audit_without_findings() -> None:
    (one,) = from_result(result(findings=[]), "results", "")
    assert (one.findings, one.reason, len(one.controls or ())) == ([], None, 2)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"failed": True, "msg": "The socket cannot be reached."}, "The socket cannot be reached."),
        ({"skipped": True, "skip_reason": "Conditional result was False"}, "The audit was skipped: Conditional"),
        ({"unreachable": True, "msg": "No route"}, "No route"),
        ({"changed": False}, "There is no result of an audit."),
        ({"failed": True, "findings": [], "msg": "half"}, "half"),
    ],
)
def test_a_result_that_is_none_has_a_reason(row: dict[str, Any], reason: str) -> None:
    (one,) = from_result(row, "results", "web1")
    assert one.target == "web1"
    assert (one.reason or "").startswith(reason)


def test_a_loop_gives_an_audit_an_item() -> None:
    loop = {"results": [result(), result(target="web2", findings=[finding(target="web2")])]}
    assert [one.target for one in from_result(loop, "results", "host")] == ["web1", "web2"]


@pytest.mark.parametrize("value", ["2030-05-01T11:59:00Z", "2030-05-01T13:59:00.123456+02:00", "2030-05-01T11:59:00"])
def test_times_have_one_form(value: str) -> None:
    assert from_result(result(collected_at=value), "r", "")[0].collected_at == "2030-05-01T11:59:00Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"control": ""}, "control is missing"),
        ({"control": 7}, "control is missing or no text"),
        ({"target": None}, "target is missing"),
        ({"status": "failed"}, "status 'failed' is none of"),
        ({"severity": "urgent"}, "severity 'urgent' is none of"),
        ({"subject": "web"}, "subject must be a dictionary"),
        ({"subject": {"name": "web"}}, "subject must be a dictionary with kind"),
        ({"references": {}}, "references must be a list"),
        ({"references": ["cis 5.5"]}, "references must be a list of dictionaries"),
        (
            {"references": [{"benchmark": "cis", "version": 1, "id": "5.5"}]},
            "references must be a list of dictionaries",
        ),
        ({"expected": "nothing"}, "expected must be a dictionary"),
        ({"reason": {"a": 1}}, "reason must be text"),
        ({"fingerprint": 5}, "fingerprint must be text"),
    ],
)
def test_what_is_no_finding_is_refused_with_its_place(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ReportError, match=f"^findings, finding 2: {message}"):
        from_findings([finding(), finding(**change)], "findings")


@pytest.mark.parametrize("rows", ["text", {"a": 1}, None])
def test_findings_are_a_list(rows: Any) -> None:
    with pytest.raises(ReportError, match="findings must be a list"):
        from_findings(rows, "findings")


def test_a_short_finding_gets_every_field() -> None:
    short = {"control": "x", "status": "fail", "severity": "low", "target": "h", "subject": {"kind": "image"}}
    assert set(normalised(short, "findings")) == set(finding())


def test_file_and_line_of_a_subject_are_kept() -> None:
    subject = {"kind": "run", "name": "a", "file": "a/Dockerfile", "line": 3, "more": "x"}
    assert normalised(finding(subject=subject), "x")["subject"] == {
        "kind": "run",
        "name": "a",
        "file": "a/Dockerfile",
        "line": "3",
    }


def test_judgements_of_an_earlier_report_are_not_taken_over() -> None:
    old = finding(status="waived", waiver={"id": "a"}, drift="new")
    assert {key: normalised(old, "x")[key] for key in ("status", "waiver", "drift")} == {
        "status": "fail",
        "waiver": None,
        "drift": None,
    }


def test_complete_findings_cover_every_control() -> None:
    assert from_findings([finding()], "findings", complete=True)[0].controls is None


def test_a_stored_report_comes_back_as_it_was() -> None:
    stored = report(audit("web1", finding(), passes=3), audit("web2", reason="down"))
    one, two = from_document(stored, "report.json")
    assert (one.target, one.passes, one.controls) == ("web1", 3, frozenset((PRIVILEGED,)))
    assert (two.target, two.reason, two.findings) == ("web2", "down", [])


def test_a_file_of_results_is_an_audit_each() -> None:
    rows = [{"target": name, "controls": ["x"], "findings": []} for name in ("web1", "web2")]
    assert [one.target for one in from_document({"kind": "any", "results": rows}, "findings.json")] == ["web1", "web2"]


def test_a_report_of_another_major_version_is_refused() -> None:
    with pytest.raises(ReportError, match=r"report\.json: its schema_version is 2\.0"):
        from_document({**report(), "schema_version": "2.0"}, "report.json")


@pytest.mark.parametrize(
    ("part", "value"), [("targets", [{}]), ("targets", None), ("findings", [7]), ("control_sets", {})]
)
def test_a_damaged_report_is_refused(part: str, value: Any) -> None:
    with pytest.raises(ReportError, match=r"^report\.json"):
        from_document({**report(audit("web1", finding())), part: value}, "report.json")


def test_a_target_reached_anywhere_was_reached() -> None:
    (one,) = merged([audit("web1", reason="down"), audit("web1", finding())])
    assert (one.reason, len(one.findings)) == (None, 1)
    (same,) = merged([audit("web1", finding()), audit("web1", reason="down")])
    assert same.reason is None


def test_two_audits_of_a_target_are_joined() -> None:
    docker = audit("web1", finding(), passes=2)
    other = audit("web1", finding("k8s.x"), controls=["k8s.x"], passes=3)
    (one,) = merged([docker, other])
    assert (one.controls, one.passes, len(one.findings)) == (frozenset((PRIVILEGED, "k8s.x")), 5, 2)


def test_of_twin_findings_the_worst_stays() -> None:
    (one,) = merged(
        [audit("web1", finding(status="pass")), audit("web1", finding()), audit("web1", finding(status="error"))]
    )
    assert [twin["status"] for twin in one.findings] == ["fail"]


def test_a_host_that_was_missed_is_an_error_of_high_severity() -> None:
    missed = not_audited(audit("web2", reason="The host is down."))
    assert (missed["status"], missed["control"], missed["reason"]) == (
        "error",
        "audit.host.reached",
        "The host is down.",
    )
    assert set(missed) == set(finding())
