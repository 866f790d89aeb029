# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the audit log of a real API server to a pod that is gone, with no Falco: webhook, ingest, NATS, runner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.audit_webhook import audited_cluster, webhook_file
from tests.e2e.response_doubles import Double
from tests.e2e.response_stage import CONSUMER, ResponseStage


def _pod(name: str, **spec: Any) -> str:
    containers = [{"name": "c", "image": "registry.test/web:1"}]
    metadata = {"generateName": name, "namespace": "shop"}
    return json.dumps(
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers, **spec}}
    )


def test_a_privileged_pod_is_gone_and_told(response: ResponseStage, outside: Double, tmp_path: Path) -> None:
    certificate, key = response.nats.certificate_files("forwarder")
    response.config["source"] = [{"stream": "K8S_AUDIT", "consumer": CONSUMER, "format": "k8s_audit"}]
    response.config["known"] = {"secret_read": ["admin"]}
    response.config["ingest"] = {
        "listen": f"127.0.0.1:{response.ingest_port}",
        "cert_file": str(response.nats.workdir / "server.crt"),
        "key_file": str(response.nats.workdir / "server.key"),
        "client_ca_file": str(response.nats.ca_file),
        "format": "k8s_audit",
    }
    steps = [{"action": "delete_pod"}, {"notify": "webhook", "params": {"url": f"{outside.url}/told"}}]
    response.config["rules"] = [{"name": "privileged", "match": {"rules": ["Privileged pod *"]}, "steps": steps}]
    sink = webhook_file(
        tmp_path,
        f"https://127.0.0.1:{response.ingest_port}/",
        ca=response.nats.ca_file,
        certificate=certificate,
        key=key,
    )
    with audited_cluster(sink, "--audit-webhook-batch-max-wait=100ms", "--audit-webhook-initial-backoff=1s") as cluster:
        cluster.make_namespace("shop")
        pki = cluster.workdir / "pki"
        response.config["kubernetes"] = {
            "server": cluster.url,
            "ca_file": str(cluster.ca_file),
            "cert_file": str(pki / "admin.crt"),
            "key_file": str(pki / "admin.key"),
        }
        response.start()
        cluster.kubectl("create", "-f", "-", input=_pod("plain-"))
        cluster.kubectl("create", "-f", "-", input=_pod("bad-", hostNetwork=True))
        response.wait("decision", lambda: bool(response.records()))
        response.await_finished("K8S_AUDIT")
        [(subject, record)] = response.records()
        left = cluster.kubectl("-n", "shop", "get", "pods", "-o", "jsonpath={.items[*].metadata.name}").split()
    assert subject == "response.decision.acted.privileged_pod_created"
    assert record["status"] == "acted"
    assert record["alert"]["source"] == "k8s_audit"
    assert record["target"]["pod"].startswith("bad-")
    assert [name.startswith("plain-") for name in left] == [True]
