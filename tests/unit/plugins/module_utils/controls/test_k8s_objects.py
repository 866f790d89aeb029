# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of namespaces, workloads, Secrets, images and certificates: each that is bad fails its own control."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_certificates import (
    CERTIFICATE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_cluster import CLUSTER_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_images import (
    IMAGE_CONTROLS,
    trusted_source,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_namespaces import (
    NAMESPACE_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_secrets import SECRET_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_workloads import (
    WORKLOAD_CONTROLS,
)
from tests.unit.plugins.module_utils.controls.verdicts import failing

Facts = dict[str, Any]
KEPT: dict[str, Facts] = {
    "namespace": {"system": False, "workloads": 2, "quotas": 1},
    "workload": {
        "plain_secrets": [],
        "secret_env": [],
        "service_account": "web",
        "token_mounted": False,
        "no_memory_limit": [],
        "no_cpu_limit": [],
    },
    "secret": {
        "copied_into_annotation": False,
        "age_days": 3,
        "token": False,
        "made_by_cluster": False,
        "account_used": None,
        "env_of": [],
        "used": True,
    },
    "image": {"floating": False, "pinned": True, "digests": ["sha256:a"], "pull_policies": ["IfNotPresent"]},
    "cluster": {"kube_proxy": True, "kube_proxy_metrics": "127.0.0.1:10249"},
    "certificate": {"holds": True, "days_left": 30},
}
TOKEN = {"token": True, "made_by_cluster": True, "account_used": True, "used": True}
DEFAULT = {"subject": {"kind": "Namespace", "name": "default"}}
SYSTEM = {"subject": {"kind": "Deployment", "name": "dns", "namespace": "kube-system"}}
CASES: list[tuple[str, Facts, set[str]]] = [
    *((scope, {}, set()) for scope in KEPT),
    ("namespace", {**DEFAULT, "workloads": 1}, {"default_unused"}),
    ("namespace", {**DEFAULT, "workloads": 0, "quotas": 0}, set()),
    ("namespace", {"quotas": 0}, {"quota"}),
    ("namespace", {"quotas": 0, "workloads": 0}, set()),
    ("namespace", {"quotas": 0, "system": True}, set()),
    ("workload", {"plain_secrets": [{"name": "PASSWORD"}]}, {"plain_secret"}),
    ("workload", {"secret_env": ["web: db"]}, {"secret_env"}),
    ("workload", {"token_mounted": True}, {"token_mounted"}),
    ("workload", {"token_mounted": True, "service_account": "default"}, {"token_mounted", "default_service_account"}),
    ("workload", {**SYSTEM, "token_mounted": True}, set()),
    ("workload", {"service_account": "default"}, set()),
    ("workload", {"no_memory_limit": ["web"]}, {"memory_limit"}),
    ("workload", {"no_cpu_limit": ["web"]}, {"cpu_limit"}),
    ("secret", {"copied_into_annotation": True}, {"copied_into_annotation"}),
    ("secret", {"used": False}, {"unused"}),
    ("secret", {"used": None}, set()),
    ("secret", {"age_days": 900}, set()),
    ("secret", TOKEN, set()),
    ("secret", {**TOKEN, "used": False}, set()),
    ("secret", {**TOKEN, "age_days": 91}, {"token_age"}),
    ("secret", {**TOKEN, "made_by_cluster": False}, {"long_lived_token"}),
    ("secret", {**TOKEN, "account_used": False}, {"token_unused"}),
    ("secret", {**TOKEN, "account_used": False, "service_account": "default"}, set()),
    (
        "secret",
        {**TOKEN, "account_used": False, "service_account": "default", "made_by_cluster": False},
        {"token_unused", "long_lived_token"},
    ),
    ("workload", {"no_memory_limit": ["etcd"], "no_cpu_limit": ["etcd"], "control_plane": True}, set()),
    ("secret", {**TOKEN, "env_of": ["Deployment a/b"]}, {"token_in_env"}),
    ("secret", {"env_of": ["Deployment a/b"]}, set()),
    ("image", {"floating": True}, {"latest"}),
    ("image", {"pinned": False, "pull_policies": ["Always"]}, {"digest"}),
    ("image", {"pinned": False}, {"digest", "pull_policy"}),
    ("image", {"digests": ["sha256:a", "sha256:b"]}, {"one_digest"}),
    ("cluster", {"kube_proxy_metrics": "0.0.0.0:10249"}, {"kube_proxy_metrics"}),
    ("cluster", {"kube_proxy_metrics": None, "kube_proxy": False}, set()),
    ("certificate", {"days_left": 29}, {"days_left"}),
    ("certificate", {"days_left": -1, "holds": False}, {"holds"}),
]
CONTROLS = (
    *NAMESPACE_CONTROLS,
    *WORKLOAD_CONTROLS,
    *SECRET_CONTROLS,
    *(control for control in IMAGE_CONTROLS if control.id != "k8s.image.trusted_source"),
    *CERTIFICATE_CONTROLS,
    *CLUSTER_CONTROLS,
)


@pytest.mark.parametrize(("scope", "bad", "fails"), CASES)
def test_verdict(scope: str, bad: Facts, fails: set[str]) -> None:
    controls = [control for control in CONTROLS if control.scope == scope]
    assert failing(controls, scope, {**KEPT[scope], **bad}) == fails


def test_every_control_fails_for_something() -> None:
    seen = {name for _scope, _bad, fails in CASES for name in fails}
    assert {control.id.rpartition(".")[2] for control in CONTROLS if not control.manual} == seen


@pytest.mark.parametrize(
    ("allowed", "fails"), [(["registry.example.com"], set()), (["docker.io"], {"trusted_source"}), ([], set())]
)
def test_trusted_source(allowed: list[str], fails: set[str]) -> None:
    facts = {**KEPT["image"], "sources": ["registry.example.com/shop"]}
    assert failing([trusted_source(allowed)], "image", facts) == fails
