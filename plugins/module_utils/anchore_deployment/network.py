# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak to whom: the API to those who are declared, the services among themselves, the database to them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.anchore_deployment.services import (
    DATABASE_PORT,
    SERVICES,
    Service,
)

Deployment = Mapping[str, Any]
Object = dict[str, Any]
COMPONENT = "app.kubernetes.io/component"
INSTANCE = "app.kubernetes.io/instance"


def selector(deployment: Deployment, component: str) -> dict[str, str]:
    """The labels by which the pods of a component are known."""
    return {INSTANCE: deployment["name"], COMPONENT: component}


def engine_policy(service: Service, deployment: Deployment) -> Object:
    """The spec of the policy of a service, in both directions."""
    among = [{"podSelector": _engine(deployment)}]
    ingress: list[Object] = [{"from": among, "ports": [_port(service.port)]}]
    if service.component == "api" and deployment["api_clients"]:
        ingress.append({"from": list(deployment["api_clients"]), "ports": [_port(service.port)]})
    egress: list[Object] = [
        _dns(deployment),
        {"to": among, "ports": [_port(each.port) for each in SERVICES]},
        _to_database(deployment),
        *(deployment["egress"] if service.reaches_out else ()),
    ]
    return _policy(selector(deployment, service.component), ingress, egress)


def database_policy(deployment: Deployment) -> Object:
    """That of the database: the services come in, and nothing goes out."""
    ingress = [{"from": [{"podSelector": _engine(deployment)}], "ports": [_port(DATABASE_PORT)]}]
    return _policy(selector(deployment, "db"), ingress, [])


def _policy(labels: Mapping[str, str], ingress: Sequence[Object], egress: Sequence[Object]) -> Object:
    return {
        "podSelector": {"matchLabels": dict(labels)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": list(ingress),
        "egress": list(egress),
    }


def _engine(deployment: Deployment) -> Object:
    services = {"key": COMPONENT, "operator": "In", "values": [each.component for each in SERVICES]}
    return {"matchLabels": {INSTANCE: deployment["name"]}, "matchExpressions": [services]}


def _dns(deployment: Deployment) -> Object:
    peer = {"namespaceSelector": {}, "podSelector": {"matchLabels": dict(deployment["dns_labels"])}}
    return {"to": [peer], "ports": [_port(53, "UDP"), _port(53)]}


def _to_database(deployment: Deployment) -> Object:
    database = deployment["database"]
    ports = [_port(int(database["port"]))]
    if database["own"]:
        return {"to": [{"podSelector": {"matchLabels": selector(deployment, "db")}}], "ports": ports}
    try:
        address = ipaddress.ip_address(database["host"])
    except ValueError:
        # A policy knows no names.
        return {"ports": ports}
    return {"to": [{"ipBlock": {"cidr": f"{address}/{address.max_prefixlen}"}}], "ports": ports}


def _port(number: int, protocol: str = "TCP") -> Object:
    return {"protocol": protocol, "port": number}
