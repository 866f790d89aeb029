# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a refusal of the server means, and which are worth another attempt."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset import send
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.member import FAILED, Member
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.send import (
    explain,
    server_side_apply,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.applyset.settings import Settings
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.discovery import Resource
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import ApiStatus

_RESOURCE = Resource("", "v1", "Pod", "pods", True, frozenset())
_ENTRY = {"manager": "them", "operation": "Update", "time": "2025-01-01T00:00:00Z", "fieldsV1": {}}


def _member(kind: str = "Pod", **desired: Any) -> Member:
    live = {"metadata": {"managedFields": [_ENTRY]}}
    return Member("v1", kind, "ns", "a", resource=_RESOURCE, desired={"kind": kind, **desired}, live=live)


def _status(code: int, message: str = "no", *causes: dict[str, str]) -> ApiStatus:
    return ApiStatus(code, {"message": message, "details": {"causes": list(causes)}}, "PATCH https://x/y")


_CONFLICT = {
    "reason": "FieldManagerConflict",
    "message": 'conflict with "them" using v1 at 2025-01-01T00:00:00Z',
    "field": ".spec.replicas",
}


def test_a_conflict_names_field_manager_and_time() -> None:
    """The manager is looked up in the live object."""
    member = _member()
    explain(member, _status(409, "Apply failed with 1 conflict", _CONFLICT))
    assert member.action == FAILED
    assert ".spec.replicas is set by them" in member.message
    expected = {"path": ".spec.replicas", "manager": "them", "operation": "Update", "time": _ENTRY["time"]}
    assert member.fields == [expected]


def test_an_immutable_field_is_named() -> None:
    """In the words of the kinds that have one."""
    member = _member()
    cause = {"reason": "FieldValueInvalid", "message": "Invalid value: x: field is immutable", "field": "spec.selector"}
    explain(member, _status(422, "Deployment is invalid", cause))
    assert member.message.startswith("spec.selector cannot be changed once it is made")


def test_a_number_where_a_text_belongs_is_told_in_words_of_yaml() -> None:
    """Not in those of the server's own types."""
    member = _member("ResourceQuota")
    explain(member, _status(500, ".spec.hard.pods: expected string, got &value.valueUnstructured{Value:200}"))
    assert member.message == ".spec.hard.pods: expected a text, got 200, which goes into quotes (500)"


def test_everything_else_is_in_the_server_s_words_without_the_secret() -> None:
    """And without the address, which is the same for all."""
    member = _member("Secret", data={"a": "c2VjcmV0LXZhbHVl"})
    explain(member, _status(422, 'data[a]: Invalid value: "secret-value"'))
    assert member.message.startswith("data[a]: Invalid value: ")
    assert "secret-value" not in member.message


class _Racing:
    """Refuses so many times, then accepts."""

    def __init__(self, *refusals: ApiStatus) -> None:
        self.left = list(refusals)
        self.sent: list[dict[str, Any]] = []

    def send(self, method: str, path: str, body: Any, **options: Any) -> str:
        self.sent.append({"method": method, "path": path, **options})
        if self.left:
            raise self.left.pop(0)
        return "answer"


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits in a unit test."""
    monkeypatch.setattr(send, "_FIRST_PAUSE", 0.0)


@pytest.mark.parametrize(
    "refusal",
    [
        _status(409, "the object has been modified"),
        _status(403, 'pods "a" is forbidden: error looking up service account ns/default: serviceaccount not found'),
        _status(500, 'No API token found for service account "default", retry after the token is created'),
    ],
)
def test_a_lost_race_is_run_again(refusal: ApiStatus) -> None:
    """With the same request, of a dry run too."""
    cluster: Any = _Racing(refusal, refusal)
    answer: Any = server_side_apply(cluster, _member(), Settings(), dry_run=True)
    assert answer == "answer"
    assert len(cluster.sent) == 3
    assert {request["query"]["dryRun"] for request in cluster.sent} == {"All"}


@pytest.mark.parametrize("refusal", [_status(409, "no", _CONFLICT), _status(403), _status(422), _status(500)])
def test_any_other_refusal_is_final(refusal: ApiStatus) -> None:
    """Asking again would not change it."""
    cluster: Any = _Racing(refusal)
    with pytest.raises(ApiStatus):
        server_side_apply(cluster, _member(), Settings(), dry_run=False)
    assert len(cluster.sent) == 1


def test_a_race_that_does_not_end_is_told() -> None:
    """After a bounded number of attempts."""
    cluster: Any = _Racing(*[_status(409, "modified")] * 50)
    with pytest.raises(ApiStatus):
        server_side_apply(cluster, _member(), Settings(), dry_run=False)
    assert len(cluster.sent) < 20
