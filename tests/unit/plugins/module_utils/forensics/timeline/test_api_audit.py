# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an API server was asked, without the objects."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.timeline.api_audit import event_of

UID = "0b2c4f6e-8a0c-4e2f-9b1d-3c5e7f9a1b2d"
TIME = "2026-01-31T12:00:01.123456789Z"


def audit(verb: str = "get", resource: str = "pods", **changes: Any) -> dict[str, Any]:
    ref = {"resource": resource, "namespace": "shop", "name": "web-1", **changes.pop("ref", {})}
    user = {"username": "mallory", **changes.pop("user", {})}
    event = {"auditID": "a-1", "stage": "ResponseComplete", "verb": verb, "objectRef": ref, "user": user}
    return {**event, "requestReceivedTimestamp": TIME, "responseStatus": {"code": 200}, **changes}


def test_a_shell_in_a_pod_says_what_was_run() -> None:
    uri = "/api/v1/namespaces/shop/pods/web-1/exec?command=sh&command=--password&command=hunter2hunter2&stdin=true"
    event = event_of(audit("create", ref={"subresource": "exec", "uid": UID}, requestURI=uri), "audit")
    assert event.summary.startswith("create pods/exec shop/web-1: sh --password sha256:")
    assert (event.severity, event.routine, event.about.pod_uid) == ("warning", False, UID)


def test_objects_are_never_shown() -> None:
    secret = {"metadata": {"name": "db"}, "data": {"password": "aHVudGVyMg=="}}
    record = audit("update", "secrets", requestObject=secret, responseObject=secret)
    assert "aHVudGVyMg" not in str(event_of(record, "audit"))


def test_a_pod_that_was_made_has_the_name_that_the_server_gave_it() -> None:
    made = {"metadata": {"name": "web-x2lqj", "uid": UID}}
    event = event_of(audit("create", ref={"name": ""}, responseObject=made), "audit")
    assert (event.about.pod, event.about.pod_uid) == ("web-x2lqj", UID)


def test_the_pod_behind_a_token_is_who_acted() -> None:
    extra = {"authentication.kubernetes.io/pod-name": ["web-1"], "authentication.kubernetes.io/pod-uid": [UID]}
    user = {"username": "system:serviceaccount:shop:web", "extra": extra}
    event = event_of(audit("get", "secrets", user=user, responseStatus={"code": 403}), "audit")
    assert event.by is not None
    assert (event.by.namespace, event.by.pod, event.by.pod_uid) == ("shop", "web-1", UID)
    assert event.summary == "get secrets shop/web-1 was refused"


@pytest.mark.parametrize(
    ("record", "routine"),
    [
        (audit("list"), True),
        (audit("get", "secrets"), False),
        (audit("list", "secrets", user={"username": "system:kube-controller-manager"}), True),
        (audit("update", "leases"), True),
        (audit("patch", ref={"subresource": "status"}, user={"username": "system:node:n1"}), True),
        (audit("delete"), False),
        (audit("get", responseStatus={"code": 403}), False),
        (audit("get", ref={"subresource": "exec"}), False),
    ],
)
def test_what_is_routine(record: dict[str, Any], routine: bool) -> None:
    assert event_of(record, "audit").routine is routine
