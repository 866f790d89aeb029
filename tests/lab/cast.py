# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers that an auditor would want to meet: each is well kept but for one vice, and some have none.

So a finding about a container of the cast is right exactly when its control is in `fails`; all else is a false result.
They are made through the docker SDK, a client independent of the one under test.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container
from docker.types import Mount, Ulimit

from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, KEPT, make_images

LABEL = "bulkhead.lab"
NETWORK = "lab-net"
_MEBIBYTE = 1024 * 1024

KEPT_OPTIONS: Mapping[str, Any] = {
    "cap_drop": ["ALL"],
    "cpu_shares": 512,
    "mem_limit": 64 * _MEBIBYTE,
    "memswap_limit": 64 * _MEBIBYTE,
    "nano_cpus": 250_000_000,
    "network": NETWORK,
    "pids_limit": 64,
    "read_only": True,
    "restart_policy": {"Name": "on-failure", "MaximumRetryCount": 5},
    "security_opt": ["no-new-privileges:true"],
    "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=1m"},
}
"""What a container without any finding is made with. A vice overrides keys; None leaves a key out."""


@dataclass(frozen=True)
class Member:
    """name; what differs from `KEPT_OPTIONS`; whether it is started; and the ids of the controls that it must fail."""

    name: str
    vice: Mapping[str, Any] = field(default_factory=dict)
    fails: frozenset[str] = frozenset()
    image: str = KEPT
    started: bool = True

    def options(self) -> dict[str, Any]:
        """The keyword arguments of the SDK's `containers.create`."""
        merged = {**KEPT_OPTIONS, **self.vice}
        labels = {LABEL: "cast"}
        return {
            **{key: value for key, value in merged.items() if value is not None},
            "name": self.name,
            "labels": labels,
        }


def _bind(source: str, target: str, *, read_only: bool = False, propagation: str | None = None) -> dict[str, Any]:
    return {"mounts": [Mount(target, source, type="bind", read_only=read_only, propagation=propagation)]}


WELL_KEPT: tuple[Member, ...] = (
    Member("kept-web", {"ports": {"8080/tcp": ("127.0.0.1", 8080)}}),
    Member("kept-job", {"mounts": [Mount("/data", "lab-data", type="volume")]}),
    Member("kept-cpu-by-quota", {"nano_cpus": None, "cpu_shares": None, "cpu_quota": 20_000, "cpu_period": 100_000}),
    Member("kept-created", started=False),
)
"""No finding about any of these is right."""


def vices(socket: str, shared_folder: str) -> tuple[Member, ...]:
    """The bad company. socket: the daemon's own; shared_folder: a folder on a mount with shared propagation."""
    socket_folder = str(Path(socket).parent)
    return (
        Member("privileged", {"privileged": True, "cap_drop": None, "security_opt": ["no-new-privileges:true"]}),
        Member("privileged-created", {"privileged": True, "cap_drop": None}, started=False),
        Member("cap-add-all", {"cap_add": ["ALL"], "cap_drop": None}),
        Member("cap-add-sys-admin", {"cap_add": ["SYS_ADMIN"]}),
        Member("caps-default", {"cap_drop": None}),
        Member("socket-mounted", _bind(socket, "/var/run/docker.sock")),
        Member("socket-folder-mounted", _bind(socket_folder, "/host/run", read_only=True)),
        Member("root-mounted", _bind("/", "/host", read_only=True)),
        Member("etc-mounted", _bind("/etc", "/host/etc")),
        Member("etc-mounted-read-only", _bind("/etc", "/host/etc", read_only=True)),
        Member("shared-propagation", _bind(shared_folder, "/shared", propagation="shared")),
        Member("host-pid", {"pid_mode": "host"}),
        Member("host-network", {"network": None, "network_mode": "host"}),
        Member("host-ipc", {"ipc_mode": "host"}),
        Member("host-uts", {"uts_mode": "host"}),
        Member("host-userns", {"userns_mode": "host"}),
        Member("default-bridge", {"network": None}),
        Member("seccomp-unconfined", {"security_opt": ["no-new-privileges:true", "seccomp=unconfined"]}),
        Member("new-privileges", {"security_opt": None}),
        Member("new-privileges-false", {"security_opt": ["no-new-privileges=false"]}),
        Member("no-memory-limit", {"mem_limit": None, "memswap_limit": None}),
        Member("unlimited-swap", {"memswap_limit": -1}),
        Member("no-cpu-limit", {"nano_cpus": None, "cpu_shares": None}),
        Member("no-pids-limit", {"pids_limit": None}),
        Member("pids-limit-unlimited", {"pids_limit": -1}),
        Member("restart-always", {"restart_policy": {"Name": "always"}}),
        Member("restart-unless-stopped", {"restart_policy": {"Name": "unless-stopped"}}),
        Member("restart-on-failure-10", {"restart_policy": {"Name": "on-failure", "MaximumRetryCount": 10}}),
        Member("restart-on-failure-endless", {"restart_policy": {"Name": "on-failure", "MaximumRetryCount": 0}}),
        Member("writable-root", {"read_only": None}),
        Member("root-by-image", image=BASE),
        Member("root-by-id", {"user": "0:0"}),
        Member("no-healthcheck", image="lab/no-healthcheck:1.0"),
        Member("healthcheck-none", image="lab/healthcheck-none:1.0"),
        Member("privileged-port-ipv6", {"ports": {"90/tcp": ("::", 90)}}),
        Member("privileged-port", {"ports": {"91/tcp": ("127.0.0.1", 91)}}),
        Member("every-interface", {"ports": {"8081/tcp": 8081}}),
        Member(
            "secrets-in-env", {"environment": {"DB_PASSWORD": "correct-horse-battery-staple", "LISTEN_ADDR": ":80"}}
        ),
        Member("device", {"devices": ["/dev/full:/dev/full:rwm"]}),
        Member("ulimit-of-its-own", {"ulimits": [Ulimit(name="nofile", soft=128, hard=256)]}),
        Member("other-cgroup", {"cgroup_parent": "/bulkhead-lab"}),
        Member("sshd-inside", {"command": ["/usr/sbin/sshd", "-D"]}, image="lab/sshd:1.0"),
        Member("exited-privileged", {"privileged": True, "cap_drop": None, "command": ["true"]}),
    )


def shared_mount(folder: Path) -> str:
    """A folder with shared mount propagation; the lab's reaper unmounts it with everything below its workdir."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "--make-shared", str(folder)], check=True)
    return str(folder)


def prepare(client: docker.DockerClient, images: Sequence[str] | None = None) -> None:
    """The network and the images that the cast needs (all, or the two basic ones and these)."""
    make_images(client, images)
    if NETWORK not in {network.name for network in client.networks.list()}:
        client.networks.create(NETWORK, driver="bridge", labels={LABEL: "cast"})


def enter(client: docker.DockerClient, member: Member) -> Container:
    """Create one member and, where it is to run, start it."""
    container = client.containers.create(member.image, **member.options())
    if member.started:
        container.start()
    return container


def whole_cast(daemon: Dockerd) -> tuple[Member, ...]:
    """Everyone, good and bad, for this daemon (which needs `bridge=True`: ports are published)."""
    folder = daemon.workdir / "shared"
    return WELL_KEPT + vices(daemon.socket, str(folder) if folder.exists() else shared_mount(folder))


def set_stage(daemon: Dockerd) -> tuple[Member, ...]:
    """Bring the whole cast up on a private daemon; about 12 s."""
    members = whole_cast(daemon)
    with contextlib.closing(daemon.client()) as client:
        prepare(client)
        for member in members:
            enter(client, member)
    return members


def clear_stage(client: docker.DockerClient) -> int:
    """Remove every container of the cast, by its label; how many there were."""
    cast = client.containers.list(all=True, filters={"label": f"{LABEL}=cast"})
    for container in cast:
        container.remove(force=True, v=True)
    return len(cast)
