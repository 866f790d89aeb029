# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The components of one cluster that run on this very host, told from /proc, and never by their names alone.

Several clusters may share a machine. An API server is of the cluster when it trusts the same authority for client
certificates as the cluster says it does; the others are when they talk to that API server, or it to them.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.process import describe
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.command_line import (
    flags_of,
    program_of,
)

try:
    import yaml
except ImportError:  # it comes with kubernetes, which the module asks for
    HAS_YAML = False
else:
    HAS_YAML = True

API_SERVER, KUBELET, ETCD = "kube-apiserver", "kubelet", "etcd"
_CLIENTS = ("kube-controller-manager", "kube-scheduler", KUBELET, "kube-proxy")


@dataclass(frozen=True)
class HostProcess:
    """A component that runs here. `files` finds the paths that it names, in its own mount namespace."""

    pid: int
    argv: tuple[str, ...]
    files: HostFiles
    flags: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """kube-apiserver and the like."""
        return program_of(self.argv)

    def flag(self, name: str) -> str | None:
        """The value of a flag, None where it is not given."""
        values = self.flags.get(name)
        return values[-1] if values else None

    def read(self, name: str) -> str | None:
        """The content of the file that a flag names, None where there is none or it may not be read."""
        path = self.flag(name)
        return self.files.read(path) if path else None

    def read_yaml(self, name: str) -> dict[str, Any]:
        """The same as a mapping; empty where it is none."""
        return yaml_mapping(self.read(name))


def yaml_mapping(text: str | None) -> dict[str, Any]:
    """A YAML text as a mapping; empty where it is none."""
    try:
        found = yaml.safe_load(text or "")
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def components_here(client_authority: str, proc: str = "/proc") -> list[HostProcess]:
    """The components of the cluster whose API servers check client certificates by this authority (PEM)."""
    running = _running(proc)
    servers = [
        each for each in running if each.program == API_SERVER and _same(each.read("client-ca-file"), client_authority)
    ]
    ports = {int(server.flag("secure-port") or 6443) for server in servers}
    stores = {address for server in servers for address in _addresses(server.flags.get("etcd-servers"))}
    found = list(servers)
    for each in running:
        if each.program in _CLIENTS and _talks_to(each, client_authority, ports):
            found.append(each)
        if each.program == ETCD and stores & _addresses(each.flags.get("listen-client-urls")):
            found.append(each)
    return found


def _running(proc: str) -> list[HostProcess]:
    pids = sorted(int(name) for name in os.listdir(proc) if name.isdigit())
    found = []
    for pid in pids:
        process = describe(pid, proc)
        if process and program_of(process.argv) in (API_SERVER, ETCD, *_CLIENTS):
            found.append(HostProcess(pid, process.argv, HostFiles(f"{proc}/{pid}/root"), flags_of(process.argv)))
    return found


def _talks_to(process: HostProcess, authority: str, ports: set[int]) -> bool:
    """Whether its kubeconfig names the cluster: the same authority, or where it names none, a port of the server."""
    kubeconfig = process.read_yaml("kubeconfig")
    for entry in kubeconfig.get("clusters") or ():
        cluster = (entry or {}).get("cluster") or {}
        trusted = _authority(process, cluster)
        if trusted is not None:
            return _same(trusted, authority)
        return urlsplit(str(cluster.get("server") or "")).port in ports
    return False


def _authority(process: HostProcess, cluster: Mapping[str, Any]) -> str | None:
    encoded, path = cluster.get("certificate-authority-data"), cluster.get("certificate-authority")
    if encoded:
        try:
            return base64.b64decode(str(encoded)).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return ""
    return process.files.read(str(path)) if path else None


def _addresses(urls: Sequence[str] | None) -> set[tuple[str, int]]:
    parsed = [urlsplit(url.strip()) for value in urls or () for url in value.split(",")]
    return {(url.hostname or "", url.port or 2379) for url in parsed if url.hostname}


def _same(left: str | None, right: str) -> bool:
    return bool(left) and "".join(str(left).split()) == "".join(right.split())
