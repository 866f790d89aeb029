# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of alerts and decisions, right and wrong ones."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.bulkhead.container_security.extensions.eda.plugins.event_filter.falco_alert import main

_FALCO = {
    "hostname": "worker-1",
    "output": "10:15:30: Notice A shell was spawned (command=bash -c {{ 7*7 }})",
    "output_fields": {
        "container.id": "3ad7b26ded6d",
        "container.image.repository": "docker.io/library/nginx",
        "container.image.tag": "1.27",
        "container.name": "web",
        "evt.time.iso8601": 1767348930123456789,
        "k8s.ns.name": "shop",
        "k8s.pod.name": "web-6d5f",
        "k8s.pod.uid": "0d1ad9b0-4d4f-4c2e-9c5e-0a7d1f1f3c11",
        "proc.cmdline": "bash -c {{ 7*7 }}",
        "proc.name": "bash",
    },
    "priority": "Notice",
    "rule": "Terminal shell in container",
    "source": "syscall",
    "tags": ["container", "mitre_execution"],
    "time": "2026-01-02T10:15:30.123456789Z",
}
_DECISION = {
    "schema_version": "1.0",
    "id": "4f0c.terminal_shell",
    "time": "2026-01-02T10:15:31.000Z",
    "alert": {"id": "4f0c", "rule": "Terminal shell in container", "priority": "notice", "source": "syscall",
              "hostname": "worker-1", "time": "2026-01-02T10:15:30.123456789Z"},
    "target": {"namespace": "shop", "pod": "web-6d5f", "pod_uid": "", "container_id": "3ad7b26ded6d", "image": "nginx",
               "node": "worker-1"},
    "response_rule": "terminal shell",
    "status": "failed",
    "reason": "the API server did not answer",
    "steps": [],
    "runner": "response-0",
    "attempt": 10,
}  # fmt: skip


def _falco(alert: dict[str, Any], **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = main({"body": copy.deepcopy(alert)}, **more)["falco"]
    return found


def test_an_alert_in_one_form() -> None:
    falco = _falco(_FALCO)
    assert json.loads(base64.b64decode(falco.pop("encoded"))) == _FALCO
    fields = falco.pop("fields")
    assert (fields["proc_name"], fields["evt_time_iso8601"]) == ("bash", 1767348930123456789)
    assert falco.pop("output").startswith("10:15:30: Notice")
    assert falco == {
        "kind": "alert",
        "rule": "Terminal shell in container",
        "slug": "terminal_shell_in_container",
        "priority": "notice",
        "rank": 5,
        "source": "syscall",
        "hostname": "worker-1",
        "time": "2026-01-02T10:15:30.123456789Z",
        "tags": ["container", "mitre_execution"],
        "namespace": "shop",
        "pod": "web-6d5f",
        "pod_uid": "0d1ad9b0-4d4f-4c2e-9c5e-0a7d1f1f3c11",
        "container_id": "3ad7b26ded6d",
        "container": "web",
        "image": "docker.io/library/nginx:1.27",
        "node": "",
    }


def test_the_rest_of_the_event_stays_as_it_was_but_for_templates() -> None:
    event = {"body": copy.deepcopy(_FALCO), "meta": {"uuid": "1", "nats": {"subject": "falco.{{x}}"}}}
    found = main(copy.deepcopy(event))
    assert found["body"] == {
        **_FALCO,
        "output": "10:15:30: Notice A shell was spawned (command=bash -c { { 7*7 }})",
        "output_fields": {**_FALCO["output_fields"], "proc.cmdline": "bash -c { { 7*7 }}"},  # type: ignore[dict-item]
    }
    assert found["meta"] == {"uuid": "1", "nats": {"subject": "falco.{ {x}}"}}
    kept = main(copy.deepcopy(event), keep_templates=True)
    assert {name: value for name, value in kept.items() if name != "falco"} == event
    assert kept["falco"] == found["falco"]


def test_a_decision_in_the_same_form() -> None:
    falco = _falco(_DECISION)
    expected = {"kind": "decision", "status": "failed", "response_rule": "terminal shell", "rank": 5, "pod": "web-6d5f"}
    assert expected.items() <= falco.items()
    assert falco["reason"] == "the API server did not answer"


def test_a_decision_about_a_message_that_was_no_alert() -> None:
    nobody = {"id": "x", "rule": "", "priority": "", "source": "", "hostname": "", "time": ""}
    falco = _falco({**_DECISION, "alert": nobody, "response_rule": None, "status": "dead_letter"})
    assert (falco["priority"], falco["rank"], falco["status"], falco["response_rule"]) == ("", 8, "dead_letter", "")


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({"payload": _FALCO}, None),
        (_FALCO, None),
        ({"alert_of_today": _FALCO}, "alert_of_today"),
        ({"body": "no object", "payload": _FALCO}, "payload"),
    ],
)
def test_where_the_alert_may_be(event: dict[str, Any], key: str | None) -> None:
    assert main(copy.deepcopy(event), key)["falco"]["pod"] == "web-6d5f"


def test_what_ansible_rulebook_adds_is_no_part_of_the_alert() -> None:
    falco = main({**_FALCO, "meta": {"uuid": "1"}})["falco"]
    assert json.loads(base64.b64decode(falco["encoded"])) == _FALCO


@pytest.mark.parametrize("nothing", ["<NA>", "host", "", None])
def test_what_falco_does_not_know_is_empty(nothing: str | None) -> None:
    fields = {**_FALCO["output_fields"], "container.id": nothing, "k8s.pod.name": nothing}  # type: ignore[dict-item]
    falco = _falco({**_FALCO, "output_fields": fields})
    assert (falco["container_id"], falco["pod"]) == ("", "")


def test_a_request_to_an_api_server_names_its_pod() -> None:
    fields = {"ka.target.namespace": "shop", "ka.target.name": "web", "ka.target.resource": "pods"}
    alert = {**_FALCO, "output_fields": fields, "source": "k8s_audit"}
    falco = _falco(alert)
    assert (falco["namespace"], falco["pod"], falco["source"]) == ("shop", "web", "k8s_audit")
    fields["ka.target.resource"] = "secrets"
    assert _falco(alert)["pod"] == ""


@pytest.mark.parametrize(
    ("given", "priority", "rank"),
    [("Emergency", "emergency", 0), ("INFO", "informational", 6), ("Warning", "warning", 4), ("debug", "debug", 7)],
)
def test_priorities(given: str, priority: str, rank: int) -> None:
    falco = _falco({**_FALCO, "priority": given})
    assert (falco["priority"], falco["rank"]) == (priority, rank)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-01-02T10:15:30Z", "2026-01-02T10:15:30Z"),
        ("2026-01-02T01:15:30.5+02:00", "2026-01-01T23:15:30.5Z"),
        ("2026-01-02T10:15:30.123-0030", "2026-01-02T10:45:30.123Z"),
        ("", ""),
    ],
)
def test_times(given: str, expected: str) -> None:
    assert _falco({**_FALCO, "time": given})["time"] == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rule": None}, "rule is missing"),
        ({"priority": ""}, "priority is missing"),
        ({"priority": "loud"}, "none of Falco's"),
        ({"rule": "a\nb"}, "rule is too long"),
        ({"tags": "container"}, "tags is not a list"),
        ({"time": "yesterday"}, "time is no time"),
        ({"time": "0001-01-01T00:00:00+23:00"}, "time is no time"),
        ({"output_fields": []}, "output_fields is not an object"),
        ({"output_fields": {"k8s.ns.name": "a b"}}, "k8s.ns.name is no name"),
        ({"output_fields": {"k8s.pod.name": "{{x}}"}}, "k8s.pod.name is no name"),
        ({"output_fields": {"k8s.pod.name": 5}}, "k8s.pod.name is not a text"),
        ({"hostname": ["x"]}, "hostname is not a text"),
    ],
)
def test_what_cannot_be_read_stays_with_the_reason(change: dict[str, Any], said: str) -> None:
    alert = {**_FALCO, **change}
    event = main({"body": copy.deepcopy(alert)}, keep_templates=True)
    assert event["body"] == alert
    assert list(event["falco"]) == ["error"]
    assert said in event["falco"]["error"]


@pytest.mark.parametrize("change", [{}, {"rule": ""}])
def test_no_text_of_the_event_is_a_template(change: dict[str, str]) -> None:
    fields = {"proc.cmdline": ["{% if 1 %}", {"{{key}}": "{# comment #}"}], "proc.name": "#jinja2:x:'[['\n[[ 1"}
    alert = {**_FALCO, "rule": "{{ 1 }}", "tags": ["{{{ 1 }}}"], "output_fields": fields, **change}
    event = main({"body": alert, "{{x}}": 1})
    texts = list(_texts(event))
    assert "{ { 1 }}" in texts or change
    assert not [text for text in texts if "{{" in text or "{%" in text or "{#" in text]
    assert not [text for text in texts if text.startswith("#jinja2:")]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from _texts(item)


def test_what_is_nested_too_deeply_is_left_out() -> None:
    deep: list[Any] = []
    for _level in range(5000):
        deep = [deep]
    event = main({"body": {**_FALCO, "output_fields": {"x": deep}}, "meta": {"uuid": "1"}})
    assert event == {"meta": {"uuid": "1"}, "falco": {"error": "it is nested too deeply, and was left out"}}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from([*_FALCO, *_DECISION, "body", "payload"])


@given(st.dictionaries(_KEYS, _JSON | st.sampled_from([_FALCO, _DECISION])))
def test_whatever_comes_nothing_is_raised(event: dict[str, Any]) -> None:
    before = copy.deepcopy(event)
    found = main(event, keep_templates=True)
    assert "error" in found["falco"] or found["falco"]["kind"] in ("alert", "decision")
    assert {name: value for name, value in found.items() if name != "falco"} == before
