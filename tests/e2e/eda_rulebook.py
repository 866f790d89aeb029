# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-rulebook in a process of its own, and the stream that it reads."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.api import AckPolicy, ConsumerConfig

from tests.lab.ansible import COLLECTIONS
from tests.lab.nats import Nats
from tests.tooling.environments import EDA

# The stage makes both. Who runs such a test alone is told how.
NEEDS_EDA = [
    pytest.mark.skipif(shutil.which("java") is None, reason="needs java (Debian: default-jre-headless)"),
    pytest.mark.skipif(
        not Path(EDA.program("ansible-rulebook")).exists(), reason="needs `python3 -m tests.tooling venv eda`"
    ),
]

PLAYBOOK = """
- name: Keep the alert
  hosts: all
  gather_facts: false
  vars:
    alert: "{{ respond_alert_base64 | b64decode | from_json }}"
  tasks:
    - name: Say what ansible-rulebook adds to each playbook
      ansible.builtin.debug:
        msg: "{{ ansible_eda.event }}"

    - name: Write it
      ansible.builtin.copy:
        content: "{{ alert | to_json }}"
        dest: "{{ folder }}/{{ alert.output_fields['k8s.pod.name'] }}.json"
        mode: "0600"
"""


def alert(pod: str, priority: str = "Critical", namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """As Falco writes it, about a pod."""
    fields = {"k8s.ns.name": namespace, "k8s.pod.name": pod, "container.id": "3ad7b26ded6d"}
    found = {"hostname": "worker-1", "output": "A shell", "output_fields": fields, "priority": priority}
    return {**found, "rule": "Terminal shell", "source": "syscall", "time": "2026-01-02T10:15:30.1Z", **more}


class Rulebook:
    """ansible-rulebook in a process of its own, with our rulebook and the playbook above."""

    def __init__(self, server: Nats, folder: Path) -> None:
        self.folder, self.log = folder, folder / "rulebook.log"
        self.answers = folder / "answers"
        self.answers.mkdir()
        (folder / "keep.yml").write_text(PLAYBOOK)
        (folder / "inventory.yml").write_text(json.dumps(_inventory(self.answers)))
        (folder / "variables.yml").write_text(json.dumps(_variables(server, folder)))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, rulebook: str = "respond", *more: str) -> None:
        """Start it; its rule engine takes some seconds."""
        words = ["-r", f"bulkhead.container_security.{rulebook}", "-i", "inventory.yml", "--vars", "variables.yml"]
        path = os.pathsep.join([str(EDA.path / "bin"), os.environ.get("PATH", os.defpath)])
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [EDA.program("ansible-rulebook"), *words, "--verbose", *more],
                cwd=self.folder,
                env={**environment, "PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS), "PYTHONPATH": ""},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def set(self, name: str, value: Any) -> None:
        """One more variable of the rulebook, for the next start."""
        file = self.folder / "variables.yml"
        file.write_text(json.dumps({**json.loads(file.read_text()), name: value}))

    def end(self) -> int:
        """Kill it, or take its exit code where it ended by itself."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            os.killpg(self._process.pid, 9)
        return self._process.wait()

    def answered(self) -> dict[str, Any]:
        """The alerts that the playbook got, by pod."""
        return {file.stem: json.loads(file.read_text() or "{}") for file in self.answers.glob("*.json")}

    def wait(self, condition: Callable[[], bool]) -> None:
        """Until it is so. Fails with the last words of ansible-rulebook."""
        deadline = time.monotonic() + 180
        while not condition():
            assert self._process is not None
            over = self._process.poll() is not None or time.monotonic() > deadline
            assert not over, self.log.read_text(errors="replace")[-4000:]
            time.sleep(0.1)

    def ended(self) -> int:
        """The exit code, once it has ended by itself."""
        assert self._process is not None
        return self._process.wait(timeout=180)


def _inventory(answers: Path) -> dict[str, Any]:
    variables = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {"all": {"hosts": {"lab": {**variables, "folder": str(answers)}}}}


def _variables(server: Nats, folder: Path) -> dict[str, Any]:
    certificate, key = server.certificate_files("admin")
    return {
        "respond_nats_servers": [server.url],
        "respond_nats_ca_file": str(server.ca_file),
        "respond_nats_cert_file": str(certificate),
        "respond_nats_key_file": str(key),
        "respond_nats_nkey_seed_file": str(server.seed_file("admin")),
        "respond_rank": 3,
        "respond_namespaces": ["shop", "office"],
        "respond_playbook": str(folder / "keep.yml"),
    }


async def provide(server: Nats) -> None:
    """The stream of alerts and the consumer of the rulebook."""
    connection = await nats.connect(**server.options())
    stream = connection.jetstream()
    await stream.add_stream(name="FALCO", subjects=["falco.>"])
    await stream.add_consumer(
        "FALCO", ConsumerConfig(durable_name="rulebook", ack_policy=AckPolicy.EXPLICIT, ack_wait=5)
    )
    await connection.close()


def publish(server: Nats, *contents: dict[str, Any] | bytes) -> None:
    """Put alerts, or what is none, into the stream."""

    async def send() -> None:
        connection = await nats.connect(**server.options())
        for content in contents:
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            await connection.jetstream().publish("falco.critical.terminal_shell", data)
        await connection.close()

    asyncio.run(send())


def outstanding(server: Nats) -> int:
    """How many messages the rulebook has not acknowledged."""

    async def ask() -> int:
        connection = await nats.connect(**server.options())
        info = await connection.jetstream().consumer_info("FALCO", "rulebook")
        await connection.close()
        return int(info.num_pending + info.num_ack_pending)

    return asyncio.run(ask())
