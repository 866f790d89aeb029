# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The containers that an auditor would want to meet: each is well kept but for one vice, and some have none.

So a finding about a container of the cast is right exactly when its control is in `fails`; all else is a false result.
They are for a daemon with default options: a stricter daemon hands stricter defaults down.
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
from docker.types import DriverConfig, LogConfig, Mount, Ulimit

from tests.lab.dockerd import Dockerd
from tests.lab.images import BASE, KEPT, make_images

LABEL = "bulkhead.lab"
NETWORK = "lab-net"
_MEBIBYTE = 1024 * 1024

KEPT_OPTIONS: Mapping[str, Any] = {
    "cap_drop": ["ALL"],
    "cpu_shares": 512,
    "log_config": LogConfig(type="json-file", config={"max-size": "1m", "max-file": "2"}),
    "mem_limit": 64 * _MEBIBYTE,
    "memswap_limit": 64 * _MEBIBYTE,
    "nano_cpus": 250_000_000,
    "network": NETWORK,
    "pids_limit": 64,
    "read_only": True,
    "restart_policy": {"Name": "on-failure", "MaximumRetryCount": 5},
    "security_opt": ["no-new-privileges:true"],
    "tmpfs": {"/tmp": "rw,noexec,nosuid,nodev,size=1m"},
    "ulimits": [Ulimit(name="nofile", soft=128, hard=256)],
}
"""What a container without any finding is made with. A vice overrides keys; None leaves a key out."""


@dataclass(frozen=True)
class Member:
    """name; what differs from `KEPT_OPTIONS`; the controls that it must fail; the image; whether it is started.

    fails: ids below `docker.container.`. execs: sessions that are opened in it, as keywords of the SDK's exec_create.
    """

    name: str
    vice: Mapping[str, Any] = field(default_factory=dict)
    fails: tuple[str, ...] = ()
    image: str = KEPT
    started: bool = True
    execs: tuple[Mapping[str, Any], ...] = ()

    @property
    def failing_controls(self) -> set[str]:
        """The ids of the controls that an audit must find failed by this container, and no others."""
        return {f"docker.container.{name}" for name in self.fails}

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


def _restart(name: str, retries: int = 0) -> dict[str, Any]:
    return {"restart_policy": {"Name": name, **({"MaximumRetryCount": retries} if name == "on-failure" else {})}}


_ETC_VOLUME = DriverConfig("local", {"type": "none", "o": "bind", "device": "/etc"})
_PRIVILEGED = {"privileged": True, "cap_drop": None}
_SLEEP = ["sleep", "2147483647"]
# What --privileged brings along, as findings of its own.
_PRIVILEGED_FAILS = ("privileged", "capabilities", "seccomp")

WELL_KEPT: tuple[Member, ...] = (
    Member("kept-web", {"ports": {"8080/tcp": ("127.0.0.1", 8080)}}),
    Member("kept-job", {"mounts": [Mount("/data", "lab-data", type="volume")]}),
    Member("kept-cpu-by-quota", {"nano_cpus": None, "cpu_shares": None, "cpu_quota": 20_000, "cpu_period": 100_000}),
    Member("kept-cpu-by-set", {"nano_cpus": None, "cpu_shares": None, "cpuset_cpus": "0"}),
    Member("kept-user-by-name", {"user": "app"}),
    Member("kept-innocent-words", {"environment": {"LISTEN_ADDR": ":8080", "TOKEN_TTL": "3600"}}),
    Member("kept-no-restart", {"restart_policy": None}),
    Member("kept-created", started=False),
)
"""No finding about any of these is right."""

PRIVILEGES: tuple[Member, ...] = (
    Member("privileged", _PRIVILEGED, _PRIVILEGED_FAILS),
    Member("privileged-created", _PRIVILEGED, _PRIVILEGED_FAILS, started=False),
    Member("privileged-exited", {**_PRIVILEGED, "command": ["true"]}, _PRIVILEGED_FAILS),
    Member("cap-add-all", {"cap_add": ["ALL"], "cap_drop": None}, ("capabilities",)),
    Member("cap-add-sys-admin", {"cap_add": ["SYS_ADMIN"]}, ("capabilities",)),
    Member("cap-default", {"cap_drop": None}, ("net_raw",)),
    Member("seccomp-unconfined", {"security_opt": ["no-new-privileges:true", "seccomp=unconfined"]}, ("seccomp",)),
    Member("new-privileges", {"security_opt": None}, ("no_new_privileges",)),
    Member("new-privileges-false", {"security_opt": ["no-new-privileges=false"]}, ("no_new_privileges",)),
    Member("root-by-image", {}, ("root_user", "healthcheck"), image=BASE),
    Member("root-by-id", {"user": "0:0"}, ("root_user",)),
    Member("root-by-name", {"user": "root"}, ("root_user",)),
    Member("exec-privileged", {}, ("privileged_exec",), execs=({"cmd": _SLEEP, "privileged": True},)),
    Member("exec-as-root", {}, ("root_exec",), execs=({"cmd": _SLEEP, "user": "0"},)),
    Member("device", {"devices": ["/dev/full:/dev/full:rwm"]}, ("devices",)),
    Member("device-rule", {"device_cgroup_rules": ["c 42:* rmw"]}, ("device_rules",)),
)

LIMITS: tuple[Member, ...] = (
    Member("memory-unlimited", {"mem_limit": None, "memswap_limit": None}, ("memory_limit",)),
    Member("swap-unlimited", {"memswap_limit": -1}, ("swap_limit",)),
    Member("oom-killer-off", {"oom_kill_disable": True}, ("oom_killer",)),
    Member("cpu-unlimited", {"nano_cpus": None, "cpu_shares": None}, ("cpu_limit",)),
    Member("pids-unlimited", {"pids_limit": None}, ("pids_limit",)),
    Member("pids-unlimited-by-minus-1", {"pids_limit": -1}, ("pids_limit",)),
    Member("open-files-unlimited", {"ulimits": None}, ("open_files",)),
    Member("restart-always", _restart("always"), ("restart_policy",)),
    Member("restart-unless-stopped", _restart("unless-stopped"), ("restart_policy",)),
    Member("restart-on-failure-10", _restart("on-failure", 10), ("restart_policy",)),
    Member("restart-on-failure-endless", _restart("on-failure"), ("restart_policy",)),
    Member("writable-root", {"read_only": None}, ("read_only_root",)),
    Member("cgroup-of-its-own-choice", {"cgroup_parent": "/bulkhead-lab"}, ("cgroup_parent",)),
    Member("log-unbounded", {"log_config": LogConfig(type="json-file")}, ("log_size",)),
    Member("log-none", {"log_config": LogConfig(type="none")}, ("log_driver",)),
    Member("healthcheck-missing", {}, ("healthcheck",), image="lab/no-healthcheck:1.0"),
    Member("healthcheck-none", {}, ("healthcheck",), image="lab/healthcheck-none:1.0"),
    Member("floating-tag", {}, ("floating_tag",), image="lab/unpinned:latest"),
    Member("secrets-in-env", {"environment": {"DB_PASSWORD": "correct-horse-battery-staple"}}, ("secrets",)),
    Member("secrets-in-image", {}, ("secrets",), image="lab/secrets:1.0"),
    Member("sshd-inside", {"command": ["/usr/sbin/sshd", "-D"]}, ("ssh_server",), image="lab/sshd:1.0"),
)

SHARING: tuple[Member, ...] = (
    Member("host-pid", {"pid_mode": "host"}, ("host_pid",)),
    Member("host-network", {"network": None, "network_mode": "host"}, ("host_network",)),
    Member("host-ipc", {"ipc_mode": "host"}, ("host_ipc",)),
    Member("host-uts", {"uts_mode": "host"}, ("host_uts",)),
    Member("host-userns", {"userns_mode": "host"}, ("host_userns",)),
    # Who shares the namespace of a container that shares the host's, shares the host's.
    Member("host-pid-by-another", {"pid_mode": "container:host-pid"}, ("host_pid",)),
    Member("host-network-by-another", {"network": None, "network_mode": "container:host-network"}, ("host_network",)),
    Member("default-bridge", {"network": None}, ("default_bridge",)),
    Member("port-privileged", {"ports": {"91/tcp": ("127.0.0.1", 91)}}, ("privileged_port",)),
    Member("port-privileged-ipv6", {"ports": {"90/tcp": ("::", 90)}}, ("privileged_port", "wildcard_port")),
    Member("port-on-every-interface", {"ports": {"8081/tcp": 8081}}, ("wildcard_port",)),
    Member("root-mounted", _bind("/", "/host"), ("runtime_socket", "sensitive_mount")),
    Member("etc-mounted", _bind("/etc", "/host/etc"), ("sensitive_mount",)),
    Member("etc-mounted-read-only", _bind("/etc", "/host/etc", read_only=True), ("sensitive_mount_read_only",)),
    Member(
        "etc-mounted-by-volume",
        {"mounts": [Mount("/host/etc", "lab-etc", type="volume", driver_config=_ETC_VOLUME)]},
        ("sensitive_mount",),
    ),
)


def at_the_daemon(workdir: Path) -> tuple[Member, ...]:
    """Who reaches for the daemon whose files are below `workdir`."""
    socket = workdir / "docker.sock"
    containerd = workdir / "exec" / "containerd" / "containerd.sock"
    folder = _bind(str(workdir), "/host/run", read_only=True)
    by_link = _bind(str(workdir / "link"), "/host/run", read_only=True)
    shared = _bind(str(workdir / "shared"), "/shared", propagation="shared")
    return (
        Member("socket-mounted", _bind(str(socket), "/var/run/docker.sock"), ("runtime_socket",)),
        Member("socket-mounted-containerd", _bind(str(containerd), "/run/containerd.sock"), ("runtime_socket",)),
        Member("socket-folder-mounted", folder, ("runtime_socket", "sensitive_mount_read_only")),
        Member("socket-folder-mounted-by-link", by_link, ("runtime_socket", "sensitive_mount_read_only")),
        Member("shared-propagation", shared, ("shared_mount",)),
    )


def prepare_folders(workdir: Path) -> None:
    """A folder with shared mount propagation, and a link to the workdir. The lab's reaper unmounts and removes them."""
    shared = workdir / "shared"
    if shared.exists():
        return
    shared.mkdir()
    (workdir / "link").symlink_to(workdir)
    subprocess.run(["mount", "--bind", str(shared), str(shared)], check=True)
    subprocess.run(["mount", "--make-shared", str(shared)], check=True)


def prepare(client: docker.DockerClient, images: Sequence[str] | None = None, *, network: bool = True) -> None:
    """The images (all, or the two basic ones and these) and, on a daemon with a bridge, the network of the cast."""
    make_images(client, images)
    if network and NETWORK not in {network.name for network in client.networks.list()}:
        client.networks.create(NETWORK, driver="bridge", labels={LABEL: "cast"})


def enter(client: docker.DockerClient, member: Member) -> Container:
    """Create one member and, where it is to run, start it."""
    container = client.containers.create(member.image, **member.options())
    if member.started:
        container.start()
    for session in member.execs:
        client.api.exec_start(client.api.exec_create(container.id, **session)["Id"], detach=True)
    return container


def whole_cast(workdir: Path) -> tuple[Member, ...]:
    """Everyone, good and bad, for the daemon of this workdir (which needs `bridge=True`: ports are published)."""
    return (*WELL_KEPT, *PRIVILEGES, *LIMITS, *SHARING, *at_the_daemon(workdir))


def set_stage(daemon: Dockerd) -> tuple[Member, ...]:
    """Bring the whole cast up on a private daemon; about 20 s."""
    prepare_folders(daemon.workdir)
    members = whole_cast(daemon.workdir)
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
