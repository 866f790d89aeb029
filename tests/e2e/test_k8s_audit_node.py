# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_audit of a cluster with a node: kubelets by their configuration, what is served, and the host itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

_SELECTED = ["k8s.kubelet.*", "k8s.certificate.*", "k8s.api_server.*", "k8s.etcd.*", "k8s.file.*"]


def _audit(cluster: Kubernetes, **options: Any) -> dict[str, Any]:
    common = {"kubeconfig": str(cluster.kubeconfig), "target": "node", "select": _SELECTED, "include_snapshot": True}
    result = run_module("k8s_audit", {**common, **options})
    assert "failed" not in result, result
    return result


def _status(result: dict[str, Any], prefix: str) -> set[str]:
    return {each["status"] for each in result["findings"] if each["control"].startswith(prefix)}


@pytest.fixture
def plain(k8s_full: Kubernetes) -> dict[str, Any]:
    return _audit(k8s_full)


def test_what_was_not_asked_for_or_cannot_be_seen_is_manual(plain: dict[str, Any]) -> None:
    assert _status(plain, "k8s.kubelet.") == _status(plain, "k8s.file.") == {"manual"}
    assert _status(plain, "k8s.api_server.") == {"manual"}


def test_a_kubelet_is_judged_by_the_configuration_that_it_runs_with(k8s_full: Kubernetes) -> None:
    result = _audit(k8s_full, kubelet_configz=True)
    (kubelet,) = result["snapshot"]["subjects"]["kubelet"]
    assert kubelet["authentication"]["anonymous"] == {"enabled": False}
    assert kubelet["authorization"]["mode"] == "Webhook"
    assert _status(result, "k8s.kubelet.") <= {"fail", "not_applicable", "manual"}


def test_what_a_kubelet_serves_is_a_certificate_too(plain: dict[str, Any]) -> None:
    names = {each["subject"]["name"] for each in plain["snapshot"]["subjects"]["certificate"]}
    assert "API server, served" in names
    assert any(name.startswith("kubelet ") for name in names)


def test_the_host_tells_what_the_api_does_not(k8s_full: Kubernetes) -> None:
    result = _audit(k8s_full, control_plane=True)
    subjects = result["snapshot"]["subjects"]
    (server,) = subjects["api_server"]
    assert server["secure_port"] == k8s_full.port
    assert server["authorization_mode"] == ["Node", "RBAC"]
    assert len(subjects["etcd"]) == 1
    roles = {each["role"] for each in subjects["file"] if each.get("exists")}
    assert roles >= {"etcd_data", "kubelet_kubeconfig"}
    assert any(each["subject"]["name"].startswith("kubeconfig ") for each in subjects["certificate"])
    assert "error" not in _status(result, "k8s.")
