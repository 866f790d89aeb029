# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as subjects of an audit, and which of them are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.container.surroundings import Facts

_BUILT_IN = frozenset({"bridge", "host", "none", "ingress", "docker_gwbridge"})
_BRIDGE = "com.docker.network.bridge."


def collect_networks(networks: Iterable[Mapping[str, Any]], containers: Iterable[Mapping[str, Any]]) -> list[Facts]:
    """One subject a network, from what GET /networks and GET /containers/json?all=1 answer."""
    used = {
        str(network.get("NetworkID") or name)
        for row in containers
        for name, network in ((row.get("NetworkSettings") or {}).get("Networks") or {}).items()
    } | {name for row in containers for name in (row.get("NetworkSettings") or {}).get("Networks") or {}}
    return sorted((_facts(row, used) for row in networks), key=lambda facts: str(facts["subject"]["name"]))


def _facts(network: Mapping[str, Any], used: set[str]) -> Facts:
    options = network.get("Options") or {}
    name, driver = str(network.get("Name")), str(network.get("Driver"))
    return {
        "subject": {"kind": "network", "name": name},
        "unknown": {},
        "driver": driver,
        "scope": network.get("Scope"),
        "built_in": name in _BUILT_IN,
        "internal": bool(network.get("Internal")),
        "attachable": bool(network.get("Attachable")),
        "ingress": bool(network.get("Ingress")),
        "encrypted": "encrypted" in options,  # the driver asks whether the option is there, not for its value
        "inter_container": str(options.get(_BRIDGE + "enable_icc", "true")).lower() not in ("false", "0"),
        "masquerade": str(options.get(_BRIDGE + "enable_ip_masquerade", "true")).lower() not in ("false", "0"),
        "binding_address": str(options.get(_BRIDGE + "host_binding_ipv4") or ""),
        "gateway_mode_ipv4": str(options.get(_BRIDGE + "gateway_mode_ipv4") or ""),
        "in_use": network.get("Id") in used or name in used,
    }
