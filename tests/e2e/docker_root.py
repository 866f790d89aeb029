# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file system of a Docker host that has everything right, and of one that has everything wrong."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Mapping
from pathlib import Path

WATCHED = [
    "/etc/docker",
    "/var/lib/docker",
    "/run/containerd",
    "/run/containerd/containerd.sock",
    "/run/docker.sock",
    "/etc/default/docker",
    "/etc/sysconfig/docker",
    "/etc/docker/daemon.json",
    "/etc/containerd/config.toml",
    "/usr/lib/systemd/system/docker.service",
    "/usr/lib/systemd/system/docker.socket",
    "/usr/bin/dockerd",
    "/usr/bin/containerd",
    "/usr/bin/containerd-shim",
    "/usr/bin/containerd-shim-runc-v1",
    "/usr/bin/containerd-shim-runc-v2",
    "/usr/bin/runc",
]
BINARIES = [path for path in WATCHED if path.startswith("/usr/bin/")]
CERTIFICATES = "/etc/docker/certs.d/registry.example.com"
GOOD_DAEMON = """{
  "icc": false, "log-level": "info", "live-restore": true, "userland-proxy": false, "no-new-privileges": true,
  "userns-remap": "default", "log-driver": "syslog", "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 64000}},
  "authorization-plugins": ["opa"], "hosts": ["unix:///run/docker.sock", "tcp://192.0.2.1:2376"], "tlsverify": true,
  "tlscacert": "/etc/docker/tls/ca.pem", "tlscert": "/etc/docker/tls/cert.pem", "tlskey": "/etc/docker/tls/key.pem"
}
"""
BAD_DAEMON = """{
  "icc": true, "log-level": "debug", "iptables": false, "insecure-registries": ["registry.example.com"],
  "hosts": ["tcp://0.0.0.0:2375"], "cgroup-parent": "/else", "storage-opts": ["dm.basesize=20G"],
  "storage-driver": "aufs", "seccomp-profile": "unconfined", "experimental": true, "log-driver": "json-file",
  "tlscacert": "/etc/docker/tls/ca.pem", "tlscert": "/etc/docker/tls/cert.pem", "tlskey": "/etc/docker/tls/key.pem",
  "live-restore": false, "live-restore": false
}
"""
RULES = "".join(f"-w {path} -p rwxa -k docker\n" for path in WATCHED)
GOOD: dict[str, tuple[str, int]] = {
    "/etc/docker/daemon.json": (GOOD_DAEMON, 0o644),
    "/etc/docker/tls/ca.pem": ("", 0o444),
    "/etc/docker/tls/cert.pem": ("", 0o444),
    "/etc/docker/tls/key.pem": ("", 0o400),
    f"{CERTIFICATES}/ca.crt": ("", 0o444),
    f"{CERTIFICATES}/client.key": ("", 0o600),
    "/etc/default/docker": ("# DOCKER_OPTS=--icc=true\n", 0o644),
    "/etc/sysconfig/docker": ("", 0o644),
    "/etc/containerd/config.toml": ("", 0o644),
    "/etc/group": ("root:x:0:\ndocker:x:988:\n", 0o644),
    "/etc/audit/rules.d/docker.rules": (RULES, 0o640),
    "/usr/lib/systemd/system/docker.service": ("[Service]\nExecStart=/usr/bin/dockerd -H fd://\n", 0o644),
    "/usr/lib/systemd/system/docker.socket": ("[Socket]\nListenStream=/run/docker.sock\n", 0o644),
    **dict.fromkeys(BINARIES, ("", 0o755)),
}
BAD_TEXTS = {
    "/etc/docker/daemon.json": BAD_DAEMON,
    "/etc/group": "root:x:0:\ndocker:x:988:guest,intern\n",
    # Rules on other paths, for other events, or switched off watch nothing of Docker's.
    "/etc/audit/rules.d/docker.rules": (
        "-w /etc/docker.bak -p wa\n# -w /etc/docker -p wa\n-a never,exit -F dir=/etc/docker\n"
    ),
}
SOCKETS = {"/run/docker.sock": 988, "/run/containerd/containerd.sock": 0}


def good_root(folder: Path) -> Path:
    """A root in which every rule of the content that can be judged there passes."""
    for path, (text, mode) in GOOD.items():
        _write(folder, path, text, mode)
    for path, group in SOCKETS.items():
        _bind(folder, path)
        os.chown(folder / path[1:], 0, group)
        (folder / path[1:]).chmod(0o660)
    (folder / "var/lib/docker").mkdir(parents=True)
    (folder / "etc/docker").chmod(0o755)
    return folder


def bad_root(folder: Path) -> Path:
    """A root in which they all fail."""
    for path, (text, _mode) in GOOD.items():
        _write(folder, path, BAD_TEXTS.get(path, text), 0o777)
        os.chown(folder / path[1:], 1000, 1000)
    for path in SOCKETS:
        _bind(folder, path)
        os.chown(folder / path[1:], 1000, 1000)
        (folder / path[1:]).chmod(0o777)
    (folder / "var/lib/docker").mkdir(parents=True)
    os.chown(folder / "etc/docker", 1000, 1000)
    (folder / "etc/docker").chmod(0o777)
    return folder


def changed(folder: Path, texts: Mapping[str, str]) -> None:
    """Write other texts over files of the root, with their modes."""
    for path, text in texts.items():
        (folder / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / path[1:]).write_text(text)


def _write(folder: Path, path: str, text: str, mode: int) -> None:
    file = folder / path[1:]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.chown(file, 0, 0)
    file.chmod(mode)


def _bind(folder: Path, path: str) -> None:
    """A socket there, whose address in the process is short: the kernel takes 107 characters at most."""
    place = folder / path[1:]
    place.parent.mkdir(parents=True, exist_ok=True)
    short = Path("/tmp", f"bulkhead-{os.getpid()}.sock")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(short))
    shutil.move(short, place)
