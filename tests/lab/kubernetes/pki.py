# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys of one private cluster, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.lab.kubernetes.certificates import Authority, Credential, write_signing_key

_SERVICE_NAMES = (
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
    "127.0.0.1",
)


class Pki:
    """The cluster's authority and the front proxy's, and what they have signed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority("lab-ca")
        self._front_proxy = Authority("lab-front-proxy-ca")

    def write(self, addresses: Sequence[str]) -> None:
        """Everything that the API server wants. addresses: where it is reached, beside the loopback."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.authority.credential.write(self.folder, "ca")
        self._front_proxy.credential.write(self.folder, "front-proxy-ca")
        names = list(dict.fromkeys([*_SERVICE_NAMES, *addresses]))
        self.authority.server("kube-apiserver", names).write(self.folder, "apiserver")
        self.client("kube-apiserver-kubelet-client", ["system:masters"]).write(self.folder, "kubelet-client")
        self._front_proxy.client("front-proxy-client").write(self.folder, "front-proxy-client")
        write_signing_key(self.folder)

    def client(self, name: str, groups: Sequence[str] = ()) -> Credential:
        """A client certificate."""
        return self.authority.client(name, groups)

    def file_pair(self, name: str) -> tuple[Path, Path]:
        """Where a credential's certificate and key are."""
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"
