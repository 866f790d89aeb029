# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The survey of a cluster, on prepared answers of its API."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.network_policy.survey import survey
from tests.unit.scripted_api import Reply, scripted

SPACES = {"items": [{"metadata": {"name": "shop", "labels": {"team": "a"}}}]}
POD = {"metadata": {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}}}
LIVE = {"metadata": {"name": "deny", "namespace": "shop"}, "spec": {"podSelector": {}}}
ABSENT = [Reply(404)] * 6


def policy(name: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop"}, "spec": {"podSelector": {}, **spec}}


def surveyed(*others: Reply, **params: Any) -> dict[str, Any]:
    live = [] if params.get("ignore_live") else [Reply(200, {"items": [LIVE]})]
    answers = [Reply(200, SPACES), *live, *(others or ABSENT), Reply(200, {"items": [POD]}), Reply(200, POD)]
    with scripted(*answers) as api:
        return survey(api.cluster(), params)


def test_what_is_there() -> None:
    told = surveyed()
    [shop] = told["namespaces"]
    assert shop["network_default_deny_ingress"]
    assert shop["network_open_egress"] == ["web-1"]
    assert [row["name"] for row in told["policies"]] == ["deny"]
    assert "enforces none of them" in told["enforcement"]


def test_what_would_be_there() -> None:
    assert surveyed(ignore_live=True)["namespaces"][0]["network_policies"] == []
    opened = surveyed(definitions=[policy("deny", ingress=[{}])])
    assert not opened["namespaces"][0]["network_default_deny_ingress"]
    peers = [{"namespaceSelector": {"matchLabels": {"team": team}}} for team in ("a", "b")]
    gaps = surveyed(definitions=[policy("x", ingress=[{"from": peers}])])
    assert gaps["unlabelled_namespaces"] == ["team=b"]
    elsewhere = {**policy("x"), "metadata": {"name": "x", "namespace": "blog"}}
    assert surveyed(definitions=[elsewhere])["missing_namespaces"] == ["blog"]


def test_a_policy_of_another_kind_makes_it_unknown() -> None:
    other = {"kind": "GlobalNetworkPolicy", "apiVersion": "crd.projectcalico.org/v1", "metadata": {"name": "g"}}
    told = surveyed(*ABSENT[:3], Reply(200, {"items": [other]}), *ABSENT[:2])
    assert "GlobalNetworkPolicy g" in told["namespaces"][0]["unknown"]["network_default_deny_egress"]


@pytest.mark.parametrize(
    ("source", "allowed"),
    [({"ip": "192.0.2.1"}, False), ({"namespace": "shop", "labels": {"app": "x"}}, False)],
)
def test_questions(source: dict[str, Any], allowed: bool) -> None:
    question = {"source": source, "destination": {"namespace": "shop", "pod": "web-1"}, "port": 80}
    [answer] = surveyed(connections=[question])["connections"]
    assert answer["allowed"] is allowed
    assert answer["denied_by"] == ["ingress"]


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"definitions": [{"kind": "Pod", "metadata": {"name": "a", "namespace": "b"}}]}, "is a NetworkPolicy"),
        ({"definitions": [{"metadata": {"name": "a"}}]}, "with name and namespace"),
        ({"connections": [{"source": {}, "destination": {"ip": "::1"}, "port": 1}]}, "an end is an ip"),
        ({"connections": [{"source": {"namespace": "a"}, "destination": {"ip": "::1"}, "port": 1}]}, "an end is an ip"),
    ],
)
def test_what_cannot_be_asked(params: dict[str, Any], said: str) -> None:
    with pytest.raises(K8sError, match=said):
        surveyed(**params)
