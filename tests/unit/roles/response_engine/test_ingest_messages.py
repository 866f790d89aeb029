# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request to the ingest is taken apart into."""

from __future__ import annotations

import json

import pytest

from bulkhead_response.errors import Poison
from bulkhead_response.ingest_messages import Poisoned, Sound, splitter

_FALCO = b'{"rule": "Terminal shell", "priority": "Notice", "uuid": "0b5c1d5e-9f0a-4c3e-8d4f-1a2b3c4d5e6f"}'


def test_an_alert_is_passed_on_as_it_came() -> None:
    [message] = splitter("falco", 1000)(_FALCO)
    assert message == Sound("falco.notice.terminal_shell", _FALCO, "0b5c1d5e-9f0a-4c3e-8d4f-1a2b3c4d5e6f")
    with pytest.raises(Poison, match="no JSON"):
        list(splitter("falco", 1000)(b"{"))
    with pytest.raises(Poison, match="bytes"):
        list(splitter("falco", 10)(_FALCO))


def test_each_event_of_a_list_is_a_message_and_a_bad_one_spoils_no_other() -> None:
    good = {"verb": "get", "objectRef": {"resource": "secrets"}}
    odd = {"verb": "x.>", "objectRef": "?"}
    large = {"verb": "get", "requestObject": "x" * 1000}
    body = json.dumps({"kind": "EventList", "items": [good, 5, odd, large]}).encode()
    messages = list(splitter("k8s_audit", 500)(body))
    assert [m.subject for m in messages if isinstance(m, Sound)] == ["k8saudit.get.secrets", "k8saudit.x.none"]
    assert [m.poison.reason for m in messages if isinstance(m, Poisoned)] == ["wrong_type", "too_large"]


def test_an_event_has_the_same_identity_each_time_and_another_one_another() -> None:
    body = json.dumps({"items": [{"auditID": "1"}, {"auditID": "1"}, {"auditID": "2"}]}).encode()
    first, again, other = [m.identity for m in splitter("k8s_audit", 500)(body) if isinstance(m, Sound)]
    assert first == again != other


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"items": {}}'])
def test_what_is_no_list_of_events_is_poison(body: bytes) -> None:
    with pytest.raises(Poison) as caught:
        list(splitter("k8s_audit", 500)(body))
    assert caught.value.reason == "wrong_type"


@pytest.mark.parametrize("depth", [300, 900])
def test_an_event_that_is_nested_too_deep_leaves_the_others_of_its_batch(depth: int) -> None:
    deep = '{"auditID": "a", "requestObject": ' + "[" * depth + "]" * depth + "}"
    body = f'{{"items": [{deep}, {{"auditID": "b", "verb": "get"}}]}}'.encode()
    bad, good = splitter("k8s_audit", 100_000)(body)
    assert isinstance(bad, Poisoned)
    assert (bad.poison.reason, bad.data) == ("too_deep", b'{"auditID": "a"}')
    assert isinstance(good, Sound)
