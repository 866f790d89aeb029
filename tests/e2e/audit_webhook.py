# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An API server that sends its audit events to the test, and a kubelet to which it passes a shell on."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.lab.dockerd import REPOSITORY
from tests.lab.kubernetes import Kubernetes

POLICY = REPOSITORY / "roles" / "k8s_apiserver" / "files" / "audit_policy_detection.yml"


class Received(list[dict[str, Any]]):
    """The events that came, in their order."""

    def since(self, before: int, **reference: str) -> list[dict[str, Any]]:
        """Those after the first `before` whose objectRef has these values."""
        fits = [event for event in self[before:] if reference.items() <= event.get("objectRef", {}).items()]
        return list(fits)


@contextmanager
def _served(handler: type[http.server.BaseHTTPRequestHandler], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """The port of a server on the loopback, as long as the block lasts."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def receiver() -> Iterator[tuple[int, Received]]:
    """A webhook for audit events: its port, and what it received."""
    received = Received()

    class Webhook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.extend(json.loads(body)["items"])
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with _served(Webhook) as port:
        yield port, received


def webhook_file(folder: Path, url: str, **credentials: Path) -> Path:
    """The kubeconfig that tells an API server where its audit events go. credentials: ca, certificate, key."""
    file = folder / "audit-webhook.json"
    cluster = {"server": url, **({"certificate-authority": str(credentials["ca"])} if credentials else {})}
    names = {"client-certificate": "certificate", "client-key": "key"}
    user = {field: str(credentials[name]) for field, name in names.items() if credentials}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sink", "cluster": cluster}],
        "users": [{"name": "sink", "user": user}],
        "contexts": [{"name": "sink", "context": {"cluster": "sink", "user": "sink"}}],
        "current-context": "sink",
    }
    file.write_text(json.dumps(config))
    return file


@contextmanager
def audited_cluster(webhook: Path, *flags: str) -> Iterator[Kubernetes]:
    """An API server that sends its audit events to a webhook, by the policy of the role."""
    given = (f"--audit-webhook-config-file={webhook}", *flags)
    with Kubernetes("api", api_flags=given, audit_policy=yaml.safe_load(POLICY.read_text())) as cluster:
        yield cluster


@contextmanager
def kubelet_for(cluster: Kubernetes, node: str) -> Iterator[None]:
    """A node whose kubelet opens the stream that is asked for, and closes it again."""

    class Kubelet(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", self.headers.get("Upgrade", ""))
            self.end_headers()
            self.close_connection = True

        do_GET = do_POST

        def log_message(self, *_args: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cluster.workdir / "pki" / "apiserver.crt", cluster.workdir / "pki" / "apiserver.key")
    with _served(Kubelet, context) as port, cluster.rest() as rest:
        rest.create("/api/v1/nodes", {"metadata": {"name": node}})
        status = {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        }
        rest.send("PATCH", f"/api/v1/nodes/{node}/status", {"status": status}, "application/merge-patch+json")
        yield
