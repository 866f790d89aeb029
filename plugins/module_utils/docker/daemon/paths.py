# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files make a daemon what it is, each with the part that it plays: derived from the running process, its options
in effect and what it says of itself, so that a daemon with other sockets, folders or binaries is audited by its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.api_address import (
    complete_address,
    uses_tls,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.process import DaemonProcess
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.daemon.systemd_unit import (
    SYSTEM_FOLDERS,
    Unit,
    find_unit,
    unit_of_process,
    user_folders,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SYSTEM_CONTAINERD = "/run/containerd/containerd.sock"
_ENVIRONMENT_FILES = {"/etc/default/docker": "default_docker", "/etc/sysconfig/docker": "sysconfig_docker"}
_SHIMS = {
    "containerd-shim": "containerd_shim",
    "containerd-shim-runc-v1": "containerd_shim_v1",
    "containerd-shim-runc-v2": "containerd_shim_v2",
    "runc": "runc_binary",
}


@dataclass(frozen=True)
class Located:
    """A path, as the daemon names it, and its role. It need not exist."""

    role: str
    path: str


class DaemonPaths:
    """The paths of one daemon.

    `info` is GET /info. `settings` are the options in effect that were set, by their JSON key. `config_file` is the
    daemon.json that is read. `socket_path` is the socket that we speak over, None for TCP.
    """

    def __init__(
        self,
        process: DaemonProcess,
        info: Mapping[str, Any],
        settings: Mapping[str, Any],
        config_file: str,
        socket_path: str | None = None,
    ) -> None:
        self.process = process
        self.files = HostFiles(process.root, process.uid)
        self._info = info
        self._settings = settings
        self._config_file = config_file
        self._socket_path = socket_path
        self._environment = process.environment()
        self.rootless = "name=rootless" in (info.get("SecurityOptions") or ())
        self.service = self._unit(unit_of_process(process.pid, process.proc) or "docker.service")
        self.socket_unit = self._unit(self._socket_unit_name())

    def all(self) -> list[Located]:
        """Every path of every role, each once, those that do not exist included."""
        groups = (
            self._units(),
            self._configuration(),
            self._binaries(),
            self._containerd(),
            self._tls(),
            self._certs(),
        )
        listed = [each for group in groups for each in group]
        listed += [Located("docker_socket", path) for path in self.api_sockets()]
        return list(dict.fromkeys(each for each in listed if each.path))

    def api_hosts(self) -> list[str]:
        """The addresses that the API is served at, each with its scheme; dockerd's default where none is set."""
        hosts = [str(host) for host in self._settings.get("hosts") or ("",)]
        runtime_dir = self._environment.get("XDG_RUNTIME_DIR") if self.rootless else None
        return [complete_address(host, self._settings, runtime_dir) for host in hosts]

    def api_tcp_hosts(self) -> list[str]:
        """The TCP addresses among them, and those that systemd listens on for the daemon."""
        hosts = self.api_hosts()
        tcp = [host for host in hosts if host.startswith("tcp://")]
        if any(host.startswith("fd://") for host in hosts):
            streams = self.socket_unit.values("Socket", "ListenStream")
            tcp += [f"tcp://{stream}" for stream in streams if not stream.startswith(("/", "@", "vsock:", "%"))]
        return tcp

    def api_sockets(self) -> list[str]:
        """The unix sockets of the API, symlinks resolved: those of -H and hosts, of systemd, and ours."""
        named = [host[len("unix://") :] for host in self.api_hosts() if host.startswith("unix://")]
        if any(host.startswith("fd://") for host in self.api_hosts()):
            named += [each for each in self.socket_unit.values("Socket", "ListenStream") if each.startswith("/")]
        named += [self._socket_path] if self._socket_path else []
        return sorted({self.files.real_path(path) for path in named if path})

    # -- groups of paths ----------------------------------------------------------------------------------------

    def _units(self) -> Iterator[Located]:
        for path in self.service.files:
            yield Located("docker_service", path)
        for path in self.socket_unit.files:
            yield Located("docker_socket_unit", path)
        for path, role in _ENVIRONMENT_FILES.items():
            yield Located(role, path)
        for value in self.service.values("Service", "EnvironmentFile"):
            path = value.lstrip("-")
            if path not in _ENVIRONMENT_FILES and path.startswith("/"):
                yield Located("environment_file", path)

    def _configuration(self) -> Iterator[Located]:
        yield Located("config_dir", os.path.dirname(self._config_file))
        yield Located("daemon_json", self._config_file)
        yield Located("data_root", str(self._info.get("DockerRootDir") or ""))

    def _binaries(self) -> Iterator[Located]:
        if self.process.exe:
            yield Located(
                "dockerd_binary", self.process.exe[: -len(" (deleted)")] if self._deleted else self.process.exe
            )
        yield from (Located("containerd_binary", path) for path in filter(None, [self._containerd_binary()]))
        for name, role in _SHIMS.items():
            yield from (Located(role, path) for path in filter(None, [self.find_program(name)]))
        shims = {os.path.basename(name) for name in _SHIMS}
        for runtime in (self._info.get("Runtimes") or {}).values():
            path = self.find_program(str(runtime.get("path") or ""))
            if path and os.path.basename(path) not in shims:
                yield Located("runtime_binary", path)

    @property
    def _deleted(self) -> bool:
        return self.process.exe.endswith(" (deleted)")

    def _containerd(self) -> Iterator[Located]:
        address = self.containerd_address()
        if address:
            yield Located("containerd_socket", address)
            yield Located("containerd_dir", os.path.dirname(address))
        config = self._containerd_config(address)
        if config:
            yield Located("containerd_config", config)

    def _tls(self) -> Iterator[Located]:
        if not uses_tls(self._settings):
            return
        folder = self._environment.get("DOCKER_CERT_PATH") or f"{self._home}/.docker"
        for role, key, default in (
            ("tls_ca", "tlscacert", "ca.pem"),
            ("tls_cert", "tlscert", "cert.pem"),
            ("tls_key", "tlskey", "key.pem"),
        ):
            yield Located(role, str(self._settings.get(key) or f"{folder}/{default}"))

    def _certs(self) -> Iterator[Located]:
        folders = {"/etc/docker/certs.d" if not self.rootless else f"{self._config_home}/docker/certs.d"}
        folders.add(os.path.join(os.path.dirname(self._config_file), "certs.d"))
        for folder in sorted(folders):
            for path in self.files.glob(f"{folder}/*/*"):
                yield Located("registry_key" if path.endswith(".key") else "registry_certificate", path)

    # -- single paths -------------------------------------------------------------------------------------------

    def find_program(self, name: str) -> str | None:
        """Where the daemon finds a program: by its own PATH, symlinks resolved."""
        folders = (self._environment.get("PATH") or _SYSTEM_PATH).split(":")
        candidates = [name] if name.startswith("/") else [os.path.join(folder, name) for folder in folders if folder]
        return next((self.files.real_path(path) for path in candidates if name and self.files.exists(path)), None)

    def containerd_address(self) -> str | None:
        """The socket of the containerd in use, by the daemon's word, its option, its exec root, or as the system's."""
        said = (self._info.get("Containerd") or {}).get("Address") or self._settings.get("containerd")
        if said:
            return str(said)
        exec_root = str(self._settings.get("exec-root") or "/var/run/docker")
        managed = self.files.real_path(f"{exec_root}/containerd/containerd.sock")
        if self.files.exists(managed):
            return managed
        return _SYSTEM_CONTAINERD if self.files.exists(_SYSTEM_CONTAINERD) else None

    def _containerd_config(self, address: str | None) -> str | None:
        if address and address != _SYSTEM_CONTAINERD:
            beside = os.path.join(os.path.dirname(address), "containerd.toml")
            if self.files.exists(beside):
                return beside
        return "/etc/containerd/config.toml"

    def _containerd_binary(self) -> str | None:
        return self.find_program("containerd") or self.find_program("docker-containerd")

    def _unit(self, name: str) -> Unit:
        return find_unit(name, self.files, user_folders(self._home) if self.rootless else SYSTEM_FOLDERS)

    def _socket_unit_name(self) -> str:
        sockets = [name for value in self.service.values("Service", "Sockets") for name in value.split()]
        required = [name for value in self.service.values("Unit", "Requires") for name in value.split()]
        named = [name for name in sockets + required if name.endswith(".socket")]
        return named[0] if named else self.service.name.rpartition(".")[0] + ".socket"

    @property
    def _home(self) -> str:
        return self._environment.get("HOME") or "/root"

    @property
    def _config_home(self) -> str:
        return self._environment.get("XDG_CONFIG_HOME") or f"{self._home}/.config"


def of_role(located: Iterable[Located], *roles: str) -> list[str]:
    """The paths of the given roles."""
    return [each.path for each in located if each.role in roles]
