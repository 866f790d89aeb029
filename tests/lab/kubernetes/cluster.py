# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private Kubernetes cluster of one of three sizes.

    with Kubernetes("api") as k8s:      etcd and the API server, on the loopback; needs no root
    with Kubernetes("ctl") as k8s:      and controller-manager and scheduler: tokens, aggregated roles, ReplicaSets

Nothing is fixed: any number of them may run beside each other.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tests.lab.dockerd import REPOSITORY, LabError
from tests.lab.kubernetes import apiserver, controllers, etcd, reaper
from tests.lab.kubernetes.apiserver import ApiOptions
from tests.lab.kubernetes.certificates import write_kubeconfig
from tests.lab.kubernetes.pki import Pki
from tests.lab.kubernetes.ports import free_port
from tests.lab.kubernetes.processes import Processes, start_guard
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.rest import Rest

if TYPE_CHECKING:
    from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.client import Cluster

MODES = ("api", "ctl")


class Kubernetes:
    """One private cluster. A context manager; `start` and `close` for finer control.

    api_flags: flags of the API server (`--name=value`); a default of ours gives way to the same flag.
    admission: admission plugins on top of NodeRestriction and those that are on by default.
    audit_policy: an audit policy, as an object or as text; the API server writes `audit_log` by it.
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
        keep: bool = False,
    ) -> None:
        if mode not in MODES:
            raise LabError(f"a cluster is one of {', '.join(MODES)}, not {mode!r}")
        self.mode = mode
        self.workdir = workdir or Path(tempfile.mkdtemp(prefix="bulkhead-k8s-"))
        self.api_options = ApiOptions(tuple(api_flags), tuple(admission), audit_policy)
        self.keep = keep
        self.address = "127.0.0.1"
        self.port, self.etcd_port = free_port(), free_port()
        self.kubeconfig = self.workdir / "kubeconfig" / "admin.conf"
        self.ca_file = self.workdir / "pki" / "ca.crt"
        self.processes = Processes(self.workdir)
        self._pki = Pki(self.workdir / "pki")
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address of the API server."""
        return f"https://{self.address}:{self.port}"

    @property
    def audit_log(self) -> Path:
        """Where the API server writes its audit log. LabError where no policy was given."""
        if self.api_options.audit_policy is None:
            raise LabError("this cluster was started without an audit policy")
        return self.workdir / "log" / "audit.json"

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start, and wait until it is of use. LabError with the last words of what did not come up."""
        if self._guard is None and not self.keep:
            self._guard = start_guard(self.workdir, REPOSITORY)
        self.processes.start("etcd", etcd.command(program("etcd"), self.workdir, self.etcd_port))
        self._write_identities()
        self.processes.wait("healthy etcd", lambda: etcd.healthy(self.etcd_port), ["etcd"])
        self.start_api()
        if self.mode != "api":
            self._start_controllers()

    def close(self) -> None:
        """End everything at once and remove the folder (kept with `keep=True`). Safe to call twice."""
        self.processes.kill_all()
        reaper.reap(self.workdir, remove=not self.keep)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
            self._guard = None

    def __enter__(self) -> Kubernetes:
        try:
            self.start()
        except BaseException:
            self.processes.keep_logs()
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.processes.keep_logs()
        self.close()

    def stop_api(self) -> None:
        """The API server is gone from one moment to the next; etcd and the rest stay."""
        self.processes.kill("kube-apiserver")

    def start_api(self, api_flags: Sequence[str] | None = None) -> None:
        """Start the API server, on the same port and the same etcd; with other flags, where given."""
        if api_flags is not None:
            self.api_options = ApiOptions(tuple(api_flags), self.api_options.admission, self.api_options.audit_policy)
        self.processes.start("kube-apiserver", self.api_command())
        with self.rest() as rest:
            self.processes.wait(
                "ready API server",
                # The namespaces come from a loop of the API server's own, which readiness does not wait for.
                lambda: rest.status("/readyz") == 200 and rest.status("/api/v1/namespaces/kube-system") == 200,
                ["kube-apiserver", "etcd"],
            )

    # -- what a test asks of it ---------------------------------------------------------------------------------

    def kubectl(self, *arguments: str, input: str | None = None, check: bool = True) -> str:  # noqa: A002
        """What kubectl, an independent client, prints as the administrator. LabError where it fails and `check`."""
        words = [program("kubectl"), f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.workdir}/kubectl"]
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
            status, answer = rest.send("POST", "/api/v1/namespaces", {"metadata": {"name": name, "labels": labels}})
            if status != 201:
                raise LabError(f"no namespace {name}: {answer}")
            if self.mode != "api":
                path = f"/api/v1/namespaces/{name}/serviceaccounts/default"
                names = ["kube-controller-manager"]
                self.processes.wait("default ServiceAccount", lambda: controllers.has_token(rest, path), names)

    def user(self, name: str, groups: Sequence[str] = ()) -> Path:
        """The kubeconfig of a user with a client certificate. Nothing is granted to it."""
        return self._kubeconfig("users", name, groups)

    def service_account(self, namespace: str, name: str) -> Path:
        """The kubeconfig of an existing ServiceAccount, with a token of its own that is valid for an hour."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        with self.rest() as rest:
            status, answer = rest.send("POST", path, {"spec": {"expirationSeconds": 3600}})
        if status >= 300:
            raise LabError(f"no token for ServiceAccount {namespace}/{name}: {answer}")
        file = self.workdir / "users" / f"{namespace}:{name}.conf"
        token = answer["status"]["token"]
        return write_kubeconfig(file, self.url, self.ca_file.read_bytes(), name, token=token)

    def cluster(self, kubeconfig: Path | None = None) -> Cluster:
        """Our own client, as the administrator or as another user. The caller closes it."""
        from tests.lab.kubernetes.under_test import our_client  # half a second, which few need

        return our_client(kubeconfig or self.kubeconfig)

    def rest(self) -> Rest:
        """The lab's own client, as the administrator. The caller closes it."""
        return Rest(self.port, self.ca_file, self._pki.file_pair("admin"), self.address)

    def etcd_get(self, key: str) -> bytes:
        """What etcd has under a key, such as `/registry/secrets/default/name`. LabError where that is nothing."""
        return etcd.value(self.etcd_port, key)

    # -- how it is made -----------------------------------------------------------------------------------------

    def _write_identities(self) -> None:
        self._pki.write([self.address, apiserver.API_SERVICE])
        self._kubeconfig("kubeconfig", "admin", ["system:masters"])
        for component in ("controller-manager", "scheduler"):
            self._kubeconfig("kubeconfig", component, (), f"system:kube-{component}")

    def _kubeconfig(self, folder: str, name: str, groups: Sequence[str], user: str = "") -> Path:
        credential = self._pki.client(user or name, groups)
        file = self.workdir / folder / f"{urllib.parse.quote('+'.join([name, *groups]), safe='+:@')}.conf"
        if folder == "kubeconfig":
            file = self.workdir / folder / f"{name}.conf"
            credential.write(self._pki.folder, name)
        return write_kubeconfig(file, self.url, self.ca_file.read_bytes(), user or name, credential=credential)

    def api_command(self) -> list[str]:
        """The API server's whole command line."""
        options = apiserver.defaults(
            self.workdir,
            port=self.port,
            etcd_port=self.etcd_port,
            address=self.address,
            service_accounts=self.mode != "api",
        )
        if self.api_options.audit_policy is not None:
            policy = apiserver.write_audit_policy(self.workdir, self.api_options.audit_policy)
            options |= apiserver.audit_flags(policy, self.audit_log)
        return apiserver.command(program("kube-apiserver"), options, self.api_options.admission, self.api_options.flags)

    def _start_controllers(self) -> None:
        self.processes.start(
            "kube-controller-manager",
            controllers.controller_manager(program("kube-controller-manager"), self.workdir),
        )
        self.processes.start("kube-scheduler", controllers.scheduler(program("kube-scheduler"), self.workdir))
        with self.rest() as rest:
            self.processes.wait(
                "default ServiceAccount and aggregated roles",
                lambda: controllers.at_work(rest),
                ["kube-controller-manager", "kube-scheduler"],
            )
