# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a request: made, approved, waited for, and removed whatever happens."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import signing
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from tests.unit.scripted_api import Reply, ScriptedApi, scripted

NONE = Reply(200, {"items": []})
MADE = Reply(200, {"metadata": {"name": "x"}})
SIGNED = Reply(200, {"status": {"certificate": base64.b64encode(b"PEM").decode()}})
GONE = Reply(200)


def order(seconds: int | None = None, wait: float = 5.0) -> signing.Order:
    return signing.Order("k" * 32, "REQUEST", "example.com/signer", seconds, wait)


def methods(api: ScriptedApi) -> list[str]:
    return [seen.method for seen in api.seen]


def test_a_certificate_that_is_given_at_the_second_look() -> None:
    with scripted(NONE, Reply(201), MADE, Reply(200), Reply(200, {"status": {}}), SIGNED, GONE) as api:
        assert signing.signed_certificate(api.cluster(), order()) == "PEM"
        assert methods(api) == ["GET", "POST", "GET", "PUT", "GET", "GET", "DELETE"]
        approval = json.loads(api.seen[3].body)["status"]["conditions"]
        assert [(each["type"], each["status"]) for each in approval] == [("Approved", "True")]
        assert api.seen[3].path.endswith("/approval")


@pytest.mark.parametrize(
    ("replies", "said"),
    [
        ([Reply(403)], "approval, and the verb approve"),
        ([Reply(200), Reply(200, {"status": {"conditions": [{"type": "Denied", "message": "no"}]}})], "denied: no"),
        ([Reply(200), Reply(200, {"status": {"conditions": [{"type": "Failed"}]}})], "failed: no reason given"),
        ([Reply(500, {"message": "broken"})], "broken"),
    ],
)
def test_whatever_fails_the_request_is_removed(replies: list[Reply], said: str) -> None:
    with scripted(NONE, Reply(201), MADE, *replies, GONE) as api:
        with pytest.raises(K8sError, match=said):
            signing.signed_certificate(api.cluster(), order())
        assert methods(api)[-1] == "DELETE"


def test_a_signer_that_does_not_answer() -> None:
    with scripted(NONE, Reply(201), MADE, Reply(200), Reply(200, {"status": {}}), GONE) as api:
        with pytest.raises(K8sError, match="within 0 s"):
            signing.signed_certificate(api.cluster(), order(wait=0))
        assert methods(api)[-1] == "DELETE"


def test_what_an_earlier_run_left_is_removed_first_and_nothing_else() -> None:
    left = Reply(200, {"items": [{"metadata": {"name": "bulkhead-left"}}]})
    with scripted(left, Reply(404), Reply(409, {"message": "stop here"}), GONE) as api:
        with pytest.raises(K8sError, match="stop here"):
            signing.signed_certificate(api.cluster(), order())
        assert "labelSelector=bulkhead.io%2Fcredential%3D" + "k" * 32 in api.seen[0].path
        assert api.seen[1].path.endswith("/bulkhead-left")


@pytest.mark.parametrize(("minor", "asked"), [("21", None), ("22", 600)])
def test_the_time_is_asked_for_where_the_api_knows_it(minor: str, asked: int | None) -> None:
    version = Reply(200, {"major": "1", "minor": minor, "gitVersion": f"v1.{minor}.0"})
    with scripted(NONE, version, Reply(409, {"message": "stop here"}), GONE) as api:
        with pytest.raises(K8sError, match="stop here"):
            signing.signed_certificate(api.cluster(), order(seconds=600))
        [created] = [json.loads(seen.body) for seen in api.seen if seen.method == "POST"]
        assert created["spec"].get("expirationSeconds") == asked


def test_a_credential_is_told_from_every_other_by_file_user_and_groups() -> None:
    base: dict[str, Any] = {"user": "a", "groups": ["x", "y"], "path": "/a"}
    keys = {
        signing.credential_key({**base, **change})
        for change in ({}, {"groups": ["y", "x"]}, {"path": "/b"}, {"user": "b"}, {"groups": ["x"]})
    }
    assert len(keys) == 4
