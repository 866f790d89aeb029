# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_apiserver_config where nothing stands in: the API server is a static pod of a real kubelet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.apiserver_host import Configured
from tests.lab.ansible import run_module
from tests.lab.kubernetes import Kubernetes

POLICY: dict[str, Any] = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}


@pytest.mark.slow
def test_a_kubelet_takes_the_manifest_and_gets_the_old_one_back(make_k8s: Callable[..., Kubernetes]) -> None:
    k8s = make_k8s("full", static_pod_api=True)
    original = k8s.manifest.read_text()
    options = {"path": str(k8s.manifest), "kubernetes_version": "1.20", "health_timeout": 120}
    host = Configured(k8s.workdir / "configured", options)
    log = host.folder / "audit" / "audit.log"
    k8s.kubectl("create", "secret", "generic", "old", "--from-literal=a=b")

    host.configure(
        flags={"audit-log-path": str(log), "anonymous-auth": False},
        files=[{"flag": "audit-policy-file", "content": POLICY}],
        encryption={"key_name": "first"},
        enable_admission_plugins=["AlwaysPullImages"],
        anonymous_probes="tcp",
    )
    k8s.kubectl("get", "namespaces")
    assert '"namespaces"' in log.read_text()
    k8s.kubectl("create", "secret", "generic", "new", "--from-literal=a=b")
    assert k8s.etcd_get("/registry/secrets/default/new").startswith(b"k8s:enc:secretbox:v1:first:")
    assert k8s.kubectl("get", "secret", "old", "-o", "jsonpath={.data.a}") == "Yg=="

    text = k8s.manifest.read_text()
    bad = host.run(flags={"service-account-issuer": "::1:bad"}, health_timeout=20)
    assert "runs with the old configuration" in bad["msg"]
    assert k8s.manifest.read_text() == text
    assert k8s.kubectl("get", "secret", "new", "-o", "jsonpath={.data.a}") == "Yg=="

    assert "failed" not in host.run(encryption={"provider": "identity"})
    assert run_module("k8s_reencrypt", {"kubeconfig": str(k8s.kubeconfig)})["changed"]
    assert "failed" not in host.run(encryption={"provider": "identity", "phase": "retire"})
    assert "failed" not in host.run(state="absent")
    assert k8s.manifest.read_text() == original
    k8s.kubectl("get", "namespaces")
