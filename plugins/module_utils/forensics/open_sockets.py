# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of a network namespace, from the tables that the kernel shows in /proc/PID/net, and whose they are."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.forensics.process_facts import ProcFolder

_INTERNET = ("tcp", "tcp6", "udp", "udp6")
# include/net/tcp_states.h
_STATES = (
    *("", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2", "TIME_WAIT", "CLOSE"),
    *("CLOSE_WAIT", "LAST_ACK", "LISTEN", "CLOSING", "NEW_SYN_RECV"),
)
_UNIX_TYPES = {1: "stream", 2: "datagram", 5: "seqpacket"}
_MOST_SOCKETS = 10_000


def sockets(proc: ProcFolder, processes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sockets in the network namespaces of these processes (of `process_facts.facts`), each with its owners.

    In the namespace of the host only those that the processes hold, for the others are none of theirs.
    """
    rows = list(processes)
    owners = _owners(rows)
    found: list[dict[str, Any]] = []
    for namespace, pid in {proc.link(row["pid"], "ns/net"): row["pid"] for row in reversed(rows)}.items():
        hosts = namespace in ("", proc.link(1, "ns/net"))
        for socket in _of_namespace(proc, pid):
            held_by = owners.get(socket["inode"], [])
            if held_by or not hosts:
                found.append({**socket, "pids": held_by, "namespace": namespace, "of_host": hosts})
    return found[:_MOST_SOCKETS]


def _owners(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Inode of a socket to the processes that have it open."""
    owners: dict[str, list[int]] = {}
    for row in rows:
        for file in row["open_files"]:
            if file["target"].startswith("socket:["):
                owners.setdefault(file["target"][8:-1], []).append(row["pid"])
    return owners


def _of_namespace(proc: ProcFolder, pid: int) -> Iterator[dict[str, Any]]:
    for protocol in _INTERNET:
        yield from internet_table(proc.text(pid, f"net/{protocol}"), protocol)
    yield from unix_table(proc.text(pid, "net/unix"))


def internet_table(text: str, protocol: str) -> Iterator[dict[str, Any]]:
    """The rows of /proc/net/tcp and its like: {protocol, state, local, remote, uid, inode}."""
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9:
            number = int(fields[3], 16)
            yield {
                "protocol": protocol,
                "state": _STATES[number] if number < len(_STATES) else str(number),
                "local": _address(fields[1]),
                "remote": _address(fields[2]),
                "uid": int(fields[7]),
                "inode": fields[9],
            }


def unix_table(text: str) -> Iterator[dict[str, Any]]:
    """The rows of /proc/net/unix: {protocol, type, listening, path, inode}. A path that begins with @ is abstract."""
    for line in text.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) > 6:
            yield {
                "protocol": "unix",
                "type": _UNIX_TYPES.get(int(fields[4], 16), fields[4]),
                "listening": bool(int(fields[3], 16) & 0x10000),
                "path": fields[7] if len(fields) > 7 else "",
                "inode": fields[6],
            }


def _address(text: str) -> str:
    """Of the hexadecimal words of 32 bits in the byte order of the machine."""
    address, _colon, port = text.partition(":")
    words = [bytes.fromhex(address[place : place + 8]) for place in range(0, len(address), 8)]
    packed = b"".join(word[::-1] if sys.byteorder == "little" else word for word in words)
    ip = ipaddress.ip_address(packed)
    return f"[{ip}]:{int(port, 16)}" if ip.version == 6 else f"{ip}:{int(port, 16)}"
