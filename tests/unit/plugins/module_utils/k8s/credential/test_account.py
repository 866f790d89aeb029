# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ServiceAccount made anew keeps what people wrote into it, and loses its tokens."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.credential import account
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.rbac.subjects import Subject
from tests.unit.scripted_api import Reply, scripted

RAW: dict[str, Any] = {
    "metadata": {"name": "robot", "namespace": "shop", "uid": "u", "labels": {"a": "b"}, "resourceVersion": "1"},
    "secrets": [{"name": "robot-token-x"}, {"name": "mine"}],
    "imagePullSecrets": [{"name": "registry"}],
    "automountServiceAccountToken": False,
}
ANNOTATIONS = {"kubernetes.io/service-account.name": "robot"}
SECRETS = {"items": [{"metadata": {"name": "robot-token-x", "annotations": ANNOTATIONS}}]}
PODS = {"items": [{"metadata": {"name": "p"}}, {"metadata": {"name": "done"}, "status": {"phase": "Succeeded"}}]}


def test_what_is_found() -> None:
    with scripted(Reply(200, RAW), Reply(200, SECRETS), Reply(200, PODS)) as api:
        found = account.plan_reset(api.cluster(), Subject("ServiceAccount", "robot", "shop"))
    assert (list(found.secrets), list(found.pods)) == (["robot-token-x"], ["shop/p"])
    assert [row["action"] for row in found.removed()] == ["deleted", "recreated"]


def test_what_is_done() -> None:
    reset = account.AccountReset(RAW, ["robot-token-x"], [])
    with scripted(Reply(200)) as api:
        account.reset(api.cluster(), reset)
        assert [seen.method for seen in api.seen] == ["DELETE", "DELETE", "POST"]
        assert json.loads(api.seen[1].body)["preconditions"] == {"uid": "u"}
        made = json.loads(api.seen[2].body)
    assert made["metadata"] == {"name": "robot", "namespace": "shop", "labels": {"a": "b"}}
    assert made["secrets"] == [{"name": "mine"}]
    assert made["imagePullSecrets"] == [{"name": "registry"}]
    assert made["automountServiceAccountToken"] is False


def test_a_controller_that_was_faster_gets_its_account_completed() -> None:
    reset = account.AccountReset(RAW, [], [])
    with scripted(Reply(404), Reply(409), Reply(200)) as api:
        account.reset(api.cluster(), reset)
        assert [seen.method for seen in api.seen] == ["DELETE", "POST", "PATCH"]
