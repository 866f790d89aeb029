# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who talks to whom: pods, and addresses outside of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Pods that have ended have no network any more.
_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True)
class Endpoint:
    """A pod, or with `namespace` None an address. `ports` are the named ones: (name, protocol) to number."""

    namespace: str | None
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    ips: tuple[str, ...] = ()
    node: str = ""
    host_network: bool = False
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)

    @property
    def subject_to_policies(self) -> bool:
        """No for addresses, and for pods in their node's network, which Kubernetes leaves to the plugin; few judge."""
        return self.namespace is not None and not self.host_network


def address(ip: str) -> Endpoint:
    """An address outside of the cluster."""
    return Endpoint(None, ip, ips=(ip,))


def pod_from(raw: Mapping[str, Any]) -> Endpoint:
    """A Pod object."""
    metadata, spec, status = raw.get("metadata") or {}, raw.get("spec") or {}, raw.get("status") or {}
    known = [entry.get("ip") for entry in status.get("podIPs") or ()] or [status.get("podIP")]
    return Endpoint(
        namespace=str(metadata.get("namespace") or "default"),
        name=str(metadata.get("name") or ""),
        labels=metadata.get("labels") or {},
        ips=tuple(ip for ip in known if ip),
        node=str(spec.get("nodeName") or ""),
        host_network=bool(spec.get("hostNetwork")),
        ports=_named_ports(spec),
    )


def has_ended(raw: Mapping[str, Any]) -> bool:
    """Whether a Pod object is one that has run to its end."""
    return (raw.get("status") or {}).get("phase") in _ENDED


def _named_ports(spec: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    return {
        (str(port["name"]), str(port.get("protocol") or "TCP")): int(port.get("containerPort") or 0)
        for container in spec.get("containers") or ()
        for port in container.get("ports") or ()
        if port.get("name")
    }
