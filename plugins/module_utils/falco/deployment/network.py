# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network policies of Falco and falcosidekick: who may ask them, and whom they may reach."""

from __future__ import annotations

import ipaddress
import urllib.parse
from collections.abc import Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.config_check import FalcoError
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.deployment.pod import labels

Object = dict[str, Any]
_DEFAULT_PORTS = {"https": 443, "http": 80}


def policy(namespace: str, component: str, ingress: list[Object], egress: list[Object]) -> Object:
    """A policy for the pods of a component, in both directions."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": component, "namespace": namespace, "labels": labels(component)},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": component}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": ingress,
            "egress": egress,
        },
    }


def dns(options: Mapping[str, Any]) -> Object:
    """Egress to the DNS of the cluster."""
    peer: Object = {"namespaceSelector": {}, "podSelector": {"matchLabels": options["dns_labels"]}}
    return {"to": [peer], "ports": [port(53, "UDP"), port(53)]}


def port(number: int, protocol: str = "TCP") -> Object:
    """A port of a policy."""
    return {"protocol": protocol, "port": number}


def to_url(url: str, namespace_label: str) -> list[Object]:
    """Egress to the host of a URL: a Service of the cluster by its namespace, an address, or else its port anywhere.

    FalcoError where the URL has no host or no port that one can know.
    """
    if not url:
        return []
    host, number = _host_and_port(url)
    name, _dot, rest = host.partition(".")
    namespace = rest.split(".")[0]
    of_service = rest.endswith((".svc", ".svc.cluster.local")) and bool(name)
    if of_service:
        return [{"to": [{"namespaceSelector": {"matchLabels": {namespace_label: namespace}}}], "ports": [port(number)]}]
    block = _block(host)
    return [{"to": [{"ipBlock": {"cidr": block}}], "ports": [port(number)]} if block else {"ports": [port(number)]}]


def _host_and_port(url: str) -> tuple[str, int]:
    try:
        parts = urllib.parse.urlsplit(url)
        host, number = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        host, number = None, None
    if not host or not number:
        raise FalcoError(f"{url!r} is no URL that alerts can be sent to, such as https://response.example.com:2801/")
    return host, number


def _block(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    return f"{address}/{address.max_prefixlen}"
