# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""etcd: the state of one private cluster, on the loopback, thrown away with it."""

from __future__ import annotations

import base64
import json
import urllib.request
from pathlib import Path
from typing import Any

from tests.lab.dockerd import LabError

_TIMEOUT = 10


def url(host: str, port: int) -> str:
    """Where it answers."""
    return f"http://{host}:{port}"


def command(program: str, workdir: Path, host: str, port: int) -> list[str]:
    """The command line. A single member never calls itself, so that its peer port may be any."""
    return [
        program,
        "--name=lab",
        f"--data-dir={workdir / 'etcd'}",
        "--unsafe-no-fsync",
        # A single member need not wait for others before it leads.
        "--heartbeat-interval=10",
        "--election-timeout=50",
        f"--listen-client-urls={url(host, port)}",
        f"--advertise-client-urls={url(host, port)}",
        "--listen-peer-urls=http://127.0.0.1:0",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=lab=http://127.0.0.1:2380",
    ]


def healthy(host: str, port: int) -> bool:
    """Whether it answers, and leads."""
    try:
        with urllib.request.urlopen(f"{url(host, port)}/health", timeout=1) as answer:
            return bool(json.load(answer).get("health") == "true")
    except (OSError, ValueError):
        return False


def _ask(host: str, port: int, what: str, **body: object) -> Any:
    data = json.dumps(body).encode()
    with urllib.request.urlopen(f"{url(host, port)}/v3/kv/{what}", data=data, timeout=_TIMEOUT) as answer:
        return json.load(answer)


def _encoded(key: str) -> str:
    return base64.b64encode(key.encode()).decode()


def compact(host: str, port: int) -> None:
    """Forget every state but the newest, as an API server asks for each five minutes."""
    revision = _ask(host, port, "range", key=_encoded("/"))["header"]["revision"]
    _ask(host, port, "compaction", revision=revision, physical=True)


def value(host: str, port: int, key: str) -> bytes:
    """What is stored under a key, such as /registry/secrets/default/token. LabError where nothing is."""
    found = _ask(host, port, "range", key=_encoded(key)).get("kvs", [])
    if not found:
        raise LabError(f"etcd has nothing under {key}")
    return base64.b64decode(found[0]["value"])
