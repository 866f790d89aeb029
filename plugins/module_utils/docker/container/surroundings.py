# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be known around containers to judge them: the daemon's defaults, sockets, volumes, images, processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container import security_options
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.mounts import (
    BoundDevice,
    bound_devices,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.processes import ProcessTable
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.view import DaemonView
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.mount_table import (
    Mount,
    original_names,
    parse_mountinfo,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.formats import (
    image_reference,
)

Facts = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]

# Where the programs of the field listen that give whoever talks to them the host.
_WELL_KNOWN_SOCKETS = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/docker/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
    "/run/buildkit/buildkitd.sock",
)


@dataclass(frozen=True)
class DaemonDefaults:
    """What dockerd gives a container that asks for nothing; None for what cannot be told from here.

    `ulimits` are hard limits by name, `started` is seconds since the epoch.
    """

    no_new_privileges: bool | None = None
    ulimits: Mapping[str, int] | None = None
    started: float | None = None


@dataclass(frozen=True)
class Surroundings:
    """Everything about the engine that judging one container needs, read once for all of them.

    `tags`: canonical `registry/repository:tag` to image id. `images`: image id to its facts. `devices`: see
    `mounts.bound_devices`. `bridge_address`: where ports of the default bridge are bound, None without that bridge.
    `internal_networks`: names of those that publish no port.
    `processes` is None where the daemon's host is not this one.
    """

    info: Mapping[str, Any]
    security: Mapping[str, str]
    sockets: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, Facts] = field(default_factory=dict)
    devices: Mapping[str, BoundDevice] = field(default_factory=dict)
    bridge_address: str | None = None
    internal_networks: frozenset[str] = frozenset()
    defaults: DaemonDefaults = field(default_factory=DaemonDefaults)
    selinux_kernel: bool = False
    processes: ProcessTable | None = None
    ssh_servers: Mapping[str, list[str]] = field(default_factory=dict)
    resolve: Callable[[str], str] = str
    files: HostFiles = field(default_factory=HostFiles)
    mount_table: tuple[Mount, ...] = ()

    @property
    def data_root(self) -> str:
        """The daemon's data root."""
        return str(self.info.get("DockerRootDir") or "/var/lib/docker")

    def original_names(self, path: str, with_nested: bool) -> list[str]:
        """Other paths that a path of the daemon's host is a bind mount of, or that are mounted below it."""
        return original_names(path, list(self.mount_table), with_nested=with_nested)

    def same_file_system(self, one: str, other: str) -> bool:
        """Whether two paths of the daemon's host lie on one file system; yes where that cannot be seen."""
        try:
            devices = [os.stat(self.files.here(path)).st_dev for path in (one, other)]
        except OSError:
            return True
        return devices[0] == devices[1]


def survey(view: DaemonView, networks: Rows, volumes: Rows) -> Surroundings:
    """The surroundings but for images; on the daemon's own host it takes one walk over /proc.

    `networks` and `volumes` are what the engine lists of them.
    """
    process = view.process
    files = view.paths.files if view.paths else HostFiles()
    processes = ProcessTable(process.proc) if process else None

    return Surroundings(
        info=view.info,
        security=security_options.daemon_options(view.info.get("SecurityOptions")),
        sockets=_sockets(view, files),
        devices=bound_devices(volumes),
        bridge_address=_bridge_address(networks),
        internal_networks=frozenset(str(row.get("Name")) for row in networks if row.get("Internal")),
        defaults=_defaults(view),
        selinux_kernel=process is not None and files.exists("/sys/fs/selinux/enforce"),
        processes=processes,
        ssh_servers=processes.ssh_servers() if processes else {},
        resolve=files.real_path if process else os.path.normpath,
        files=files,
        mount_table=_mount_table(process),
    )


def _mount_table(process: DaemonProcess | None) -> tuple[Mount, ...]:
    """The mounts that the daemon sees; none where they cannot be read."""
    if process is None:
        return ()
    try:
        with open(f"{process.proc}/{process.pid}/mountinfo", encoding="utf-8") as file:
            return tuple(parse_mountinfo(file.read()))
    except OSError:
        return ()


def tags_of(images: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """`registry/repository:tag` to image id, of the answer of GET /images/json."""
    found = {}
    for image in images:
        for tag in image.get("RepoTags") or ():
            reference = image_reference.parse(tag)
            found[f"{reference.name}:{reference.tag}"] = image["Id"]
    return found


def _bridge_address(networks: Iterable[Mapping[str, Any]]) -> str | None:
    for network in networks:
        options = network.get("Options") or {}
        if network.get("Name") == "bridge" and network.get("Driver") == "bridge":
            return str(options.get("com.docker.network.bridge.host_binding_ipv4") or "")
    return None


def _sockets(view: DaemonView, files: HostFiles) -> tuple[str, ...]:
    """Real paths. The daemon's own always; the well-known ones where they are, or where that cannot be seen."""
    if view.paths is None:
        own = [view.engine.socket_path] if view.engine.socket_path else []
        return tuple(sorted({*own, *_WELL_KNOWN_SOCKETS}))
    containerd = view.paths.containerd_address()
    others = [files.real_path(path) for path in (*_WELL_KNOWN_SOCKETS, *([containerd] if containerd else []))]
    return tuple(sorted({*view.paths.api_sockets(), *(path for path in others if files.exists(path))}))


def _defaults(view: DaemonView) -> DaemonDefaults:
    no_new_privileges = bool(view.setting("no-new-privileges")) if view.known("no-new-privileges") else None
    ulimits = _hard(view.setting("default-ulimits") or {}) if view.known("default-ulimits") else None
    return DaemonDefaults(no_new_privileges, ulimits, view.process.started if view.process else None)


def _hard(ulimits: Mapping[str, Any]) -> Mapping[str, int]:
    rows = ((name, row.get("Hard")) for name, row in ulimits.items() if isinstance(row, Mapping))
    return {name: hard for name, hard in rows if isinstance(hard, int)}
