# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""deploy_stack.yml on a cluster of the lab, and what is asked of the stack that it brings.

Falco itself cannot run here: its exact JSON is sent over HTTPS, with the certificate that the playbook made for Falco.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats.js.errors

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.dockerd import LabError
from tests.lab.images import BASE, make_images, make_program_image
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.network import API_SERVICE, NODE
from tests.lab.nats import server_program
from tests.lab.nats_identity import Identity
from tests.lab.python_image import make_python_image

_NATS_IMAGE = "lab/nats:1.0"
_NODE_PORT = 30422
ENGINE = "bulkhead-response"
_EVIDENCE = "/evidence"
_ENGINE_UID = 65532
"""As whom the role runs the engine, which writes the evidence."""
_PATIENCE = 120


def wait(what: str, condition: Callable[[], bool]) -> None:
    """Until the condition holds. LabError where it never does."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"no {what} after {_PATIENCE} s")
        time.sleep(0.2)


class Stack:
    """The playbook on the cluster, with what the lab needs: fixed addresses, for it has no DNS, and own images."""

    def __init__(self, cluster: Kubernetes, folder: Path, shop: str, hook_url: str) -> None:
        self.cluster, self.shop, self.pki = cluster, shop, folder / "pki"
        self.evidence = folder / "evidence"
        self.evidence.mkdir(mode=0o700)
        os.chown(self.evidence, _ENGINE_UID, _ENGINE_UID)
        steps = [
            {"action": "capture_evidence", "params": {"folder": _EVIDENCE, "min_free_mb": 0}},
            {"action": "delete_pod", "params": {"grace_period_seconds": 0}},
            {"notify": "webhook", "params": {"url_file": f"/etc/{ENGINE}/secrets/hook", "plain_http": True}},
        ]
        secret = folder / "hook"
        secret.write_text(hook_url)
        self.variables: dict[str, Any] = {
            "stack_clusters": "localhost",
            "stack_falco": False,
            "stack_kubeconfig": str(cluster.kubeconfig),
            "stack_pki_dir": str(self.pki),
            "stack_nats_servers": [self.nats_url],
            "nats_names": [NODE],
            "nats_service_type": "NodePort",
            "nats_stream_servers": [self.nats_url],
            "nats_force_conflicts": True,
            "nats_image": _NATS_IMAGE,
            "nats_image_pull_policy": "Never",
            "nats_validator": server_program(),
            "nats_storage": {"ephemeral": True, "size": "9Gi"},
            "nats_resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            "response_engine_wait_timeout": 60,
            "response_engine_image": "lab/python:1.0",
            "response_engine_allow_unpinned": True,
            "response_engine_image_pull_policy": "Never",
            "response_engine_package": "config_map",
            "response_engine_kubernetes": {"server": f"https://{API_SERVICE}"},
            "response_engine_dry_run": False,
            "response_engine_allowed_namespaces": [shop],
            "response_engine_volumes": [{"name": "evidence", "hostPath": {"path": str(self.evidence)}}],
            "response_engine_volume_mounts": [{"name": "evidence", "mountPath": _EVIDENCE}],
            "response_engine_secrets": {"hook": str(secret)},
            "response_engine_rules": [
                {"name": "shell", "match": {"rules": ["Terminal shell in container"]}, "steps": steps}
            ],
        }

    @property
    def nats_url(self) -> str:
        return f"tls://{NODE}:{_NODE_PORT}"

    def run(self, **more: Any) -> PlaybookResult:
        done = run_playbook("deploy_stack.yml", extra_vars={**self.variables, **more}, timeout=600)
        if done.rc:
            words = ("-n", ENGINE, "describe", "pods"), ("-n", ENGINE, "logs", f"deployment/{ENGINE}", "--tail=40")
            said = "\n".join(self.cluster.kubectl(*each, check=False) for each in words)
            raise LabError(f"the engine's last words:\n{said}\n{done.stdout}\n{done.stderr}")
        return done

    def get(self, *words: str) -> Any:
        return json.loads(self.cluster.kubectl("get", *words, "-o=json"))

    def fix_the_port_of_nats(self) -> None:
        """There is no DNS, so that the address must be known before: the role takes the Service as it finds it."""
        self.cluster.make_namespace("nats")
        port = {"name": "client", "port": 4222, "protocol": "TCP", "nodePort": _NODE_PORT}
        spec = {"type": "NodePort", "ports": [port]}
        metadata = {"name": "nats", "namespace": "nats"}
        self.cluster.kubectl(
            "create",
            "-f",
            "-",
            input=json.dumps({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}),
        )

    def victim(self) -> dict[str, Any]:
        """The one pod that runs in the shop."""
        pods = [pod for pod in self.get("pods", "-n", self.shop)["items"] if "deletionTimestamp" not in pod["metadata"]]
        running = [pod for pod in pods if pod["status"].get("phase") == "Running"]
        return running[0] if len(running) == 1 else {}

    def wait_for_another_victim(self, than: dict[str, Any]) -> None:
        """Until the Deployment has put another pod in its place. One look a turn: the pod may end between two."""
        uid = than["metadata"]["uid"]
        wait("new pod", lambda: self.victim().get("metadata", than["metadata"])["uid"] != uid)

    def alert(self, pod: dict[str, Any]) -> dict[str, Any]:
        """As Falco 0.43 sends it."""
        container = pod["status"]["containerStatuses"][0]["containerID"].rpartition("/")[2]
        return {
            "hostname": "node-1",
            "output": "A shell was spawned in a container with an attached terminal",
            "output_fields": {
                "container.id": container[:12],
                "container.image.repository": "lab/base",
                "evt.time.iso8601": time.time_ns(),
                "k8s.ns.name": self.shop,
                "k8s.pod.name": pod["metadata"]["name"],
                "proc.name": "sh",
            },
            "priority": "Notice",
            "rule": "Terminal shell in container",
            "source": "syscall",
            "tags": ["container", "mitre_execution", "shell"],
            "time": "2026-01-01T00:00:00.000000000Z",
        }

    def send(self, alert: dict[str, Any], *, as_falco: bool = True) -> int:
        """The HTTP status; 0 where the connection was refused."""
        client = self.pki / "ingest" / "clients" / "falco"
        context = ssl.create_default_context(cafile=str(client / "ca.pem"))
        context.check_hostname = False  # the lab has no DNS; the certificate is still that of our authority
        if as_falco:
            context.load_cert_chain(str(client / "cert.pem"), str(client / "key.pem"))
        address = self.get("service", ENGINE, "-n", ENGINE)["spec"]["clusterIP"]
        request = urllib.request.Request(f"https://{address}:2801/", json.dumps(alert).encode())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, context=context, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def last_decision(self, status: str = "acted") -> dict[str, Any]:
        """The newest record of this status (`*`: any), as the auditor reads it; empty where there is none."""

        async def read() -> Any:
            connection = await Identity(self.nats_url, self.pki / "nats" / "clients" / "auditor").connect()
            try:
                message = await connection.jetstream().get_last_msg("RESPONSE", f"response.decision.{status}.>")
                return json.loads(message.data or b"{}")
            except nats.js.errors.NotFoundError:
                return {}
            finally:
                await connection.close()

        found: dict[str, Any] = asyncio.run(read())
        return found

    def deploy_victims(self) -> None:
        """A Deployment of one pod in the shop, and wait until it runs."""
        container = {"name": "web", "image": BASE, "imagePullPolicy": "Never"}
        labels = {"app": "web"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
        self.cluster.kubectl_apply(
            [
                {
                    "apiVersion": "apps/v1",
                    "kind": "Deployment",
                    "metadata": {"name": "web", "namespace": self.shop},
                    "spec": {"selector": {"matchLabels": labels}, "template": template},
                }
            ]
        )
        wait("running victim", lambda: bool(self.victim()))


def prepare(cluster: Kubernetes) -> None:
    """The images of the stack, on the node of the cluster."""
    with contextlib.closing(cluster.node.docker.client()) as client:
        make_images(client, [])
        make_program_image(client, _NATS_IMAGE, "nats-server", Path(server_program()).read_bytes())
        make_python_image(client)
