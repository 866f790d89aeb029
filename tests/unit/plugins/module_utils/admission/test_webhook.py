# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""API servers ask about what makes pods, and never about the namespaces from which a cluster is repaired."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.declaration import AdmissionError
from ansible_collections.bulkhead.container_security.plugins.module_utils.admission.webhook import (
    image_policy,
    webhook_configuration,
)


def webhooks(**declared: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = webhook_configuration({"ca_bundle": "PEM", **declared})["webhooks"]
    return found


def test_one_webhook_asks_by_service_about_all_that_makes_pods() -> None:
    (webhook,) = webhooks()
    assert webhook["clientConfig"]["service"]["path"] == "/validate"
    assert base64.b64decode(webhook["clientConfig"]["caBundle"]) == b"PEM"
    resources = {name for rule in webhook["rules"] for name in rule["resources"]}
    assert {"pods", "pods/ephemeralcontainers", "deployments", "cronjobs", "replicationcontrollers"} <= resources
    assert (webhook["sideEffects"], webhook["matchPolicy"], webhook["failurePolicy"]) == ("None", "Equivalent", "Fail")
    assert webhook["admissionReviewVersions"] == ["v1", "v1beta1"]


def test_the_repair_namespaces_are_never_asked_about() -> None:
    for webhook in webhooks(exempt_namespaces=["base", "team-*"], policies=[{"name": "strict", "policy_id": "s"}]):
        first = webhook["namespaceSelector"]["matchExpressions"][0]
        assert first["operator"] == "NotIn"
        assert first["values"] == ["kube-system", "bulkhead-admission", "base"]


def test_a_policy_of_a_label_has_a_webhook_and_the_other_leaves_it_alone() -> None:
    strict, rest = webhooks(policies=[{"name": "strict", "policy_id": "s"}], url="https://192.0.2.1:8443/")
    assert strict["clientConfig"]["url"] == "https://192.0.2.1:8443/validate/strict"
    label = "admission.bulkhead.io/policy"
    assert strict["namespaceSelector"]["matchExpressions"][1] == {"key": label, "operator": "In", "values": ["strict"]}
    assert rest["namespaceSelector"]["matchExpressions"][1] == {"key": label, "operator": "NotIn", "values": ["strict"]}
    assert len({strict["name"], rest["name"]}) == 2


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"timeout_seconds": 31}, "1 to 30"),
        ({"failure_policy": "Maybe"}, "Fail or Ignore"),
        ({"policies": [{"name": "A b"}]}, "cannot be the value of a label"),
        ({"timeout": 3}, "nothing of this name"),
    ],
)
def test_what_cannot_be_meant_is_refused(declared: dict[str, Any], words: str) -> None:
    with pytest.raises(AdmissionError, match=words):
        webhooks(**declared)


def test_the_other_plugin_gets_its_configuration_and_its_kubeconfig() -> None:
    found = image_policy({"ca_bundle": "PEM"}, "https://192.0.2.1:8443", 30, 40, False)
    assert found["configuration"]["imagePolicy"] == {
        "allowTTL": 30,
        "denyTTL": 40,
        "defaultAllow": False,
        "retryBackoff": 500,
    }
    assert found["kubeconfig"]["clusters"][0]["cluster"]["server"] == "https://192.0.2.1:8443/imagepolicy"
