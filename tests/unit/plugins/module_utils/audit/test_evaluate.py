# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every status that an evaluation can give, and that nothing is lost in silence."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control, ControlError
from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.evaluate import (
    compile_controls,
    compile_expression,
    evaluate,
)


def control(**changes: Any) -> Control:
    sound: dict[str, Any] = {
        "id": "docker.container.privileged",
        "title": "No container is privileged",
        "scope": "container",
        "severity": "critical",
        "remediation": "Drop --privileged.",
        "actual": "privileged",
        "expected": {"equals": False},
    }
    return Control(**{**sound, **changes})


def container(name: str, **facts: Any) -> dict[str, Any]:
    return {"subject": {"kind": "container", "name": name}, **facts}


def snapshot(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"subjects": {"container": list(containers)}, **more}


def statuses(state: dict[str, Any], one: Control, **how: Any) -> list[tuple[str, str]]:
    found = evaluate(state, [one], "host1", **how).findings
    return [(finding["subject"]["name"], finding["status"]) for finding in found]


def test_fail_and_pass() -> None:
    state = snapshot(container("bad", privileged=True), container("good", privileged=False))
    assert statuses(state, control(), include_passes=True) == [("bad", "fail"), ("good", "pass")]


def test_passes_are_counted_when_left_out() -> None:
    state = snapshot(container("bad", privileged=True), container("good", privileged=False))
    evaluation = evaluate(state, [control()], "host1")
    assert [finding["status"] for finding in evaluation.findings] == ["fail"]
    assert evaluation.summary["status"]["pass"] == 1
    assert evaluation.summary["severity"]["critical"] == 1


def test_a_finding_tells_what_was_expected_and_found() -> None:
    state = snapshot(container("bad", privileged=True, image="nginx:1"))
    [finding] = evaluate(state, [control(evidence="{image: image}")], "host1").findings
    assert (finding["expected"], finding["actual"], finding["evidence"]) == (
        {"equals": False},
        True,
        {"image": "nginx:1"},
    )
    assert finding["target"] == "host1"


def test_an_absent_fact_is_a_failure_not_a_pass() -> None:
    assert statuses(snapshot(container("odd")), control()) == [("odd", "fail")]


def test_no_subject_gives_one_not_applicable() -> None:
    assert statuses(snapshot(), control()) == [("", "not_applicable")]
    assert statuses({"subjects": {}}, control()) == [("", "not_applicable")]


def test_a_condition_leaves_subjects_out() -> None:
    state = snapshot(container("up", running=True, privileged=True), container("down", running=False, privileged=True))
    assert statuses(state, control(when="running")) == [("up", "fail")]
    [finding] = evaluate(state, [control(when="swarm", not_applicable="Swarm is off.")], "host1").findings
    assert (finding["status"], finding["reason"]) == ("not_applicable", "Swarm is off.")


def test_a_control_for_humans_is_manual_once() -> None:
    state = snapshot(container("a"), container("b"))
    assert statuses(state, control(manual="Ask.", actual="", expected=None)) == [("", "manual")]


def test_a_control_for_humans_with_a_when_applies_like_any_other() -> None:
    by_hand = control(manual="Ask.", actual="", expected=None, when="locked")
    assert statuses(snapshot(container("a", locked=True), container("b")), by_hand) == [("a", "manual")]
    assert statuses(snapshot(container("b")), by_hand) == [("", "not_applicable")]


def test_a_scope_that_could_not_be_read_is_an_error() -> None:
    state = snapshot(errors={"container": "permission denied"})
    [finding] = evaluate(state, [control()], "host1").findings
    assert (finding["status"], finding["reason"]) == ("error", "permission denied")


@pytest.mark.parametrize(
    "expression", ["privileged", "privileged.deep", "[privileged, other]", "contains(privileged, 'x')"]
)
def test_a_fact_that_could_not_be_read_is_an_error(expression: str) -> None:
    state = snapshot(container("odd", unknown={"privileged": "no permission"}))
    [finding] = evaluate(state, [control(actual=expression)], "host1").findings
    assert (finding["status"], finding["reason"]) == ("error", "privileged: no permission")


def test_a_condition_over_a_fact_that_could_not_be_read_is_an_error() -> None:
    state = snapshot(container("odd", privileged=False, unknown={"running": "gone"}))
    assert statuses(state, control(when="running")) == [("odd", "error")]


def test_an_unread_fact_that_the_control_does_not_need_is_no_matter() -> None:
    state = snapshot(container("good", privileged=False, unknown={"processes": "gone"}))
    assert statuses(state, control(), include_passes=True) == [("good", "pass")]


def test_an_expression_that_cannot_be_applied_is_an_error() -> None:
    state = snapshot(container("odd", privileged=5))
    [finding] = evaluate(state, [control(actual="length(privileged)")], "host1").findings
    assert finding["status"] == "error"


def test_the_fingerprint_is_of_names_alone() -> None:
    first = evaluate(snapshot(container("bad", privileged=True, id="1")), [control()], "host1").findings
    second = evaluate(snapshot(container("bad", privileged=True, id="2")), [control()], "host1").findings
    other = evaluate(snapshot(container("bad", privileged=True, id="1")), [control()], "host2").findings
    assert first[0]["fingerprint"] == second[0]["fingerprint"] != other[0]["fingerprint"]


def test_a_large_value_is_cut() -> None:
    state = snapshot(container("big", privileged=["x" * 100] * 1000))
    [finding] = evaluate(state, [control()], "host1").findings
    assert len(finding["actual"]) < 2100


@pytest.mark.parametrize(
    ("expression", "facts"),
    [
        ("a.b.c", {"a"}),
        ("a[?b == `1`].c | [0]", {"a"}),
        ("a && !b || c.d", {"a", "b", "c"}),
        ("{x: a.b, y: c[0].d}", {"a", "c"}),
        ("length(a[*].b)", {"a"}),
        ("a[].b", {"a"}),
        ("@.a", {"a"}),
        ("sort_by(a, &b)[0]", {"a", "b"}),
        ("a == 'b'", {"a"}),
    ],
)
def test_the_facts_that_an_expression_reads(expression: str, facts: set[str]) -> None:
    assert compile_expression(expression).facts == facts


def test_an_expression_that_is_not_jmespath_is_refused_with_its_control() -> None:
    with pytest.raises(ControlError, match=r"Control docker.container.privileged: 'a\[' is not JMESPath"):
        compile_controls([control(actual="a[")])


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nothing(a)", r"there is no function nothing\(\)"),
        ("a[?nothing(b)].c", r"there is no function nothing\(\)"),
        ("length(a, b)", r"length\(\) takes 1 arguments, not 2"),
        ("not_null()", r"not_null\(\) takes 1 or more arguments, not 0"),
    ],
)
def test_a_function_that_cannot_be_called(expression: str, message: str) -> None:
    with pytest.raises(ControlError, match=message):
        compile_controls([control(actual=expression)])
    compile_controls([control(actual="not_null(a, b, c)", when="length(a)")])
