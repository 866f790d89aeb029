# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role nats on a real cluster: nats-server in real pods, reached by the Service, by those who may alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.ansible import PlaybookResult, run_playbook
from tests.lab.images import make_program_image
from tests.lab.kubernetes import Kubernetes
from tests.lab.kubernetes.network import NODE
from tests.lab.nats import server_program
from tests.lab.nats_identity import Identity, forget_connections

_IMAGE = "lab/nats:1.0"
_NAMESPACE = "nats-role"
_PLAY = """
- hosts: localhost
  connection: local
  gather_facts: false
  roles: [bulkhead.container_security.nats]
"""

# nats-py leaves the sockets of refused connections to the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Role:
    """The role, with what the lab needs, and the server that it makes."""

    def __init__(self, cluster: Kubernetes, folder: Path) -> None:
        self.cluster, self.pki = cluster, folder / "pki"
        self.playbook = folder / "play.yml"
        self.playbook.write_text(_PLAY)

    def run(self, *, check: bool = False, **options: Any) -> PlaybookResult:
        """The role with these options beside those of the lab."""
        declared = {
            "kubeconfig": str(self.cluster.kubeconfig),
            "pki_dir": str(self.pki),
            "namespace": _NAMESPACE,
            "names": [NODE],
            "service_type": "NodePort",
            "image": _IMAGE,
            "image_pull_policy": "Never",
            "validator": server_program(),
            "storage": {"ephemeral": True, "size": "1Gi"},
            "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
            **options,
        }
        variables = {f"nats_{name}": value for name, value in declared.items()}
        quickly = {"ANSIBLE_PIPELINING": "true"}
        return run_playbook(self.playbook, extra_vars=variables, check=check, diff=True, env=quickly)

    def get(self, *words: str) -> Any:
        return json.loads(self.cluster.kubectl("-n", _NAMESPACE, "get", *words, "-o=json"))

    @property
    def url(self) -> str:
        """The Service, as it is reached from outside the cluster."""
        return f"tls://{NODE}:{self.get('service', 'nats')['spec']['ports'][0]['nodePort']}"

    def user(self, name: str, **without: bool) -> Identity:
        return Identity(self.url, self.pki / "clients" / name, **without)


@pytest.fixture
def role(k8s_full: Kubernetes, tmp_path: Path) -> Iterator[Role]:
    with contextlib.closing(k8s_full.node.docker.client()) as client:
        make_program_image(client, _IMAGE, "nats-server", Path(server_program()).read_bytes())
    made = Role(k8s_full, tmp_path)
    yield made
    made.run(state="absent", wait=False)
    forget_connections()


def test_the_server_lets_in_whom_it_should(role: Role) -> None:
    assert role.run(check=True).check().changed
    assert not role.pki.exists()
    assert role.run().check().changed
    streams: dict[str, Any] = {"stream_servers": [role.url]}
    assert role.run(**streams).check().changed == ["nats : Bring streams and consumers to what is declared"]
    assert role.run(**streams).check().changed == []

    forwarder = role.user("forwarder")
    assert forwarder.publish("falco.notice.shell") == []
    assert "permissions violation" in forwarder.publish("response.decision.acted.shell")[0]
    assert "permissions violation" in forwarder.subscribe("falco.>")[0]
    assert role.user("forwarder", certificate=False).refusal()
    assert "authorization" in role.user("forwarder", nkey=False).refusal().lower()

    async def taken() -> bytes:
        connection = await role.user("response_engine").connect()
        consumer = await connection.jetstream().pull_subscribe_bind("response_engine", stream="FALCO")
        [message] = await consumer.fetch(1, timeout=30)
        await message.ack_sync(timeout=30)
        await connection.close()
        return bytes(message.data)

    assert asyncio.run(taken()) == b"{}"

    pod = role.get("pods")["items"][0]
    spec, container = pod["spec"], pod["spec"]["containers"][0]
    assert spec["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert not [volume for volume in spec["volumes"] if "token" in volume["name"]]

    # Another permission makes the pod anew, for there is no reloader; the message of the stream goes with the emptyDir.
    more = [{"name": "publisher", "account": "RESPONSE", "publish": ["findings.>"], "subscribe": ["_INBOX.>"]}]
    assert role.run(extra_users=more).check().changed
    assert role.user("publisher").publish("findings.high.nats") == []
    assert role.get("pods")["items"][0]["metadata"]["uid"] != pod["metadata"]["uid"]

    assert role.run(state="absent").check().changed
    assert (role.pki / "clients" / "forwarder" / "user.nk").exists()
    assert role.run(state="absent").check().changed == []
