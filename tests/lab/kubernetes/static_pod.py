# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server as kubeadm runs it: a static pod of the real kubelet, by a manifest in a folder of the node."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from tests.lab.images import make_program_image
from tests.lab.kubernetes.apiserver import ApiOptions, ApiServer
from tests.lab.kubernetes.kubelet import NODE_NAME
from tests.lab.kubernetes.network import NODE
from tests.lab.kubernetes.node import Node
from tests.lab.kubernetes.processes import Processes
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.rest import Rest

IMAGE = "lab/kube-apiserver:1.0"
NAME = "kube-apiserver"


def _probe(path: str, port: int, **timing: int) -> dict[str, Any]:
    address = {"host": NODE, "path": path, "port": port, "scheme": "HTTPS"}
    return {"httpGet": address, "timeoutSeconds": 15, **timing}


def _host_path(name: str, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """(volume, mount) of a folder of the node, under the same path."""
    return (
        {"name": name, "hostPath": {"path": str(path), "type": "DirectoryOrCreate"}},
        {"name": name, "mountPath": str(path)},
    )


def manifest(command: Sequence[str], folders: dict[str, Path], port: int) -> dict[str, Any]:
    """The pod, in the form that kubeadm gives it. folders: what of the node it reads, by the volume's name."""
    paths = [_host_path(name, path) for name, path in folders.items()]
    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": list(command),
        "livenessProbe": _probe("/livez", port, failureThreshold=8, initialDelaySeconds=10, periodSeconds=10),
        "readinessProbe": _probe("/readyz", port, failureThreshold=3, periodSeconds=1),
        "startupProbe": _probe("/livez", port, failureThreshold=24, initialDelaySeconds=1, periodSeconds=2),
        "resources": {"requests": {"cpu": "250m"}},
        "volumeMounts": [mount for _volume, mount in paths],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": NAME,
            "namespace": "kube-system",
            "labels": {"component": NAME, "tier": "control-plane"},
            "annotations": {"kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint": f"{NODE}:{port}"},
        },
        "spec": {
            "containers": [container],
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "volumes": [volume for volume, _mount in paths],
        },
    }


class StaticPodApiServer(ApiServer):
    """The API server as a pod of the node; `start` and `stop` put its manifest into the folder, and take it out."""

    watched = ("kubelet", "etcd")

    def __init__(
        self, workdir: Path, processes: Processes, defaults: Mapping[str, str], options: ApiOptions, node: Node
    ) -> None:
        super().__init__(workdir, processes, defaults, options)
        self._node = node
        self._port = int(defaults["secure-port"])
        self.manifest = node.manifests / f"{NAME}.yaml"

    def prepare(self) -> None:
        """Make the image of the API server's one static program."""
        self._node.await_engine()
        with contextlib.closing(self._node.docker.client()) as client:
            make_program_image(client, IMAGE, NAME, Path(program(NAME)).read_bytes())

    def command(self) -> list[str]:
        """Its command line inside the pod."""
        return [NAME, *self.arguments()]

    def start(self, flags: Sequence[str] | None = None) -> None:
        """Put its manifest into its place; with other flags, where given."""
        if flags is not None:
            self.options = replace(self.options, flags=tuple(flags))
        folders = {"pki": self.workdir / "pki"}
        if self.options.audit_policy is not None:
            folders["audit"] = self.workdir / "audit"
        pod = manifest(self.command(), folders, self._port)
        # At once, from a folder that nobody watches: kubelet reads whatever it finds in this one.
        draft = self.workdir / self.manifest.name
        draft.write_text(yaml.safe_dump(pod, sort_keys=False))
        draft.replace(self.manifest)

    def stop(self) -> None:
        """Take its manifest away; kubelet ends the pod."""
        self.manifest.unlink(missing_ok=True)


def is_shown(rest: Rest) -> bool:
    """Whether the API server shows its own pod."""
    return rest.status(f"/api/v1/namespaces/kube-system/pods/{NAME}-{NODE_NAME}") == 200
