# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that a container publishes on its host, running or not."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

PRIVILEGED_BELOW = 1024

Bindings = Mapping[str, Any]


def published(bindings: Bindings | None, default_address: str = "") -> list[dict[str, Any]]:
    """Docker's port map as a list of {container_port, protocol, host_ip, host_port}, sorted and each once.

    `bindings` is NetworkSettings.Ports or HostConfig.PortBindings: {"80/tcp": [{HostIp, HostPort}] or null}, where
    null is a port that is exposed and not published. `host_port` is null where Docker chooses one.
    """
    rows = []
    for port, hosts in (bindings or {}).items():
        number, _slash, protocol = port.partition("/")
        for host in hosts or ():
            rows.append(
                {
                    "container_port": _number(number),
                    "protocol": protocol or "tcp",
                    "host_ip": str(host.get("HostIp") or default_address).strip("[]"),
                    "host_port": _number(str(host.get("HostPort") or "")),
                }
            )
    return sorted(_each_once(rows), key=_order)


def _number(text: str) -> int | None:
    """The first number of a port or a range of ports such as 8000-8010; null for none, and for 0."""
    first = text.split("-", maxsplit=1)[0]
    return (int(first) or None) if first.isdigit() else None


def _each_once(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for number, row in enumerate(rows) if row not in rows[:number]]


def _order(row: Mapping[str, Any]) -> tuple[int, str, str, int]:
    return row["container_port"] or 0, row["protocol"], row["host_ip"], row["host_port"] or 0


def shown(row: Mapping[str, Any]) -> str:
    """A published port as people write it: `[::]:90->90/tcp`."""
    address = f"[{row['host_ip']}]" if ":" in row["host_ip"] else row["host_ip"] or "0.0.0.0"
    return f"{address}:{row['host_port'] or '?'}->{row['container_port']}/{row['protocol']}"


def with_all_exposed(bindings: Bindings | None, exposed: Iterable[str] | None) -> dict[str, Any]:
    """What `--publish-all` asks for: the bindings, and each exposed port that has none at a port of Docker's choice."""
    given = dict(bindings or {})
    return {**{port: [{}] for port in exposed or ()}, **{port: hosts for port, hosts in given.items() if hosts}}


def _is_wildcard(address: str) -> bool:
    """The empty address means the daemon's own default: every address, unless its bridge says otherwise."""
    try:
        return ipaddress.ip_address(address).is_unspecified
    except ValueError:
        return address in ("", "*")


def on_every_address(rows: list[dict[str, Any]]) -> list[str]:
    """Those of the ports that anybody reaches who reaches the host."""
    return [shown(row) for row in rows if _is_wildcard(row["host_ip"])]


def privileged(rows: list[dict[str, Any]]) -> list[str]:
    """Those that take a port of the host below 1024."""
    return [shown(row) for row in rows if row["host_port"] and row["host_port"] < PRIVILEGED_BELOW]
