# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node of a cluster: a private dockerd, kubelet and kube-proxy, in a network namespace of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from pathlib import Path

from tests.lab.dockerd import Dockerd, LabError, make_network_namespace
from tests.lab.images import idle_program, make_images, make_program_image
from tests.lab.kubernetes import kubelet, machine, network
from tests.lab.kubernetes.processes import Processes
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.rest import Rest

_DOCKERD_FLAGS = (
    # The pods' network is CNI's.
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--exec-opt=native.cgroupdriver=cgroupfs",
)
_PROGRAMS = {
    "dockerd": "docker.io",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "iptables": "iptables",
}


def obstacle() -> str:
    """Why a node cannot run on this machine; empty where it can."""
    if os.geteuid():
        return "a node starts containers, for which the lab must be root: try again with sudo"
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    for name, package in _PROGRAMS.items():
        if shutil.which(name, path=path) is None:
            return f"{name} is missing: apt-get install {package}"
    if not Path("/usr/lib/cni/bridge").exists():
        return "the CNI plugins are missing: apt-get install containernetworking-plugins"
    return ""


class Node:
    """The one node. `lock` first, then `prepare`, `start`, `wait`."""

    def __init__(self, workdir: Path, processes: Processes, *, keep: bool = False) -> None:
        self._workdir = workdir
        self._processes = processes
        self._lock: int | None = None
        self._engine: threading.Thread | None = None
        self._engine_error: BaseException | None = None
        self.manifests = workdir / "manifests"
        self._keep = keep
        self._docker: Dockerd | None = None

    @property
    def docker(self) -> Dockerd:
        """The node's dockerd. LabError before `prepare`."""
        if self._docker is None:
            raise LabError("the node's dockerd has not been started")
        return self._docker

    def lock(self) -> int:
        """Wait for this machine's one place for a node; the descriptor that holds it."""
        reason = obstacle()
        if reason:
            raise LabError(reason)
        self._lock = machine.lock_machine()
        return self._lock

    def prepare(self) -> None:
        """The network, at once; dockerd and its images in the background."""
        machine.claim(self._workdir)
        self._docker = Dockerd(self._workdir / "docker", flags=_DOCKERD_FLAGS, bridge=True, keep=self._keep)
        self.manifests.mkdir(exist_ok=True)
        make_network_namespace(self.docker.network_namespace)
        network.connect(self._workdir, self.docker.network_namespace)
        self._engine = threading.Thread(target=self._start_engine)
        self._engine.start()

    def _start_engine(self) -> None:
        try:
            self.docker.start()
            with contextlib.closing(self.docker.client()) as client:
                make_images(client, [])
                make_program_image(client, kubelet.PAUSE, "pause", idle_program())
        except Exception as error:  # noqa: BLE001 - raised again where it is waited for
            self._engine_error = error

    def await_engine(self) -> None:
        """Wait until dockerd has its images. Raises what hindered it."""
        if self._engine is not None:
            self._engine.join()
            self._engine = None
        if self._engine_error is not None:
            raise self._engine_error

    def start(self) -> None:
        """Start kubelet and kube-proxy, which go on trying until an API server answers."""
        self.await_engine()
        enter = network.inside(self.docker.network_namespace)
        command = kubelet.kubelet(program("kubelet"), self._workdir, self.docker.docker_host)
        self._processes.start("kubelet", [*enter, *command])
        self._processes.start("kube-proxy", [*enter, *kubelet.kube_proxy(program("kube-proxy"), self._workdir)])

    def wait(self, rest: Rest) -> None:
        """Wait until the node is ready for pods."""
        self._processes.wait("ready node", lambda: _ready(rest), ["kubelet", "kube-proxy"])

    def close(self) -> None:
        """End dockerd and its containers; for when kubelet has ended. Safe to call twice."""
        if self._engine is not None:
            self._engine.join()
            self._engine = None
        if self._docker is not None:
            self._docker.close()

    def unlock(self) -> None:
        """Let the next one have the machine."""
        if self._lock is not None:
            machine.unlock_machine(self._lock)
            self._lock = None


def _ready(rest: Rest) -> bool:
    status, node = rest.send("GET", f"/api/v1/nodes/{kubelet.NODE_NAME}")
    conditions = node["status"].get("conditions", []) if status == 200 else []
    return {"type": "Ready", "status": "True"} in [
        {"type": condition["type"], "status": condition["status"]} for condition in conditions
    ]
