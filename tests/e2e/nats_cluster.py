# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster of NATS servers on the loopback, with the configuration and the identities that we make."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import secrets
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.nats.config import nats_config
from ansible_collections.bulkhead.container_security.plugins.plugin_utils.nats_identities import IdentityFolder, Wanted
from tests.lab.dockerd import REPOSITORY
from tests.lab.kubernetes.ports import free_port
from tests.lab.kubernetes.processes import Processes, start_guard
from tests.lab.nats import server_program
from tests.lab.nats_identity import Identity

ADMIN, MONITOR = "admin", "monitor"
_ALL = {"publish": [">"], "subscribe": [">"]}


class Cluster:
    """Servers by name, on ports of their own; `admin` may everything, `monitor` is of the system account."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.folder, self.names = folder, names
        self.processes = Processes(folder)
        self._ports = {name: (free_port(), free_port(), free_port()) for name in names}
        servers = [(name, ["127.0.0.1", "localhost"]) for name in names]
        wanted = Wanted(servers=servers, users=[ADMIN, MONITOR], cluster=True)
        self.identities = IdentityFolder(str(folder / "pki"), None, dry=False)
        self.nkeys = self.identities.bring(wanted).nkeys

    def settings(self, name: str) -> dict[str, Any]:
        """What is declared of one server."""
        client, cluster, monitor = self._ports[name]
        pki = self.folder / "pki" / "servers" / name
        return {
            "server_name": name,
            "listen": f"127.0.0.1:{client}",
            "monitor": f"127.0.0.1:{monitor}",
            "tls": {f"{part}_file": str(pki / f"{part}.pem") for part in ("ca", "cert", "key")},
            "accounts": [
                {"name": "RESPONSE", "jetstream": {"max_file": "1GiB"}, "users": [{"name": ADMIN, **_ALL}]},
                {"name": "SYS", "users": [{"name": MONITOR, **_ALL}]},
            ],
            "system_account": "SYS",
            "nkeys": self.nkeys,
            "limits": {"max_connections": 100, "max_subscriptions": 1000},
            "jetstream": {"store_dir": str(self.folder / name), "max_file_store": "1GiB"},
            "cluster": {
                "name": "lab",
                "listen": f"127.0.0.1:{cluster}",
                "routes": [f"tls://127.0.0.1:{ports[1]}" for ports in self._ports.values()],
                "tls": {f"{part}_file": str(pki / f"cluster-{part}.pem") for part in ("ca", "cert", "key")},
            },
        }

    def start(self, name: str, process: str = "", **more: Any) -> None:
        """Start one server, with its settings and those that are given; nothing is waited for."""
        file = self.folder / f"{process or name}.conf"
        file.write_text(nats_config({**self.settings(name), **more}))
        self.processes.start(process or name, [server_program(), "-c", str(file)])

    def await_health(self, *names: str) -> None:
        """Until these servers say that all of theirs is up to date."""
        for name in names:
            self.processes.wait(f"healthy {name}", functools.partial(self._healthy, name), [name])

    def url(self, name: str) -> str:
        return f"tls://127.0.0.1:{self._ports[name][0]}"

    def user(self, user: str, server: str) -> Identity:
        return Identity(self.url(server), self.folder / "pki" / "clients" / user)

    def arguments(self, user: str = ADMIN) -> dict[str, Any]:
        """Options of our modules, with every server."""
        given = self.user(user, self.names[0]).module_arguments
        return {**given, "servers": [self.url(name) for name in self.names], "timeout": 60}

    def routes(self, name: str) -> int:
        """How many routes a server has to others."""
        with urllib.request.urlopen(self._monitor(name, "varz"), timeout=10) as answer:
            return int(json.loads(answer.read())["remotes"])

    def _monitor(self, name: str, endpoint: str) -> str:
        return f"http://127.0.0.1:{self._ports[name][2]}/{endpoint}"

    def _healthy(self, name: str) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(self._monitor(name, "healthz"), timeout=2) as answer:
            return bool(answer.status == 200)
        return False


@contextlib.contextmanager
def nats_cluster(*names: str) -> Iterator[Cluster]:
    """Servers that run, and are ended at last, even when the test is killed."""
    folder = Path(tempfile.gettempdir(), f"bulkhead-nats-{secrets.token_hex(4)}")
    os.mkdir(folder, 0o700)
    guard = start_guard(folder, REPOSITORY)
    cluster = Cluster(folder, names)
    try:
        for name in names:
            cluster.start(name)
        cluster.await_health(*names)
        yield cluster
    finally:
        cluster.processes.kill_all()
        shutil.rmtree(folder, ignore_errors=True)
        if guard.stdin is not None:
            guard.stdin.close()
        guard.wait()
