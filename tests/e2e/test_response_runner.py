# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The response runner as a process, between a real NATS and servers that stand in for the rest."""

from __future__ import annotations

import json

import pytest

from tests.e2e.response_doubles import Double
from tests.e2e.response_stage import ResponseStage, alert


def test_a_pod_is_deleted_and_somebody_told_and_all_recorded(response: ResponseStage, outside: Double) -> None:
    response.start()
    response.publish([alert(1), alert(2)])
    response.await_finished()
    assert dict(outside.deleted) == {"web-1": 1, "web-2": 1}
    assert sorted(outside.told.values()) == [1, 1]
    [(subject, record), _other] = response.records()
    assert subject == "response.decision.acted.terminal_shell_in_container"
    assert (record["status"], record["response_rule"]) == ("acted", "shells")
    assert [step["step"] for step in record["steps"]] == ["delete_pod", "webhook"]
    assert [json.loads(line) for line in response.log_file.read_text().splitlines()] == [
        r for _s, r in response.records()
    ]
    assert response.stop() == 0


def test_the_protected_the_unmatched_and_the_same_again_are_left_alone(
    response: ResponseStage, outside: Double
) -> None:
    response.config["allowed_namespaces"] = ["*"]
    response.config["protected_images"] = ["registry.example.com/payment/*"]
    response.start()
    payment = {"container.image.repository": "registry.example.com/payment/api"}
    response.publish(
        [
            alert(1, **{"k8s.ns.name": "kube-system"}),
            alert(2, **payment),
            {**alert(3), "rule": "Another rule"},
            {**alert(4), "priority": "Debug"},
            alert(5, "web-6", **{"k8s.pod.uid": "uid-6"}),
            alert(6, "web-6", **{"k8s.pod.uid": "uid-6"}),
            alert(7, "web-8"),  # another container's id: not the pod of the alert
        ]
    )
    response.await_finished()
    reasons = {record["alert"]["id"][-1]: (record["status"], record["reason"]) for _s, record in response.records()}
    assert dict(outside.deleted) == {"web-6": 1}
    assert reasons["1"] == ("protected", "the namespace kube-system is protected")
    assert reasons["2"] == ("protected", "the image registry.example.com/payment/api:1.0 is protected")
    assert {reasons.pop("5")[0], reasons.pop("6")[0]} == {"acted", "deduplicated"}
    assert reasons["7"][0] == "acted"  # that pod is gone already, and what has its name was not touched
    assert sorted(reasons) == ["1", "2", "7"]
    assert 'bulkhead_response_decisions_total{status="no_match"} 2' in response.get("/metrics")[1]


def test_a_dry_run_changes_nothing_and_says_what_it_would_do(response: ResponseStage, outside: Double) -> None:
    response.config["dry_run"] = True
    response.start()
    response.publish([alert(1)])
    response.await_finished()
    [(_subject, record)] = response.records()
    assert (record["status"], [step["status"] for step in record["steps"]]) == ("dry_run", ["would_do", "would_do"])
    assert not outside.deleted
    assert not outside.told


_POISON = {
    "not_json": [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"rule": ' + b"9" * 5000 + b"}"],
    "wrong_type": [b"[]", b"null", b"{}", b'{"rule": 5, "priority": "Notice"}', b'{"rule": "a", "priority": "Loud"}'],
    "too_large": [b'"' + b"x" * 200_000 + b'"'],
    "bad_names": [
        json.dumps(alert(1, **{field: value})).encode()
        for field in ("k8s.ns.name", "k8s.pod.name", "k8s.pod.uid")
        for value in ("..", "a/../b", "a\nb", "A B", "a%2fb", "\ud800")
    ],
}


def test_poison_goes_to_the_dead_letters_with_its_reason(response: ResponseStage, outside: Double) -> None:
    response.config["limits"]["max_alert_bytes"] = 100_000
    response.start()
    response.publish([message for messages in _POISON.values() for message in messages])
    response.publish([alert(1)])
    response.await_finished()
    found = [subject.removeprefix("response.dead.") for subject, _letter in response.records("dead")]
    # Two of the same content are one letter.
    assert {reason: found.count(reason) for reason in _POISON} == {
        reason: len(set(messages)) for reason, messages in _POISON.items()
    }
    assert dict(outside.deleted) == {"web-1": 1}
    assert response.statuses()[alert(1)["uuid"]] == ["acted"]


def test_an_alert_whose_rule_tries_to_escape_stays_within_its_subject(response: ResponseStage) -> None:
    response.config["rules"][0]["match"] = {}
    response.start()
    response.publish([{**alert(1), "rule": "x.> $JS.API.STREAM.DELETE.FALCO *"}])
    response.await_finished()
    [(subject, _record)] = response.records()
    assert subject == "response.decision.acted.x_js_api_stream_delete_falco"


def test_nobody_else_can_forge_an_alert(response: ResponseStage, outside: Double) -> None:
    response.start()
    with pytest.raises(Exception, match=r"(?i)time"):
        response.ask(lambda js: js.publish("falco.notice.forged", json.dumps(alert(1)).encode(), timeout=1), "stranger")
    assert response.unfinished() == 0
    assert not outside.deleted


def test_check_says_what_is_wrong_in_a_sentence_each(response: ResponseStage) -> None:
    del response.config["kubernetes"]
    assert response.check() == (0, "bulkhead_response: ready: 1 sources, 1 response rules\n")
    response.config["source"][0]["consumer"] = "nobody"
    code, output = response.check()
    assert (code, output.count("\n")) == (1, 1), output
    assert "consumer nobody of stream FALCO" in output
    response.config["rules"][0]["steps"][0] = {"action": "delete_pods"}
    assert response.check() == (
        1,
        "bulkhead_response: rules[0].steps[0].action is 'delete_pods'; did you mean delete_pod?\n",
    )
    response.config["ruels"] = []
    assert "ruels is not known; did you mean rules?" in response.check()[1]


def test_a_function_that_is_called_twice_with_an_alert_answers_it_once(
    response: ResponseStage, outside: Double
) -> None:
    for _each in range(2):
        assert json.loads(response.call_function(alert(1)))[0]["status"] == "acted"
    assert dict(outside.deleted) == {"web-1": 1}
    assert list(outside.told.values()) == [1]
    assert response.statuses() == {alert(1)["uuid"]: ["acted"]}
