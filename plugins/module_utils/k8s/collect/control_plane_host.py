# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collect what only the host of a control plane or a node tells: components outside of Pods, kubelet, files."""

from __future__ import annotations

import base64
import binascii
import posixpath
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.apiserver.encryption import writer_of
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.collect.control_plane import Component
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.host import (
    API_SERVER,
    ETCD,
    KUBELET,
    HostProcess,
    components_here,
    yaml_mapping,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.components.kubelet import (
    kubelet_facts,
    with_defaults,
)
from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

Facts = dict[str, Any]

FILES_NOT_ASKED = "Files of the control plane and of nodes are not in the API: set control_plane where they are."
_AUTHENTICATION = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
_MANIFESTS = "/etc/kubernetes/manifests"
_WITH_CERTIFICATES = ("pki_certificate", "client_authority")
_PROGRAMS = {
    "kube-apiserver": "api_server",
    "kube-controller-manager": "controller_manager",
    "kube-scheduler": "scheduler",
    "etcd": "etcd",
}


class ControlPlaneHost:
    """The components of one cluster that run here."""

    def __init__(self, cluster: Cluster) -> None:
        """Raises K8sError where none does."""
        self._cluster = cluster
        data = cluster.get(_AUTHENTICATION).get("data") or {}
        self.processes = components_here(str(data.get("client-ca-file") or ""))
        if not self.processes:
            raise K8sError(
                f"control_plane: no component of {cluster.address} runs on {socket.gethostname()}, or its process may "
                "not be looked at: run as root (become: true) on a host of that cluster"
            )

    def components(self) -> list[Component]:
        """Those of the control plane, as subjects are made of them."""
        return [
            Component(each.argv, {"kind": "process", "name": each.program})
            for each in self.processes
            if each.program in _PROGRAMS
        ]

    def kubelets(self) -> list[Facts]:
        """The subject of the kubelet that runs here, if one does."""
        found = []
        for each in self._of(KUBELET):
            configuration = with_defaults(each.read_yaml("config"), each.flags)
            name = each.flag("hostname-override") or socket.gethostname().lower()
            facts = kubelet_facts(configuration, self._cluster.version)
            found.append({"subject": {"kind": "Node", "name": name}, **facts, "unknown": {}})
        return found

    def encryption_writer(self) -> str | None:
        """What encrypts Secrets, by the file that the API server was given; None where there is no such file."""
        for each in self._of(API_SERVER):
            text = each.read("encryption-provider-config")
            if text:
                return writer_of(yaml_mapping(text))[0]
        return None

    def files(self) -> list[Facts]:
        """The subjects of scope `file`: {subject, role, exists, ownership, mode, …}, as HostFiles.facts tells them."""
        subjects = []
        for role, path, files in self._located():
            name = {"kind": "file", "name": path}
            subjects.append({"subject": name, "role": role, **files.facts(path)})
        return subjects

    def certificates(self) -> Iterator[tuple[str, str]]:
        """(place, PEM) of every certificate in a file, those inside of kubeconfigs included."""
        for role, path, files in self._located():
            text = files.read(path) if role in _WITH_CERTIFICATES or role.endswith("_kubeconfig") else None
            if text and role.endswith("_kubeconfig"):
                yield from _of_kubeconfig(path, text, files)
            elif text:
                yield f"file {path}", text

    def _of(self, program: str) -> list[HostProcess]:
        return [each for each in self.processes if each.program == program]

    def _located(self) -> Iterator[tuple[str, str, HostFiles]]:
        """(role, path, where it is found) of each file; a path of two roles comes twice."""
        here = HostFiles()
        yield from self._manifests(here)
        for path in (*here.glob("/etc/cni/net.d/*.conf"), *here.glob("/etc/cni/net.d/*.conflist")):
            yield "cni", path, here
        for path in ("/etc/kubernetes/admin.conf", "/etc/kubernetes/super-admin.conf"):
            yield "admin_kubeconfig", path, here
        for folder in ("/etc", "/usr/lib", "/lib"):
            for path in here.glob(f"{folder}/systemd/system/kubelet.service.d/*.conf"):
                yield "kubelet_service", path, here
        for each in self.processes:
            yield from self._of_process(each)

    def _manifests(self, here: HostFiles) -> Iterator[tuple[str, str, HostFiles]]:
        folder = next((facts["staticPodPath"] for facts in self.kubelets() if facts["staticPodPath"]), _MANIFESTS)
        for program, scope in _PROGRAMS.items():
            yield f"{scope}_manifest", posixpath.join(str(folder), f"{program}.yaml"), here

    def _of_process(self, process: HostProcess) -> Iterator[tuple[str, str, HostFiles]]:
        by_flag = {
            "kube-controller-manager": {"kubeconfig": "controller_manager_kubeconfig"},
            "kube-scheduler": {"kubeconfig": "scheduler_kubeconfig"},
            "kube-proxy": {"kubeconfig": "proxy_kubeconfig"},
            KUBELET: {"kubeconfig": "kubelet_kubeconfig", "config": "kubelet_config"},
            ETCD: {"data-dir": "etcd_data"},
        }.get(process.program, {})
        for flag, role in by_flag.items():
            path = process.flag(flag)
            if path:
                yield role, path, process.files
        if process.program == KUBELET:
            configuration = with_defaults(process.read_yaml("config"), process.flags)
            authority = (configuration.get("authentication") or {}).get("x509", {}).get("clientCAFile")
            if authority:
                yield "client_authority", str(authority), process.files
        if process.program == API_SERVER:
            yield from _pki(process)


def _pki(process: HostProcess) -> Iterator[tuple[str, str, HostFiles]]:
    certificate = process.flag("tls-cert-file")
    folder = posixpath.dirname(certificate) if certificate else None
    if not folder:
        return
    yield "pki", folder, process.files
    for pattern in ("*", "*/*"):
        for path in process.files.glob(f"{folder}/{pattern}"):
            if path.endswith(".crt"):
                yield "pki_certificate", path, process.files
            elif path.endswith(".key"):
                yield "pki_key", path, process.files


def _of_kubeconfig(path: str, text: str, files: HostFiles) -> Iterator[tuple[str, str]]:
    """The client certificates that the users of a kubeconfig log in with."""
    for entry in yaml_mapping(text).get("users") or ():
        user = (entry or {}).get("user") or {}
        encoded, file = user.get("client-certificate-data"), user.get("client-certificate")
        if encoded:
            yield f"kubeconfig {path}", _decoded(str(encoded))
        elif file:
            yield f"file {file}", files.read(str(file)) or ""


def _decoded(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def with_encryption(subjects: Sequence[Facts], writer: str | None) -> None:
    """Add what encrypts Secrets to the facts of API servers."""
    for facts in subjects:
        facts["encryption_writer"] = writer
