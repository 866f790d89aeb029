# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each flag of the API server that is bad fails its own controls, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server import (
    API_SERVER_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server_admission import (
    ADMISSION_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_api_server_requests import (
    REQUEST_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.options import component_facts
from tests.unit.plugins.module_utils.controls.verdicts import failing

TABLES = (*API_SERVER_CONTROLS, *ADMISSION_CONTROLS, *REQUEST_CONTROLS)
_PLUGINS = ["NodeRestriction", "EventRateLimit", "AlwaysPullImages", "ImagePolicyWebhook", "DenyServiceExternalIPs"]
# A server that nothing is to be said against.
KEPT: dict[str, str] = {
    "anonymous-auth": "false",
    "kubelet-client-certificate": "/pki/kubelet-client.crt",
    "kubelet-client-key": "/pki/kubelet-client.key",
    "kubelet-certificate-authority": "/pki/ca.crt",
    "authorization-mode": "Node,RBAC",
    "enable-admission-plugins": ",".join(_PLUGINS),
    "profiling": "false",
    "audit-log-path": "/var/log/audit.log",
    "audit-log-maxage": "30",
    "audit-log-maxbackup": "10",
    "audit-log-maxsize": "100",
    "audit-policy-file": "/etc/policy.yaml",
    "service-account-key-file": "/pki/sa.pub",
    "service-account-extend-token-expiration": "false",
    "etcd-certfile": "/pki/etcd.crt",
    "etcd-keyfile": "/pki/etcd.key",
    "etcd-cafile": "/pki/etcd-ca.crt",
    "tls-cert-file": "/pki/apiserver.crt",
    "tls-private-key-file": "/pki/apiserver.key",
    "tls-cipher-suites": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_AES_128_GCM_SHA256",
    "client-ca-file": "/pki/ca.crt",
    "encryption-provider-config": "/etc/encryption.yaml",
}
_WITHOUT_POD_SECURITY: dict[str, str | None] = {"disable-admission-plugins": "PodSecurity"}


def _without(plugin: str) -> dict[str, str | None]:
    return {"enable-admission-plugins": ",".join(each for each in _PLUGINS if each != plugin)}


BAD: list[tuple[dict[str, str | None], set[str]]] = [
    ({}, set()),
    ({"anonymous-auth": None}, {"anonymous_auth"}),
    ({"basic-auth-file": "/etc/users"}, {"basic_auth"}),
    ({"token-auth-file": "/etc/tokens"}, {"token_auth"}),
    ({"kubelet-https": "false"}, {"kubelet_https"}),
    ({"kubelet-client-certificate": None}, {"kubelet_client_certificate"}),
    ({"kubelet-client-key": None}, {"kubelet_client_certificate"}),
    ({"kubelet-certificate-authority": None}, {"kubelet_authority"}),
    ({"authorization-mode": None}, {"always_allow", "node_authorizer", "rbac"}),
    ({"authorization-mode": "Node,RBAC,AlwaysAllow"}, {"always_allow"}),
    ({"authorization-mode": "Webhook"}, {"node_authorizer", "rbac"}),
    ({"insecure-bind-address": "0.0.0.0"}, {"insecure_bind_address"}),
    ({"insecure-port": "8080"}, {"insecure_port"}),
    ({"secure-port": "0"}, {"secure_port"}),
    ({"profiling": None}, {"profiling"}),
    ({"audit-log-path": None}, {"audit_log"}),
    ({"audit-log-path": None, "audit-webhook-config-file": "/etc/webhook"}, set()),
    ({"audit-log-path": "-", "audit-log-maxage": None}, set()),
    ({"audit-log-maxage": "29"}, {"audit_log_age"}),
    ({"audit-log-maxbackup": None}, {"audit_log_backups"}),
    ({"audit-log-maxsize": "99"}, {"audit_log_size"}),
    ({"audit-policy-file": None}, {"audit_policy"}),
    ({"request-timeout": "5m0s"}, set()),
    ({"request-timeout": "5m1s"}, {"request_timeout"}),
    ({"service-account-lookup": "false"}, {"service_account_lookup"}),
    ({"service-account-key-file": None}, {"service_account_key"}),
    ({"service-account-extend-token-expiration": None}, {"token_extension"}),
    ({"etcd-certfile": None}, {"etcd_client_certificate"}),
    ({"etcd-cafile": None}, {"etcd_authority"}),
    ({"tls-cert-file": None}, {"tls_certificate"}),
    ({"client-ca-file": None}, {"client_authority"}),
    ({"encryption-provider-config": None}, {"encryption"}),
    ({"tls-cipher-suites": None}, {"strong_ciphers"}),
    ({"tls-cipher-suites": None, "tls-min-version": "VersionTLS13"}, set()),
    ({"tls-cipher-suites": "TLS_RSA_WITH_AES_128_CBC_SHA"}, {"strong_ciphers"}),
    (_WITHOUT_POD_SECURITY, {"pod_admission", "security_context_deny"}),
    ({"disable-admission-plugins": "ServiceAccount"}, {"service_account_admission"}),
    ({"disable-admission-plugins": "NamespaceLifecycle"}, {"namespace_lifecycle"}),
    ({"enable-admission-plugins": ",".join([*_PLUGINS, "AlwaysAdmit"])}, {"always_admit"}),
    *(
        (_without(plugin), {control})
        for plugin, control in (
            ("NodeRestriction", "node_restriction"),
            ("EventRateLimit", "event_rate_limit"),
            ("AlwaysPullImages", "always_pull_images"),
            ("ImagePolicyWebhook", "image_policy_webhook"),
            ("DenyServiceExternalIPs", "deny_external_ips"),
        )
    ),
]


def facts(changes: dict[str, str | None], release: tuple[int, int] = (1, 27)) -> dict[str, Any]:
    """The facts of the kept server with other flags; None takes one away."""
    flags = {name: [value] for name, value in {**KEPT, **changes}.items() if value is not None}
    return component_facts("kube-apiserver", flags, release)


@pytest.mark.parametrize(("bad", "fails"), BAD)
def test_verdict(bad: dict[str, str | None], fails: set[str]) -> None:
    assert failing(TABLES, "api_server", facts(bad)) == fails


def test_every_control_fails_for_some_flag() -> None:
    seen = {name for _bad, fails in BAD for name in fails}
    assert {control.id.rpartition(".")[2] for control in TABLES} == seen


@pytest.mark.parametrize(
    ("release", "plugins", "fails"),
    [
        ((1, 20), "NodeRestriction,PodSecurityPolicy", set()),
        ((1, 20), "NodeRestriction", {"pod_admission", "security_context_deny"}),
        ((1, 22), "NodeRestriction", {"pod_admission", "security_context_deny"}),
        ((1, 23), "NodeRestriction", set()),
    ],
)
def test_what_a_release_has_on_by_default(release: tuple[int, int], plugins: str, fails: set[str]) -> None:
    watched = {"pod_admission", "security_context_deny", "deny_external_ips"} - (
        {"deny_external_ips"} if release >= (1, 21) else set()
    )
    found = failing(TABLES, "api_server", facts({"enable-admission-plugins": plugins}, release))
    assert found & watched == fails
