# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server's command line and files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICES = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"
ISSUER = "https://kubernetes.default.svc"


@dataclass(frozen=True)
class ApiOptions:
    """What a test may ask of an API server, beside its mode."""

    flags: tuple[str, ...] = ()
    admission: tuple[str, ...] = ()
    audit_policy: Mapping[str, Any] | str | None = None


def write_audit_policy(workdir: Path, policy: Mapping[str, Any] | str) -> Path:
    """The policy's file: an object, or its text."""
    file = workdir / "audit-policy.yaml"
    file.write_text(policy if isinstance(policy, str) else json.dumps(policy))
    return file


def defaults(workdir: Path, *, port: int, etcd_port: int, address: str, service_accounts: bool) -> dict[str, str]:
    """The flags that make it private, by name. service_accounts: whether a controller makes default ServiceAccounts."""
    pki = workdir / "pki"
    options = {
        "etcd-servers": f"http://127.0.0.1:{etcd_port}",
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


def audit_flags(policy: Path, log: Path) -> dict[str, str]:
    """The flags that write an audit log."""
    return {"audit-policy-file": str(policy), "audit-log-path": str(log)}


def command(program: str, options: Mapping[str, str], admission: Sequence[str], flags: Sequence[str]) -> list[str]:
    """The command line. A default gives way to the same flag in `flags`, admission plugins come on top of ours."""
    given = {flag.lstrip("-").partition("=")[0] for flag in flags}
    merged = dict(options)
    merged["enable-admission-plugins"] = ",".join([options["enable-admission-plugins"], *admission])
    return [program, *(f"--{name}={value}" for name, value in merged.items() if name not in given), *flags]
