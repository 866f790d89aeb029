# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stage for the response runner: NATS with the users and streams of the contract, and the runner as a process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nats
from nats.js import api
from nats.js.errors import NotFoundError

from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes.ports import free_port
from tests.lab.nats import Nats, Permissions

PACKAGE = REPOSITORY / "roles" / "response_engine" / "files"
CONSUMER = "response_engine"
ACK_WAIT = 6

USERS = {
    "forwarder": Permissions(publish=["falco.>", "k8saudit.>"], subscribe=["_INBOX.>"]),
    "response_engine": Permissions(
        publish=[
            "response.>",
            "falco.>",
            "k8saudit.>",
            f"$JS.API.CONSUMER.MSG.NEXT.FALCO.{CONSUMER}",
            f"$JS.API.CONSUMER.MSG.NEXT.K8S_AUDIT.{CONSUMER}",
            f"$JS.API.CONSUMER.INFO.FALCO.{CONSUMER}",
            f"$JS.API.CONSUMER.INFO.K8S_AUDIT.{CONSUMER}",
            f"$JS.ACK.FALCO.{CONSUMER}.>",
            f"$JS.ACK.K8S_AUDIT.{CONSUMER}.>",
            "$JS.API.STREAM.MSG.GET.RESPONSE",
        ],
        subscribe=["_INBOX.>"],
    ),
    "stranger": Permissions(publish=["elsewhere.>"], subscribe=["_INBOX.>"]),
}
STREAMS = {"FALCO": "falco.>", "K8S_AUDIT": "k8saudit.>", "RESPONSE": "response.>"}


def alert(number: int, pod: str = "", **fields: Any) -> dict[str, Any]:
    """An alert as falcosidekick sends it: a shell in a pod of the namespace `shop`."""
    pod = pod or f"web-{number}"
    return {
        "uuid": f"00000000-0000-4000-8000-{number:012d}",
        "hostname": "node-1",
        "output": f"A shell was spawned in {pod}",
        "priority": "Notice",
        "rule": "Terminal shell in container",
        "source": "syscall",
        "tags": ["mitre_execution", "shell"],
        "time": "2026-01-01T00:00:00.000000000Z",
        "output_fields": {
            "container.id": f"{number:012x}",
            "container.image.repository": "registry.example.com/web",
            "container.image.tag": "1.0",
            "k8s.ns.name": "shop",
            "k8s.pod.name": pod,
            "proc.name": "bash",
            **fields,
        },
    }


class ResponseStage:
    """A context manager: NATS with streams and consumers, a configuration, and any number of runners by turns."""

    def __init__(self, server: Nats, folder: Path, *, ack_wait: float = ACK_WAIT) -> None:
        self.nats = server
        self.folder = folder
        self.log_file = folder / "decisions.jsonl"
        self.health_port, self.ingest_port = free_port(), free_port()
        self._ack_wait = ack_wait
        self._file = folder / "config.json"
        self._runner: subprocess.Popen[bytes] | None = None
        self.config: dict[str, Any] = {
            "nats": self._nats_settings(),
            "source": [{"stream": "FALCO", "consumer": CONSUMER, "format": "falco"}],
            "record": {"log_file": str(self.log_file)},
            "health": {"listen": f"127.0.0.1:{self.health_port}"},
            "allowed_namespaces": ["shop"],
            "limits": {"actions_per_minute": 0, "dedup_seconds": 60},
            "rules": [],
        }

    def _nats_settings(self) -> dict[str, Any]:
        certificate, key = self.nats.certificate_files("response_engine")
        return {
            "servers": [self.nats.url],
            "ca_file": str(self.nats.ca_file),
            "cert_file": str(certificate),
            "key_file": str(key),
            "nkey_seed_file": str(self.nats.seed_file("response_engine")),
        }

    # -- the runner ---------------------------------------------------------------------------------------------

    def start(self, *, wait: bool = True) -> float:
        """Start the runner; the seconds until it was ready."""
        begun = time.monotonic()
        with (self.folder / "runner.log").open("ab") as log:
            # It ends with the test, even where that is killed.
            words = ["setpriv", "--pdeathsig=KILL", *self.command()]
            self._runner = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_env())
        if wait:
            self.await_ready()
        return time.monotonic() - begun

    def command(self, *more: str) -> list[str]:
        """How the runner is started, with the configuration as it is now."""
        self._file.write_text(json.dumps(self.config))
        return [sys.executable, "-m", "bulkhead_response", "--config", str(self._file), *more]

    def check(self) -> tuple[int, str]:
        """(exit code, what it says) of `--check`."""
        done = subprocess.run(self.command("--check"), env=_env(), capture_output=True, text=True, check=False)
        return done.returncode, done.stdout or done.stderr

    def call_function(self, event: Mapping[str, Any]) -> str:
        """What the Kubeless function answers to an alert, in a process of its own as its runtime makes one a call."""
        self.command()
        call = "import json, sys; from bulkhead_response.kubeless_handler import handler; "
        call += "print(handler({'data': json.load(sys.stdin)}, {}))"
        env = {**_env(), "BULKHEAD_RESPONSE_CONFIG": str(self._file)}
        words = [sys.executable, "-c", call]
        return subprocess.run(
            words, input=json.dumps(event), env=env, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    @property
    def runner(self) -> subprocess.Popen[bytes]:
        """The process."""
        if self._runner is None:
            raise LabError("no runner was started")
        return self._runner

    def kill(self) -> None:
        """kill -9."""
        self.runner.kill()
        self.runner.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.runner.terminate()
        return self.runner.wait(timeout=60)

    def await_ready(self) -> None:
        """Wait until /readyz says so."""
        self.wait("ready runner", lambda: self.get("/readyz")[0] == 200)

    def wait(self, what: str, condition: Callable[[], bool], timeout: float = 120, pause: float = 0.02) -> None:
        """Wait for a condition. LabError with the runner's last words where it does not come."""
        deadline = time.monotonic() + timeout
        while not condition():
            ended = self._runner is not None and self._runner.poll() not in (None, -signal.SIGKILL)
            if ended or time.monotonic() > deadline:
                raise LabError(f"no {what}; the runner's last words:\n{self.last_words()}")
            time.sleep(pause)

    def last_words(self) -> str:
        """The end of what the runner has logged."""
        return "\n".join((self.folder / "runner.log").read_text(errors="replace").splitlines()[-40:])

    def get(self, path: str) -> tuple[int, str]:
        """(status, body) of the health listener; 0 where nothing answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    # -- NATS ---------------------------------------------------------------------------------------------------

    def make_streams(self, **more: Mapping[str, Any]) -> None:
        """The streams of the contract, with more settings by name, and their consumers."""

        async def make(js: Any) -> None:
            for name, subject in STREAMS.items():
                await js.add_stream(name=name, subjects=[subject], duplicate_window=120, **more.get(name, {}))
                if name != "RESPONSE":
                    ack = api.AckPolicy.EXPLICIT
                    settings = api.ConsumerConfig(durable_name=CONSUMER, ack_policy=ack, ack_wait=self._ack_wait)
                    await js.add_consumer(name, settings)

        self.ask(make)

    def ask(self, question: Callable[[Any], Any], user: str = "admin") -> Any:
        """What comes of a coroutine that gets a JetStream context of a user."""

        async def asked() -> Any:
            client = await nats.connect(**self.nats.options(user), error_cb=_silent)
            try:
                return await question(client.jetstream())
            finally:
                await client.close()

        return asyncio.run(asyncio.wait_for(asked(), 120))

    def publish(self, alerts: Iterable[Mapping[str, Any] | bytes], user: str = "forwarder") -> None:
        """Publish alerts as a forwarder does: with an identity, and until each is stored."""

        async def publish(js: Any) -> None:
            pending = []
            for item in alerts:
                data = item if isinstance(item, bytes) else json.dumps(item).encode()
                headers = None if isinstance(item, bytes) else {"Nats-Msg-Id": item["uuid"]}
                pending.append(
                    await js.publish_async("falco.notice.terminal_shell_in_container", data, headers=headers)
                )
                if len(pending) >= 500:
                    await asyncio.gather(*pending)
                    pending.clear()
            await asyncio.gather(*pending)

        self.ask(publish, user)

    def records(self, kind: str = "decision") -> list[tuple[str, dict[str, Any]]]:
        """(subject, content) of all messages in RESPONSE whose subject has this after its first token."""

        async def read(js: Any) -> list[tuple[str, dict[str, Any]]]:
            found, sequence = [], 1
            with contextlib.suppress(NotFoundError):
                while True:
                    message = await js.get_msg("RESPONSE", seq=sequence, subject=f"response.{kind}.>", next=True)
                    found.append((message.subject, json.loads(message.data)))
                    sequence = message.seq + 1
            return found

        found: list[tuple[str, dict[str, Any]]] = self.ask(read)
        return found

    def count(self, stream: str, subject: str) -> int:
        """How many messages of a stream are on subjects like this."""

        async def count(js: Any) -> int:
            info = await js.stream_info(stream, subjects_filter=subject)
            return sum((info.state.subjects or {}).values())

        return int(self.ask(count))

    def statuses(self) -> dict[str, list[str]]:
        """The statuses of all decisions, by alert."""
        found: dict[str, list[str]] = {}
        for _subject, record in self.records():
            found.setdefault(record["alert"]["id"], []).append(record["status"])
        return found

    def unfinished(self, stream: str = "FALCO") -> int:
        """How many messages of a stream are not acknowledged."""

        async def count(js: Any) -> int:
            info = await js.consumer_info(stream, CONSUMER)
            return int(info.num_pending) + int(info.num_ack_pending)

        return int(self.ask(count))

    def await_finished(self, stream: str = "FALCO", timeout: float = 120) -> None:
        """Wait until each message of a stream is acknowledged."""
        # Each look is a connection of its own, which must not take the machine from what is looked at.
        self.wait(f"end of {stream}", lambda: self.unfinished(stream) == 0, timeout, 0.2)


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONDONTWRITEBYTECODE": "1"}


async def _silent(_error: Exception) -> None:
    """What a client complains of is seen by what comes of its question."""


@contextlib.contextmanager
def response_stage(folder: Path, *, ack_wait: float = ACK_WAIT, store: Path | None = None) -> Iterator[ResponseStage]:
    """A stage with streams and consumers; the runner is started by the test, and ended here."""
    folder.mkdir(parents=True, exist_ok=True)
    with Nats(USERS, store=store) as server:
        stage = ResponseStage(server, folder, ack_wait=ack_wait)
        try:
            yield stage
        finally:
            with contextlib.suppress(LabError):
                stage.kill()
