# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients of a cluster: kubectl, the lab's own REST, the code under test; and the users whom they stand for."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.lab.dockerd import LabError
from tests.lab.kubernetes import controllers
from tests.lab.kubernetes.identities import Identities
from tests.lab.kubernetes.processes import Processes
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.rest import Rest

if TYPE_CHECKING:
    from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster


class Clients:
    """What a test asks of a cluster. Whoever starts the cluster sets what is declared here."""

    mode: str
    workdir: Path
    address: str
    port: int
    kubeconfig: Path
    ca_file: Path
    processes: Processes
    _identities: Identities

    @property
    def kubectl_program(self) -> str:
        """The path of kubectl."""
        return program("kubectl")

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        """What kubectl, an independent client, prints as the administrator. LabError where it fails and `check`."""
        words = [self.kubectl_program, f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.workdir}/kubectl"]
        done = subprocess.run([*words, *arguments], input=input, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise LabError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout if check else done.stdout + done.stderr

    def kubectl_apply(self, objects: Sequence[Mapping[str, Any]]) -> str:
        """`kubectl apply` of plain objects, in the order given."""
        listing = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        return self.kubectl("apply", "-f", "-", input=json.dumps(listing))

    def make_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """A namespace; with its default ServiceAccount, without which no pod is admitted, where somebody makes that."""
        with self.rest() as rest:
            rest.create("/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
            if self.mode != "api":
                path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
                names = ["kube-controller-manager"]
                self.processes.wait("default ServiceAccount", lambda: controllers.has_token(rest, path), names)

    def user(self, name: str, groups: Sequence[str] = ()) -> Path:
        """The kubeconfig of a user with a client certificate. Nothing is granted to it."""
        return self._identities.user(name, groups)

    def service_account(self, namespace: str, name: str) -> Path:
        """The kubeconfig of an existing ServiceAccount, with a token of its own that is valid for an hour."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        with self.rest() as rest:
            answer = rest.create(path, {"spec": {"expirationSeconds": 3600}})
        return self._identities.token_user(f"{namespace}:{name}", answer["status"]["token"])

    def cluster(self, kubeconfig: Path | None = None) -> Cluster:
        """Our own client, as the administrator or as another user. The caller closes it."""
        from tests.lab.kubernetes.under_test import our_client  # a third of a second, which few need

        return our_client(kubeconfig or self.kubeconfig)

    def rest(self) -> Rest:
        """The lab's own client, as the administrator. The caller closes it."""
        return Rest(self.port, self.ca_file, self._identities.admin_pair, self.address)
