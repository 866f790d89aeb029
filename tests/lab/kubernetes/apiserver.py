# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server's command line and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.lab.dockerd import LabError
from tests.lab.kubernetes.network import SERVICES
from tests.lab.kubernetes.processes import Processes
from tests.lab.kubernetes.programs import program
from tests.lab.kubernetes.rest import Rest

ISSUER = "https://kubernetes.default.svc"


@dataclass(frozen=True)
class ApiOptions:
    """What a test may ask of an API server, beside its mode."""

    flags: tuple[str, ...] = ()
    admission: tuple[str, ...] = ()
    audit_policy: Mapping[str, Any] | str | None = None


def write_audit_policy(workdir: Path, policy: Mapping[str, Any] | str) -> Path:
    """The policy's file: an object, or its text."""
    folder = workdir / "audit"
    folder.mkdir(exist_ok=True)
    file = folder / "policy.yaml"
    file.write_text(policy if isinstance(policy, str) else json.dumps(policy))
    return file


def defaults(workdir: Path, *, address: str, port: int, etcd_url: str, service_accounts: bool) -> dict[str, str]:
    """The flags that make it private, by name. service_accounts: whether a controller makes default ServiceAccounts."""
    pki = workdir / "pki"
    options = {
        "etcd-servers": etcd_url,
        "bind-address": address,
        "secure-port": str(port),
        "tls-cert-file": f"{pki}/apiserver.crt",
        "tls-private-key-file": f"{pki}/apiserver.key",
        "client-ca-file": f"{pki}/ca.crt",
        "kubelet-client-certificate": f"{pki}/kubelet-client.crt",
        "kubelet-client-key": f"{pki}/kubelet-client.key",
        "kubelet-certificate-authority": f"{pki}/ca.crt",
        "kubelet-preferred-address-types": "InternalIP",
        "service-account-key-file": f"{pki}/sa.pub",
        "service-account-signing-key-file": f"{pki}/sa.key",
        "service-account-issuer": ISSUER,
        "requestheader-client-ca-file": f"{pki}/front-proxy-ca.crt",
        "requestheader-allowed-names": "front-proxy-client",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-username-headers": "X-Remote-User",
        "proxy-client-cert-file": f"{pki}/front-proxy-client.crt",
        "proxy-client-key-file": f"{pki}/front-proxy-client.key",
        "enable-aggregator-routing": "true",
        "service-cluster-ip-range": SERVICES,
        "authorization-mode": "Node,RBAC",
        "allow-privileged": "true",
        "enable-admission-plugins": "NodeRestriction",
        "profiling": "false",
    }
    if address == "127.0.0.1":
        # No endpoint of the Service `kubernetes` may lie on the loopback, and nobody would reach one.
        options |= {"advertise-address": "192.0.2.10", "endpoint-reconciler-type": "none"}
    if not service_accounts:
        options["disable-admission-plugins"] = "ServiceAccount"
    return options


class ApiServer:
    """The API server as a process of the host. `defaults`: flags by name; `options` come over them."""

    watched: tuple[str, ...] = ("kube-apiserver", "etcd")

    def __init__(self, workdir: Path, processes: Processes, defaults: Mapping[str, str], options: ApiOptions) -> None:
        self.workdir = workdir
        self.options = options
        self.processes = processes
        self._defaults = defaults

    @property
    def audit_log(self) -> Path:
        """Where it writes its audit log. LabError where no policy was given."""
        if self.options.audit_policy is None:
            raise LabError("this cluster was started without an audit policy")
        return self.workdir / "audit" / "audit.json"

    def arguments(self) -> list[str]:
        """Its flags. A default gives way to the same flag among the options; admission plugins come on top of ours."""
        merged = dict(self._defaults)
        merged["enable-admission-plugins"] = ",".join([merged["enable-admission-plugins"], *self.options.admission])
        if self.options.audit_policy is not None:
            policy = write_audit_policy(self.workdir, self.options.audit_policy)
            merged |= {"audit-policy-file": str(policy), "audit-log-path": str(self.audit_log)}
        given = {flag.lstrip("-").partition("=")[0] for flag in self.options.flags}
        return [f"--{name}={value}" for name, value in merged.items() if name not in given] + [*self.options.flags]

    def command(self) -> list[str]:
        """Its command line."""
        return [program("kube-apiserver"), *self.arguments()]

    def start(self, flags: Sequence[str] | None = None) -> None:
        """Start it; with other flags, where given."""
        if flags is not None:
            self.options = replace(self.options, flags=tuple(flags))
        self.processes.start("kube-apiserver", self.command())

    def stop(self) -> None:
        """End it at once."""
        self.processes.kill("kube-apiserver")


def ready(rest: Rest) -> bool:
    """Whether it is ready. The first namespaces come from a loop of its own, for which readiness does not wait."""
    return rest.status("/readyz") == 200 and rest.status("/api/v1/namespaces/kube-system") == 200
