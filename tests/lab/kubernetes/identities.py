# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is who in one private cluster: its keys in pki/, kubeconfigs of its parts in kubeconfig/, of users in users/."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from pathlib import Path

from tests.lab.kubernetes.certificates import Authority, Credential, write_kubeconfig, write_signing_key
from tests.lab.kubernetes.kubelet import NODE_NAME
from tests.lab.kubernetes.network import API_SERVICE

_SERVICE_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
    "127.0.0.1",
    API_SERVICE,
)
_COMPONENTS = {
    "controller-manager": ("system:kube-controller-manager", ()),
    "scheduler": ("system:kube-scheduler", ()),
    "kube-proxy": ("system:kube-proxy", ()),
    "kubelet": (f"system:node:{NODE_NAME}", ("system:nodes",)),
}


class Identities:
    """The cluster's authorities and all that they have signed. url: where the API server is to be found."""

    def __init__(self, workdir: Path, url: str) -> None:
        self._workdir = workdir
        self._url = url
        self._authority = Authority("lab-ca")
        self._front_proxy = Authority("lab-front-proxy-ca")
        self.pki = workdir / "pki"
        self.ca_file = self.pki / "ca.crt"
        self.admin_kubeconfig = workdir / "kubeconfig" / "admin.conf"

    def write(self, addresses: Sequence[str]) -> None:
        """Everything that the components want. addresses: where API server and kubelet are reached."""
        self.pki.mkdir(parents=True, exist_ok=True)
        self._authority.credential.write(self.pki, "ca")
        self._front_proxy.credential.write(self.pki, "front-proxy-ca")
        names = list(dict.fromkeys([*_SERVICE_NAMES, *addresses]))
        self._authority.server("kube-apiserver", names).write(self.pki, "apiserver")
        self._authority.server(f"system:node:{NODE_NAME}", [NODE_NAME, *addresses]).write(self.pki, "kubelet")
        to_kubelet = self._authority.client("kube-apiserver-kubelet-client", ["system:masters"])
        to_kubelet.write(self.pki, "kubelet-client")
        self._front_proxy.client("front-proxy-client").write(self.pki, "front-proxy-client")
        write_signing_key(self.pki)
        self._write_kubeconfigs()

    def _write_kubeconfigs(self) -> None:
        admin = self._authority.client("admin", ["system:masters"])
        admin.write(self.pki, "admin")
        self._kubeconfig(self.admin_kubeconfig, "admin", admin)
        for component, (user, groups) in _COMPONENTS.items():
            file = self._workdir / "kubeconfig" / f"{component}.conf"
            self._kubeconfig(file, user, self._authority.client(user, groups))

    def user(self, name: str, groups: Sequence[str]) -> Path:
        """The kubeconfig of a user with a client certificate."""
        return self._kubeconfig(self._user_file([name, *groups]), name, self._authority.client(name, groups))

    def token_user(self, name: str, token: str) -> Path:
        """The kubeconfig of whoever has this token."""
        return write_kubeconfig(self._user_file([name]), self._url, self.ca_file.read_bytes(), name, token=token)

    @property
    def admin_pair(self) -> tuple[Path, Path]:
        """The files of the administrator's certificate and key."""
        return self.pki / "admin.crt", self.pki / "admin.key"

    def _user_file(self, names: Sequence[str]) -> Path:
        return self._workdir / "users" / f"{urllib.parse.quote('+'.join(names), safe='+:@')}.conf"

    def _kubeconfig(self, file: Path, user: str, credential: Credential) -> Path:
        return write_kubeconfig(file, self._url, self.ca_file.read_bytes(), user, credential=credential)
