# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""disable_service_account: its tokens, and those of nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from bulkhead_response.actions.disable_service_account import DisableServiceAccount
from tests.unit.roles.response_engine.fake_cluster import FakeCluster, a_pod, acted

_ACCOUNT = "/api/v1/namespaces/shop/serviceaccounts/robot"
_SECRETS = "/api/v1/namespaces/shop/secrets"


def _object(kind: str, name: str, uid: str, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": uid, **more}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _token(name: str, account_uid: str) -> dict[str, Any]:
    return _object("Secret", name, name, annotations={"kubernetes.io/service-account.uid": account_uid})


def _cluster() -> FakeCluster:
    return FakeCluster(
        a_pod(),
        _object("ServiceAccount", "robot", "sa-1"),
        _token("robot-token-1", "sa-1"),
        _token("old-robot-token", "sa-0"),
        _object("Secret", "password", "p"),
    )


def test_it_gives_no_tokens_any_more() -> None:
    cluster = _cluster()
    outcome = acted(DisableServiceAccount({}), cluster)
    assert outcome.status == "done"
    assert outcome.details == {"service_account": "robot", "token_secrets": ["robot-token-1"]}
    assert cluster.objects[_ACCOUNT]["automountServiceAccountToken"] is False
    assert {f"{_SECRETS}/password", f"{_SECRETS}/old-robot-token"} <= set(cluster.objects)
    assert f"{_SECRETS}/robot-token-1" not in cluster.objects
    assert acted(DisableServiceAccount({}), cluster).status == "already_done"


def test_the_content_of_secrets_is_not_asked_for() -> None:
    cluster = _cluster()
    acted(DisableServiceAccount({}), cluster)
    [listing] = [seen for seen in cluster.seen if seen.path == _SECRETS and seen.method == "GET"]
    assert "as=PartialObjectMetadataList" in listing.headers["Accept"]
    assert listing.query["fieldSelector"] == "type=kubernetes.io/service-account-token"


def test_secrets_can_be_left_out() -> None:
    cluster = _cluster()
    assert acted(DisableServiceAccount({"delete_tokens": False}), cluster).status == "done"
    assert not [seen for seen in cluster.seen if seen.path.startswith(_SECRETS)]


def test_a_dry_run_only_looks() -> None:
    cluster = _cluster()
    assert acted(DisableServiceAccount({}), cluster, dry_run=True).status == "would_do"
    assert not cluster.writes()


@pytest.mark.parametrize(("pod", "status"), [(True, "refused"), (False, "failed")])
def test_one_that_is_gone(pod: bool, status: str) -> None:
    assert acted(DisableServiceAccount({}), FakeCluster(*([a_pod()] if pod else []))).status == status
