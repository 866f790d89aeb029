# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports as people write them: 5432, "53/UDP", "8000-8100/TCP", "http", or {port, protocol, end_port}."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.k8s.errors import K8sError

PROTOCOLS = ("TCP", "UDP", "SCTP")
_TEXT = re.compile(r"((?P<first>[0-9]+)(-(?P<end>[0-9]+))?|(?P<name>[-a-z0-9]+))(/(?P<protocol>[A-Za-z]+))?")
_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")


def policy_ports(given: Sequence[Any], where: str) -> list[dict[str, Any]]:
    """NetworkPolicyPort objects. Raises K8sError, which begins with `where`."""
    return [_port(each, where) for each in given]


def _port(given: Any, where: str) -> dict[str, Any]:
    row = given if isinstance(given, Mapping) else _read(str(given), where)
    protocol = str(row.get("protocol") or "TCP").upper()
    if protocol not in PROTOCOLS:
        raise K8sError(f"{where}: {protocol} is none of {', '.join(PROTOCOLS)}")
    found: dict[str, Any] = {"protocol": protocol}
    if row.get("port") is not None:
        found["port"] = _number_or_name(row["port"], where)
    if row.get("end_port") is not None:
        found["endPort"] = _end(found.get("port"), row["end_port"], where)
    return found


def _read(text: str, where: str) -> dict[str, Any]:
    match = _TEXT.fullmatch(text)
    if match is None:
        raise K8sError(f"{where}: {text!r} is no port such as 443, 53/UDP, 8000-8100 or http")
    return {"port": match["first"] or match["name"], "protocol": match["protocol"], "end_port": match["end"]}


def _number_or_name(port: Any, where: str) -> int | str:
    text = str(port)
    if text.isdigit():
        if not 1 <= int(text) <= 65535:
            raise K8sError(f"{where}: {text} is no port; they go from 1 to 65535")
        return int(text)
    if not _NAME.fullmatch(text):
        raise K8sError(f"{where}: {text!r} is neither a port nor the name of one")
    return text


def _end(first: Any, last: Any, where: str) -> int:
    end = _number_or_name(last, where)
    if not isinstance(first, int) or not isinstance(end, int) or end < first:
        raise K8sError(f"{where}: {first}-{last} is no range of ports")
    return end
