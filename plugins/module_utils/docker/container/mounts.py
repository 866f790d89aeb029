# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the host a container can see or change through its mounts."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Folders that make the host what it is. Whoever mounts one of these, or a folder above it, holds the host.
_ROOTS = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/sbin",
    "/var",
    "/var/lib",
    "/var/log",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/spool/cron",
]
# Whatever is *below* these is the host's own too: writing there changes the host.
_TREES = [
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/proc",
    "/root",
    "/sbin",
    "/sys",
    "/usr",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/kubelet",
    "/var/spool/cron",
]
# Below these, reading is harm enough: keys, password hashes, other processes, raw memory and disks.
_SECRET_TREES = [
    "/dev",
    "/etc/docker",
    "/etc/gshadow",
    "/etc/kubernetes",
    "/etc/shadow",
    "/etc/ssh",
    "/etc/ssl/private",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/pki",
    "/proc",
    "/root",
    "/sys/fs/bpf",
    "/sys/kernel",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/lib/kubelet",
]
_HARMLESS = [
    "/dev/full",
    "/dev/log",
    "/dev/null",
    "/dev/random",
    "/dev/shm",
    "/dev/tty",
    "/dev/urandom",
    "/dev/zero",
    "/dev/hugepages",
    "/dev/mqueue",
]
# Public keys of certificate authorities, which many a container mounts to trust what its host trusts.
_PUBLIC = ("/etc/pki/ca-trust", "/etc/pki/tls/certs", "/etc/pki/tls/cert.pem")

# Keys to this host and to others, in the home of any user.
_HOME_SECRETS = re.compile(r"/home/[^/]+/\.(?:aws|azure|docker|gnupg|kube|ssh)(?:/|\Z)")

_BIND_OPTIONS = {"bind", "rbind"}


@dataclass(frozen=True)
class HostMount:
    """A folder or file of the host inside a container; `source` is where it really is, `given` what was asked for."""

    source: str
    given: str
    destination: str
    writable: bool
    propagation: str
    recursive: bool = True

    def shown(self) -> dict[str, Any]:
        """The mount as evidence."""
        row: dict[str, Any] = {"source": self.given, "destination": self.destination, "writable": self.writable}
        return row if self.source == self.given else {**row, "resolved": self.source}


@dataclass(frozen=True)
class BoundDevice:
    """Where a volume leads on the host, and whether the volume itself is read-only (`o=bind,ro`)."""

    path: str
    read_only: bool = False


def bound_devices(volumes: Iterable[Mapping[str, Any]] | None) -> dict[str, BoundDevice]:
    """Volumes that are a bind mount in disguise (local driver, `o=bind`), by name."""
    found = {}
    for volume in volumes or ():
        options = volume.get("Options") or {}
        words = str(options.get("o", "")).split(",")
        wanted = set(words)
        if (
            volume.get("Driver") == "local"
            and wanted & _BIND_OPTIONS
            and str(options.get("device", "")).startswith("/")
        ):
            access = [word for word in words if word in ("ro", "rw")]
            found[volume["Name"]] = BoundDevice(options["device"], access[-1:] == ["ro"])
    return found


def host_mounts(
    container: Mapping[str, Any], devices: Mapping[str, BoundDevice], resolve: Callable[[str], str] = os.path.normpath
) -> list[HostMount]:
    """The bind mounts of an inspected container. `devices` are of `bound_devices`, `resolve` follows symbolic links."""
    wanted = (container.get("HostConfig") or {}).get("Mounts") or ()
    flat = {mount.get("Target") for mount in wanted if (mount.get("BindOptions") or {}).get("NonRecursive")}
    found = []
    for mount in container.get("Mounts") or ():
        bound = devices.get(mount.get("Name", ""), BoundDevice(""))
        given = mount.get("Source", "") if mount.get("Type") == "bind" else bound.path
        if given:
            where = mount.get("Destination", "")
            found.append(
                HostMount(
                    resolve(given),
                    given,
                    where,
                    bool(mount.get("RW")) and not (bound.read_only and mount.get("Type") != "bind"),
                    mount.get("Propagation") or "",
                    where not in flat,
                )
            )
    return found


def is_sensitive(mount: HostMount, data_root: str) -> bool:
    """Whether a mount hands over a part of the host: any of its own folders whole; below them what is written to,
    and what is read where reading is harm."""
    if _covers_any(mount.source, [*_ROOTS, data_root]) or _HOME_SECRETS.match(mount.source):
        return True
    if _is_under(mount.source, _HARMLESS):
        return False
    if mount.writable:
        return _is_under(mount.source, [*_TREES, data_root])
    return _is_under(mount.source, [*_SECRET_TREES, data_root]) and not _is_under(mount.source, _PUBLIC)


def sockets_in(
    mount: HostMount, sockets: Sequence[str], same_mount: Callable[[str, str], bool] = lambda _one, _other: True
) -> list[str]:
    """Those of the sockets that a container reaches through a mount: the socket itself or any folder above it.

    Read-only or not makes no difference to a socket. A bind that is not recursive shows only what lies on the very
    file system of its source, which `same_mount` tells.
    """
    return [
        path
        for path in sockets
        if _covers_any(mount.source, [path]) and (mount.recursive or same_mount(mount.source, path))
    ]


def _covers_any(source: str, paths: Iterable[str]) -> bool:
    prefix = source.rstrip("/") + "/"
    return any(path == source or path.startswith(prefix) for path in paths)


def _is_under(source: str, trees: Iterable[str]) -> bool:
    return any(source == tree or source.startswith(tree + "/") for tree in trees)
