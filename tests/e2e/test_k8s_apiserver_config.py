# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""k8s_apiserver_config on a real API server: each change proved by requests, and each failure taken back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.apiserver_host import Host, K3sHost
from tests.lab.kubernetes import Kubernetes

POLICY: dict[str, Any] = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata", "resources": [{"group": "", "resources": ["secrets", "configmaps"]}]}],
}


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    """One API server for this file; every test leaves it as it found it."""
    with Kubernetes("api") as k8s, Host(k8s) as running:
        yield running


@pytest.fixture
def unchanged(host: Host) -> Iterator[Host]:
    """The same, and what a test changed is taken back, to the byte."""
    yield host
    result = host.run(state="absent")
    assert "failed" not in result, result["msg"]
    assert host.manifest.read_text() == host.original
    assert not list(host.config_dir.glob("*"))


class Receiver:
    """A webhook that keeps the audit events that it is sent."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        events = self.events

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                events.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["items"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/audit"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def eventually(what: Callable[[], bool], timeout: float = 20.0) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + timeout
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def kubeconfig(url: str, token: str = "") -> str:
    """A kubeconfig of a webhook."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sink", "cluster": {"server": url}}],
        "users": [{"name": "us", "user": {"token": token} if token else {}}],
        "contexts": [{"name": "sink", "context": {"cluster": "sink", "user": "us"}}],
        "current-context": "sink",
    }
    return json.dumps(config)


def test_audit_log_webhook_and_admission_take_effect(unchanged: Host) -> None:
    host, log = unchanged, unchanged.folder / "audit" / "audit.log"
    limits = {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [{"type": "Namespace", "qps": 1, "burst": 2}],
    }
    admission = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AdmissionConfiguration",
        "plugins": [{"name": "EventRateLimit", "configuration": limits}],
    }
    with Receiver() as receiver:
        result = host.configure(
            flags={"audit-log-path": str(log), "audit-log-maxage": 30, "audit-webhook-batch-max-wait": "100ms"},
            files=[
                {"flag": "audit-policy-file", "content": POLICY},
                {"flag": "audit-webhook-config-file", "secret_content": kubeconfig(receiver.url, "hush-hush")},
                {"flag": "admission-control-config-file", "content": admission},
            ],
            enable_admission_plugins=["AlwaysPullImages", "EventRateLimit", "PodSecurityPolicy"],
        )
        assert result["in_effect"] is True
        assert "hush-hush" not in json.dumps(result)
        assert "With PodSecurityPolicy enabled" in str(result["warnings"])
        host.k8s.kubectl("create", "configmap", "audited", "--from-literal=a=b")
        host.k8s.kubectl("delete", "configmap", "audited")
        assert eventually(lambda: '"audited"' in log.read_text())
        assert eventually(lambda: any(e["objectRef"].get("name") == "audited" for e in receiver.events))
    assert log.parent.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in host.config_dir.iterdir())
    with host.rest() as rest:
        event = {"involvedObject": {"namespace": "default"}, "reason": "Test"}
        body = [{**event, "metadata": {"name": f"e{number}"}} for number in range(5)]
        assert 429 in [rest.send("POST", "/api/v1/namespaces/default/events", each)[0] for each in body]
        pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
        status, answer = rest.send("POST", "/api/v1/namespaces/default/pods", pod)
        assert status == 403
        assert "PodSecurityPolicy" in answer["message"]


@pytest.mark.slow
def test_encryption_reencryption_and_another_key(host: Host) -> None:
    def stored() -> bytes:
        return host.k8s.etcd_get("/registry/secrets/default/old")[:40]

    host.k8s.kubectl("create", "secret", "generic", "old", "--from-literal=password=correct-horse")
    result = host.configure(encryption={"key_name": "first"})
    assert result["reencrypt"]
    assert stored().startswith(b"k8s\x00"), "what is there stays as it is until it is written anew"
    assert "correct-horse" not in json.dumps(result)
    done = host.reencrypt()
    assert done["changed"], done
    assert stored().startswith(b"k8s:enc:secretbox:v1:first:")
    assert not host.reencrypt()["changed"]
    assert "failed" not in host.run(encryption={"key_name": "first", "phase": "retire"})

    assert host.configure(encryption={"provider": "aescbc", "key_name": "second"})["reencrypt"]
    host.reencrypt()
    assert stored().startswith(b"k8s:enc:aescbc:v1:second:")
    retired = host.configure(encryption={"provider": "aescbc", "key_name": "second", "phase": "retire"})
    assert not retired["reencrypt"]
    text = (host.config_dir / "encryption.yaml").read_text()
    assert "first" not in text
    secret = text.split("secret: ")[1].split()[0]
    assert secret not in json.dumps(retired)
    assert not [path for path in host.state_dir.rglob("*") if path.is_file() and secret in path.read_text()]
    assert host.k8s.kubectl("get", "secret", "old", "-o", "jsonpath={.data.password}")

    refused = host.run(state="absent")
    assert refused["still_encrypted"]
    assert "identity" in refused["msg"]
    plain = {"provider": "identity"}
    host.run(encryption=plain)
    host.reencrypt()
    assert stored().startswith(b"k8s\x00")
    host.run(encryption={**plain, "phase": "retire"})
    assert "failed" not in host.run(state="absent")
    assert host.manifest.read_text() == host.original
    assert host.k8s.kubectl("get", "secret", "old", "-o", "jsonpath={.data.password}")


def test_what_the_server_refuses_is_taken_back(host: Host) -> None:
    before, flags = host.everything(), host.flags()
    result = host.run(
        flags={"service-account-issuer": "::1:bad"}, files=[{"flag": "audit-policy-file", "content": POLICY}]
    )
    assert result["failed"]
    assert "not a valid URL" in result["msg"], "the server's own words"
    assert "runs with the old configuration" in result["msg"]
    assert host.everything() == before
    assert host.flags() == flags
    with host.rest() as rest:
        assert rest.status("/readyz") == 200
    assert not list(host.state_dir.rglob("journal.json"))


def test_without_anonymous_access_probes_change(unchanged: Host) -> None:
    host = unchanged
    message = host.refused(flags={"anonymous-auth": False})
    assert "anonymous_probes" in message
    result = host.configure(flags={"anonymous-auth": False}, anonymous_probes="tcp")
    assert result["plan"]["probes"] == ["livenessProbe", "readinessProbe"]
    assert "httpGet" not in host.manifest.read_text()
    assert host.flags()["anonymous-auth"] == "false"


def test_drift_of_a_hand_edited_manifest_is_shown_and_repaired(unchanged: Host) -> None:
    host, wanted = unchanged, {"flags": {"profiling": True, "audit-log-maxage": 7}}
    host.configure(**wanted)
    text = host.manifest.read_text()
    host.manifest.write_text(text.replace("maxage=7", "maxage=1").replace("# nobody", "# really nobody"))
    drift = host.run(check=True, **wanted)
    assert drift["plan"]["flags"] == [{"flag": "audit-log-maxage", "before": ["1"], "after": ["7"]}]
    host.configure(**wanted)
    assert host.flags()["audit-log-maxage"] == "7"
    assert "# really nobody" in host.manifest.read_text()
    host.manifest.write_text(text)
    host.await_manifest()


def test_k3s_takes_its_list_and_goes_back() -> None:
    with Kubernetes("api") as k8s, K3sHost(k8s) as host:
        log = host.folder / "audit.log"
        host.configure(
            flags={"audit-log-path": str(log), "profiling": True},
            files=[{"flag": "audit-policy-file", "content": POLICY}],
            enable_admission_plugins=["AlwaysPullImages"],
        )
        assert host.flags()["enable-admission-plugins"] == "NodeRestriction,AlwaysPullImages"
        assert "# of this cluster" in host.config.read_text()
        host.k8s.kubectl("create", "configmap", "audited")
        assert eventually(lambda: '"audited"' in log.read_text())
        text, flags = host.config.read_text(), host.flags()
        bad = host.run(flags={"service-account-issuer": "::1:bad"}, health_timeout=8)
        assert "not a valid URL" in bad["msg"]
        assert (host.config.read_text(), host.flags()) == (text, flags)
        assert "failed" not in host.run(state="absent")
        assert host.config.read_text() == host.original
        assert "audit-log-path" not in host.flags()


def test_backups_do_not_lie_where_the_kubelet_would_run_them(host: Host) -> None:
    assert [path.name for path in host.manifests.iterdir()] == [host.manifest.name]
    assert Path(host.state_dir).is_dir()
