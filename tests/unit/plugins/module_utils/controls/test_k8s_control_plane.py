# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags of controller manager, scheduler and etcd, and the configuration of kubelets: each fails its own control."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.bulkhead.container_security.plugins.module_utils.audit.control import Control
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_controller_manager import (
    CONTROLLER_MANAGER_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_etcd import ETCD_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_kubelet import KUBELET_CONTROLS
from ansible_collections.bulkhead.container_security.plugins.module_utils.controls.k8s_scheduler import (
    SCHEDULER_CONTROLS,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Version
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.kubelet import kubelet_facts
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.options import component_facts
from tests.unit.plugins.module_utils.controls.verdicts import failing

Changes = dict[str, Any]

MANAGER: Changes = {
    "terminated-pod-gc-threshold": "100",
    "profiling": "false",
    "use-service-account-credentials": "true",
    "service-account-private-key-file": "/pki/sa.key",
    "root-ca-file": "/pki/ca.crt",
    "bind-address": "127.0.0.1",
}
ETCD: Changes = {
    "cert-file": "/a",
    "key-file": "/b",
    "client-cert-auth": "true",
    "peer-cert-file": "/c",
    "peer-key-file": "/d",
    "peer-client-cert-auth": "true",
    "trusted-ca-file": "/pki/etcd/ca.crt",
}
KUBELET: Changes = {
    "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": "/pki/ca.crt"}},
    "authorization": {"mode": "Webhook"},
    "readOnlyPort": 0,
    "streamingConnectionIdleTimeout": "4h0m0s",
    "protectKernelDefaults": True,
    "makeIPTablesUtilChains": True,
    "eventRecordQPS": 50,
    "serverTLSBootstrap": True,
    "rotateCertificates": True,
    "tlsCipherSuites": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
    "podPidsLimit": 4096,
    "seccompDefault": True,
}
MANAGER_BAD: list[tuple[Changes, set[str]]] = [
    ({}, set()),
    ({"terminated-pod-gc-threshold": None}, {"pod_gc"}),
    ({"terminated-pod-gc-threshold": "0"}, {"pod_gc"}),
    ({"profiling": None}, {"profiling"}),
    ({"use-service-account-credentials": None}, {"own_credentials"}),
    ({"service-account-private-key-file": None}, {"service_account_key"}),
    ({"root-ca-file": None}, {"root_authority"}),
    ({"feature-gates": "RotateKubeletServerCertificate=false"}, {"rotate_kubelet_server"}),
    ({"feature-gates": "RotateKubeletServerCertificate=true,Other=false"}, set()),
    ({"bind-address": None}, {"bind_address"}),
]
ETCD_BAD: list[tuple[Changes, set[str]]] = [
    ({}, set()),
    ({"cert-file": None}, {"tls"}),
    ({"client-cert-auth": None}, {"client_certificates"}),
    ({"auto-tls": "true"}, {"auto_tls"}),
    ({"peer-key-file": None}, {"peer_tls"}),
    ({"peer-client-cert-auth": "false"}, {"peer_certificates"}),
    ({"peer-auto-tls": "true"}, {"peer_auto_tls"}),
    ({"trusted-ca-file": "/pki/ca.crt"}, {"own_authority"}),
    ({"trusted-ca-file": None}, {"own_authority"}),
]
KUBELET_BAD: list[tuple[Changes, set[str]]] = [
    ({}, set()),
    ({"authentication": {**KUBELET["authentication"], "anonymous": {"enabled": True}}}, {"anonymous_auth"}),
    ({"authentication": {"anonymous": {"enabled": False}, "x509": {}}}, {"client_authority"}),
    ({"authorization": {"mode": "AlwaysAllow"}}, {"authorization"}),
    ({"readOnlyPort": 10255}, {"read_only_port"}),
    ({"readOnlyPort": None}, set()),
    ({"streamingConnectionIdleTimeout": "0s"}, {"streaming_timeout"}),
    ({"protectKernelDefaults": None}, {"kernel_defaults"}),
    ({"makeIPTablesUtilChains": False}, {"iptables_chains"}),
    ({"eventRecordQPS": -1}, {"event_rate"}),
    ({"serverTLSBootstrap": None}, {"tls_certificate"}),
    ({"serverTLSBootstrap": None, "tlsCertFile": "/a", "tlsPrivateKeyFile": "/b"}, set()),
    ({"rotateCertificates": False}, {"rotate_certificates"}),
    ({"featureGates": {"RotateKubeletServerCertificate": False}}, {"rotate_server_certificate"}),
    ({"tlsCipherSuites": None}, {"strong_ciphers"}),
    ({"podPidsLimit": -1}, {"pods_pids"}),
    ({"podPidsLimit": None}, {"pods_pids"}),
    ({"seccompDefault": False}, {"seccomp_default"}),
]
SCHEDULER_BAD: list[tuple[Changes, set[str]]] = [
    ({"profiling": "false", "bind-address": "127.0.0.1"}, set()),
    ({"bind-address": "127.0.0.1"}, {"profiling"}),
    ({"profiling": "false"}, {"bind_address"}),
]


def _facts(program: str, kept: Changes, changes: Changes) -> dict[str, Any]:
    flags = {name: [value] for name, value in {**kept, **changes}.items() if value is not None}
    return component_facts(program, flags, (1, 20))


@pytest.mark.parametrize(("bad", "fails"), MANAGER_BAD)
def test_controller_manager(bad: Changes, fails: set[str]) -> None:
    facts = _facts("kube-controller-manager", MANAGER, bad)
    assert failing(CONTROLLER_MANAGER_CONTROLS, "controller_manager", facts) == fails


@pytest.mark.parametrize(("bad", "fails"), SCHEDULER_BAD)
def test_scheduler(bad: Changes, fails: set[str]) -> None:
    assert failing(SCHEDULER_CONTROLS, "scheduler", _facts("kube-scheduler", {}, bad)) == fails


@pytest.mark.parametrize(("bad", "fails"), ETCD_BAD)
def test_etcd(bad: Changes, fails: set[str]) -> None:
    facts = {**_facts("etcd", ETCD, bad), "api_client_ca_file": "/pki/ca.crt"}
    assert failing(ETCD_CONTROLS, "etcd", facts) == fails


@pytest.mark.parametrize(("bad", "fails"), KUBELET_BAD)
def test_kubelet(bad: Changes, fails: set[str]) -> None:
    facts = kubelet_facts({**KUBELET, **bad}, Version(1, 27, "v1.27.0"))
    assert failing(KUBELET_CONTROLS, "kubelet", facts) == fails


def test_a_kubelet_before_1_22_knows_no_default_profile() -> None:
    facts = kubelet_facts({**KUBELET, "seccompDefault": None}, Version(1, 20, "v1.20.2"))
    assert failing(KUBELET_CONTROLS, "kubelet", facts) == set()


@pytest.mark.parametrize(
    ("controls", "bad"),
    [
        (CONTROLLER_MANAGER_CONTROLS, MANAGER_BAD),
        (SCHEDULER_CONTROLS, SCHEDULER_BAD),
        (ETCD_CONTROLS, ETCD_BAD),
        (KUBELET_CONTROLS, KUBELET_BAD),
    ],
)
def test_every_control_fails_for_something(controls: tuple[Control, ...], bad: list[tuple[Changes, set[str]]]) -> None:
    seen = {name for _changes, fails in bad for name in fails}
    assert {control.id.rpartition(".")[2] for control in controls if not control.manual} == seen
