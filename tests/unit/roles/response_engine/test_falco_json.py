# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Falco's JSON: the alert that it is, or the reason why it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkhead_response import falco_json
from bulkhead_response.alert import Target
from bulkhead_response.errors import Poison

_FIELDS: dict[str, Any] = {
    "container.id": "0123456789ab",
    "container.image.repository": "docker.io/library/nginx",
    "container.image.tag": "1.27",
    "container.name": "web",
    "evt.time.iso8601": 1764200000000000000,
    "k8s.ns.name": "shop",
    "k8s.pod.name": "web-5d8f",
    "proc.name": "bash",
}
_FALCO: dict[str, Any] = {
    "hostname": "node-1",
    "output": "A shell",
    "output_fields": _FIELDS,
    "priority": "Notice",
    "rule": "Terminal shell in container",
    "source": "syscall",
    "tags": ["shell"],
    "time": "2026-01-01T00:00:00.000000001Z",
}


def _read(event: Any) -> Any:
    return falco_json.alert_of(falco_json.parse_json(json.dumps(event).encode(), 100_000))


def test_falcos_own_json() -> None:
    alert = _read(_FALCO)
    assert (alert.rule, alert.priority, alert.source, alert.hostname) == (
        "Terminal shell in container",
        "notice",
        "syscall",
        "node-1",
    )
    assert alert.target == Target(
        namespace="shop",
        pod="web-5d8f",
        container_id="0123456789ab",
        container="web",
        image="docker.io/library/nginx:1.27",
        node="node-1",
    )
    assert falco_json.subject_of("falco", alert) == "falco.notice.terminal_shell_in_container"


def test_the_id_is_falcosidekicks_or_that_of_the_content() -> None:
    uuid = "0b5c1d5e-9f0a-4c3e-8d4f-1a2b3c4d5e6f"
    assert _read({**_FALCO, "uuid": uuid}).id == uuid
    again, later = _read(dict(reversed(_FALCO.items()))), _read({**_FALCO, "time": "2026-01-01T00:00:00.000000002Z"})
    assert _read(_FALCO).id == again.id != later.id
    assert len(_read({**_FALCO, "uuid": "../../etc"}).id) == 64


def test_what_gives_neither_uuid_nor_time_is_told_apart_by_its_place() -> None:
    timeless = {key: value for key, value in _FALCO.items() if key != "time"}
    ids = {falco_json.alert_of(timeless, place).id for place in ("FALCO 1", "FALCO 1", "FALCO 2")}
    assert len(ids) == 2
    assert len({falco_json.alert_of(_FALCO, place).id for place in ("FALCO 1", "FALCO 2")}) == 1


def test_what_proves_no_container_is_no_reason_to_lose_an_alert() -> None:
    for text in ("my-lxc-1", "ABC", "../x"):
        assert _read({**_FALCO, "output_fields": {**_FIELDS, "container.id": text}}).target.container_id == ""


def test_what_is_nested_as_deep_as_is_allowed_is_an_alert() -> None:
    nested: Any = []
    for _each in range(197):
        nested = [nested]
    assert _read({**_FALCO, "output_fields": {"x": nested}, "uuid": None}).id


def test_what_falco_does_not_know_is_empty() -> None:
    fields = {"container.id": "host", "container.name": "host", "k8s.pod.name": None, "k8s.ns.name": "<NA>"}
    assert _read({**_FALCO, "output_fields": fields}).target == Target(node="node-1")
    assert _read({"rule": "r", "priority": "info", "output_fields": None}).priority == "informational"


def test_a_host_that_is_no_dns_name_is_a_host_and_no_node() -> None:
    alert = _read({**_FALCO, "hostname": "Docker_Host-1"})
    assert (alert.hostname, alert.target.node) == ("Docker_Host-1", "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_json"),
        (b"\xff", "not_json"),
        (b"[" * 50_000, "not_json"),
        (b"x" * 100_001, "too_large"),
        *((b'{"rule": "r", "x": ' + b"[" * depth + b"]" * depth + b"}", "too_deep") for depth in (200, 850, 950)),
        (b"[]", "wrong_type"),
        (b"7", "wrong_type"),
    ],
)
def test_what_is_no_object_is_poison(data: bytes, reason: str) -> None:
    with pytest.raises(Poison) as caught:
        falco_json.parse_json(data, 100_000)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rule": None}, "wrong_type"),
        ({"rule": 5}, "wrong_type"),
        ({"rule": "a\nb"}, "bad_names"),
        ({"rule": "a" * 600}, "bad_names"),
        ({"priority": "Loud"}, "wrong_type"),
        ({"tags": "shell"}, "wrong_type"),
        ({"tags": [1]}, "wrong_type"),
        ({"output_fields": []}, "wrong_type"),
        ({"output_fields": "x"}, "wrong_type"),
        ({"hostname": "a/../b"}, "bad_names"),
        ({"hostname": "a..b"}, "bad_names"),
        ({"output_fields": {"k8s.ns.name": "a.b"}}, "bad_names"),
        ({"output_fields": {"k8s.ns.name": 5}}, "wrong_type"),
        ({"output_fields": {"k8s.pod.name": "../x"}}, "bad_names"),
        ({"output_fields": {"k8s.pod.name": "x\n"}}, "bad_names"),
        ({"output_fields": {"k8s.pod.uid": "a/b"}}, "bad_names"),
        ({"output_fields": {"container.image.repository": "../x"}}, "bad_names"),
    ],
)
def test_wrong_types_and_names_are_poison(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Poison) as caught:
        _read({**_FALCO, **change})
    assert caught.value.reason == reason


_TEXT = st.text(max_size=8) | st.sampled_from(["..", "a/../b", "web", "0" * 12, "nginx", "*", ">"])
_JSON = st.none() | st.booleans() | st.integers() | _TEXT | st.lists(_TEXT, max_size=2)


@given(
    st.dictionaries(st.sampled_from(sorted(_FALCO)), _JSON), st.dictionaries(st.sampled_from(sorted(_FIELDS)), _JSON)
)
def test_whatever_comes_is_an_alert_or_poison_and_nothing_gets_out_of_a_path(
    change: dict[str, Any], fields: dict[str, Any]
) -> None:
    try:
        alert = falco_json.alert_of({**_FALCO, "output_fields": {**_FIELDS, **fields}, **change})
    except Poison:
        return
    target = alert.target
    for name in (target.namespace, target.pod, target.pod_uid, target.container_id, target.node):
        assert not set(name) & set("/?#%\n\r ")
        assert ".." not in name
    subject = falco_json.subject_of("falco", alert)
    assert subject.count(".") == 2
    assert not set(subject) & set(" *>\n\r\t")
