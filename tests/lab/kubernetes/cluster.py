# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Kubernetes cluster of one of three sizes.

    with Kubernetes("api") as k8s:      etcd and the API server, on the loopback; needs no root
    with Kubernetes("ctl") as k8s:      and controller-manager and scheduler: tokens, aggregated roles, ReplicaSets
    with Kubernetes("full") as k8s:     and a node: dockerd, kubelet and kube-proxy; pods run

Nothing is fixed: any number of them may run beside each other, but only one on a machine with a node.
"""

from __future__ import annotations

import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes import apiserver, controllers, etcd, network, reaper, static_pod
from tests.lab.kubernetes.apiserver import ApiOptions, ApiServer
from tests.lab.kubernetes.clients import Clients
from tests.lab.kubernetes.identities import Identities
from tests.lab.kubernetes.node import Node
from tests.lab.kubernetes.ports import free_port
from tests.lab.kubernetes.processes import Processes, start_guard
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.static_pod import StaticPodApiServer

_API = ("etcd", "kube-apiserver", "kubectl")
_CTL = (*_API, *controllers.PROGRAMS)
_PROGRAMS = {"api": _API, "ctl": _CTL, "full": (*_CTL, "kubelet", "kube-proxy")}
MODES = tuple(_PROGRAMS)


class Kubernetes(Clients):
    """One private cluster. A context manager; `start` and `close` for finer control.

    api_flags: flags of the API server (`--name=value`); a default of ours gives way to the same flag.
    admission: admission plugins on top of NodeRestriction and those that are on by default.
    audit_policy: an audit policy, as an object or as text; the API server writes `audit_log` by it.
    static_pod_api: in `full`, the API server is a static pod of the kubelet, as kubeadm makes it, by `manifest`.
    keep: the folder and the processes stay when this process ends; `reaper.reap(workdir)` ends them.
    """

    def __init__(
        self,
        mode: str = "ctl",
        workdir: Path | None = None,
        *,
        api_flags: Sequence[str] = (),
        admission: Sequence[str] = (),
        audit_policy: Mapping[str, Any] | str | None = None,
        static_pod_api: bool = False,
        keep: bool = False,
    ) -> None:
        if mode not in MODES or (static_pod_api and mode != "full"):
            raise LabError(f"a cluster is one of {', '.join(MODES)}; only full has static pods. Not: {mode!r}")
        self.mode = mode
        # Made when it is wanted: who waits for the machine and is killed leaves nothing.
        self.workdir = workdir or Path(tempfile.gettempdir(), f"bulkhead-k8s-{secrets.token_hex(4)}")
        self.keep = keep
        self.processes = Processes(self.workdir)
        self._guard: subprocess.Popen[bytes] | None = None
        self._node = Node(self.workdir, self.processes, keep=keep) if mode == "full" else None
        # etcd and, unless it is a pod, the API server are on the host, where the node finds them by the cable.
        self._host = network.HOST if self._node else "127.0.0.1"
        self.address = network.NODE if static_pod_api else self._host
        self.port, self.etcd_port = free_port(), free_port()
        self._identities = Identities(self.workdir, self.url)
        self.kubeconfig, self.ca_file = self._identities.admin_kubeconfig, self._identities.ca_file
        self._api = self._make_api(ApiOptions(tuple(api_flags), tuple(admission), audit_policy), static_pod_api)

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start, and wait until it is of use. LabError with the last words of what did not come up."""
        for name in _PROGRAMS[self.mode]:
            program(name)  # before anything runs or waits: they may have to be built first, or be impossible to have
        lock = self._node.lock() if self._node else None
        self.workdir.mkdir(mode=0o700, parents=True)
        if self._guard is None and not self.keep:
            self._guard = start_guard(self.workdir, REPOSITORY, lock)
        if self._node:
            self._node.prepare()
        self.processes.start("etcd", etcd.command(program("etcd"), self.workdir, self._host, self.etcd_port))
        self._identities.write(list({self._host, self.address, network.NODE}))
        self.processes.wait("healthy etcd", lambda: etcd.healthy(self._host, self.etcd_port), ["etcd"])
        self._start_all()

    def close(self) -> None:
        """End everything at once and remove the folder (kept with `keep=True`). Safe to call twice."""
        self.processes.kill_all()
        if self._node:
            self._node.close()
        reaper.reap(self.workdir, remove=not self.keep)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
            self._guard = None
        if self._node:
            self._node.unlock()

    def __enter__(self) -> Kubernetes:
        try:
            self.start()
        except BaseException:
            self._close_with_logs()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._close_with_logs()

    def _close_with_logs(self) -> None:
        try:
            self.processes.keep_logs()
        finally:
            self.close()

    def stop_api(self) -> None:
        """The API server is gone from one moment to the next; etcd and the rest stay."""
        self._api.stop()
        with self.rest() as rest:
            self.processes.wait("end of the API server", lambda: rest.status("/livez") == 0, ["etcd"])

    def start_api(self, api_flags: Sequence[str] | None = None) -> None:
        """Start the API server, on the same port and the same etcd; with other flags, where given."""
        self._api.start(api_flags)
        self.await_api()

    def await_api(self) -> None:
        """Wait until the API server is ready. LabError with its last words where it does not come."""
        with self.rest() as rest:
            self.processes.wait("ready API server", lambda: apiserver.ready(rest), self._api.watched)

    # -- what a test asks of it ---------------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"https://{self.address}:{self.port}"

    @property
    def api_command(self) -> list[str]:
        """The API server's whole command line."""
        return self._api.command()

    @property
    def audit_log(self) -> Path:
        """Where the API server writes its audit log. LabError where no policy was given."""
        return self._api.audit_log

    @property
    def node(self) -> Node:
        """The node, its dockerd, and its folder of static pods. LabError where there is none."""
        if self._node is None:
            raise LabError(f"a cluster of mode {self.mode} has no node")
        return self._node

    @property
    def manifest_dir(self) -> Path:
        """The folder of the kubelet's static pods."""
        return self.node.manifests

    @property
    def has_static_pod_api(self) -> bool:
        """Whether the API server is a static pod of the node."""
        return isinstance(self._api, StaticPodApiServer)

    @property
    def manifest(self) -> Path:
        """The manifest of the API server's static pod. LabError where it is none."""
        if not isinstance(self._api, StaticPodApiServer):
            raise LabError("this cluster's API server is no static pod")
        return self._api.manifest

    def etcd_get(self, key: str) -> bytes:
        """What etcd has under a key, such as `/registry/secrets/default/name`. LabError where that is nothing."""
        return etcd.value(self._host, self.etcd_port, key)

    def compact(self) -> None:
        """Let etcd forget the past: a list that was begun before cannot go on as it was."""
        etcd.compact(self._host, self.etcd_port)

    # -- how it is made -----------------------------------------------------------------------------------------

    def _make_api(self, options: ApiOptions, static_pod: bool) -> ApiServer:
        defaults = apiserver.defaults(
            self.workdir,
            address=self.address,
            port=self.port,
            etcd_url=etcd.url(self._host, self.etcd_port),
            service_accounts=self.mode != "api",
        )
        if self._node and static_pod:
            return StaticPodApiServer(self.workdir, self.processes, defaults, options, self._node)
        return ApiServer(self.workdir, self.processes, defaults, options)

    def _start_all(self) -> None:
        if self._node and isinstance(self._api, StaticPodApiServer):
            self._api.prepare()
            self._node.start()  # it is the node that starts the API server
        self.start_api()
        if self.mode != "api":
            self._start_controllers()
        if self._node:
            if not isinstance(self._api, StaticPodApiServer):
                self._node.start()
            self._await_node(self._node)

    def _start_controllers(self) -> None:
        for name, command in controllers.commands(self.workdir).items():
            self.processes.start(name, command)
        with self.rest() as rest:
            self.processes.wait(
                "default ServiceAccount and aggregated roles",
                lambda: controllers.at_work(rest),
                list(controllers.PROGRAMS),
            )

    def _await_node(self, node: Node) -> None:
        with self.rest() as rest:
            node.wait(rest)
            if isinstance(self._api, StaticPodApiServer):
                self.processes.wait("mirror of the static pod", lambda: static_pod.is_shown(rest), ["kubelet"])
