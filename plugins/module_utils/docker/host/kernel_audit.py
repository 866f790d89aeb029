# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the kernel which audit rules are loaded, over netlink: what `auditctl -l` does, without auditctl or a process.

The messages are those of linux/audit.h: AUDIT_GET answers struct audit_status, AUDIT_LIST_RULES a struct
audit_rule_data each, whose strings lie behind one another in its buffer.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.audit_rule import (
    EVERY,
    AuditRule,
    canonical,
)

NETLINK_AUDIT = 9
AUDIT_GET, AUDIT_LIST_RULES = 1000, 1013
_REQUEST_ACK, _DUMP = 0x5, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_HEADER = struct.Struct("=IHHII")
_RULE = struct.Struct("=III64I64I64I64II")

_FILTERS = {0: "user", 1: "task", 4: "exit", 5: "exclude", 6: "filesystem"}
_PERMISSIONS = {1: "x", 2: "w", 4: "r", 8: "a"}
_ARCH, _WATCH, _PERM, _DIR, _KEY, _EXE = 11, 105, 106, 107, 210, 112
_STRINGS = {*range(13, 18), *range(19, 24), _WATCH, _DIR, _KEY, _EXE}
_ARCH_64BIT = 0x80000000
_EVERY_SYSCALL = 0xFFFFFFFF


class KernelAuditError(Exception):
    """The kernel does not tell its audit rules; the message says why, for the user."""


@dataclass(frozen=True)
class KernelAudit:
    """`enabled`: whether the kernel records at all; `locked`: whether the rules stay until a reboot (auditctl -e 2)."""

    enabled: bool
    locked: bool
    rules: tuple[AuditRule, ...]


def read_kernel_audit(timeout: float = 5.0) -> KernelAudit:
    """What is loaded now. Needs CAP_AUDIT_CONTROL in the first user namespace. Raises KernelAuditError."""
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_AUDIT) as link:
            link.settimeout(timeout)
            link.bind((0, 0))
            enabled = _enabled(link)
            rules = tuple(decode_rule(payload) for payload in _ask(link, AUDIT_LIST_RULES, _DUMP))
    except OSError as exc:
        if exc.errno == errno.EPROTONOSUPPORT:  # a kernel without auditing watches nothing, which is an answer
            return KernelAudit(enabled=False, locked=False, rules=())
        raise KernelAuditError(_reason(exc)) from exc
    return KernelAudit(enabled=enabled > 0, locked=enabled == 2, rules=rules)


def _reason(exc: OSError) -> str:
    if exc.errno in (errno.EPERM, errno.EACCES, errno.ECONNREFUSED):
        return (
            "the kernel does not tell its audit rules without CAP_AUDIT_CONTROL on the host itself: run as root there"
        )
    return f"the kernel does not tell its audit rules: {exc.strerror or exc}"


def _enabled(link: socket.socket) -> int:
    for payload in _ask(link, AUDIT_GET, 0):
        return int(struct.unpack_from("=II", payload)[1])
    return 0


def _ask(link: socket.socket, kind: int, flags: int) -> Iterator[bytes]:
    """The payloads of the answer to one request, until the kernel says that it is done. Raises OSError."""
    link.sendto(_HEADER.pack(_HEADER.size, kind, flags | _REQUEST_ACK, kind, 0), (0, 0))
    acknowledged, payloads = False, 0
    while True:
        data = link.recv(1 << 16)
        for answer, payload in _messages(data, kind):
            if answer == _NLMSG_ERROR:
                code = -struct.unpack_from("=i", payload)[0]
                if code:
                    raise OSError(code, os.strerror(code))
                acknowledged = True
            elif answer == _NLMSG_DONE:
                return
            elif answer == kind:
                payloads += 1
                yield payload
        # A dump ends with DONE, a single answer with itself; the acknowledgement may come before or after it.
        if not flags and acknowledged and payloads:
            return


def _messages(data: bytes, sequence: int) -> Iterator[tuple[int, bytes]]:
    """The messages of one datagram that answer our request; events that the kernel sends meanwhile are not ours."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _flags, number, _pid = _HEADER.unpack_from(data, offset)
        if number == sequence:
            yield kind, data[offset + _HEADER.size : offset + length]
        offset += max((length + 3) & ~3, _HEADER.size)


def decode_rule(payload: bytes) -> AuditRule:
    """One struct audit_rule_data as a rule, written out as auditctl writes it."""
    numbers = _RULE.unpack_from(payload)
    flags, action, count = numbers[:3]
    mask, fields, values = numbers[3:67], numbers[67:131], numbers[131:195]
    buffer = payload[_RULE.size :]
    texts: dict[int, str] = {}
    narrowing: list[str] = []
    permissions = EVERY
    for number, value in zip(fields[:count], values[:count]):
        if number in _STRINGS:
            texts[number], buffer = buffer[:value].decode("utf-8", "replace"), buffer[value:]
            narrowing += [f"field {number}={texts[number]}"] if number not in (_WATCH, _DIR, _KEY) else []
        elif number == _PERM:
            permissions = frozenset(letter for bit, letter in _PERMISSIONS.items() if value & bit)
        elif number != _ARCH or not value & _ARCH_64BIT:
            narrowing.append(f"field {number}={value}")
    if flags & 0xF == 4 and not _whole(mask):
        narrowing.append("some system calls")
    return _rule(flags & 0xF, action, texts, permissions, narrowing)


def _whole(mask: tuple[int, ...]) -> bool:
    # auditctl fills every word, the kernel hands back all but the last ones, which hold its classes of system calls.
    return all(word == _EVERY_SYSCALL for word in mask[:14])


def _rule(
    list_number: int, action: int, texts: dict[int, str], permissions: frozenset[str], narrowing: list[str]
) -> AuditRule:
    path = texts.get(_DIR) or texts.get(_WATCH)
    where, verb = _FILTERS.get(list_number, str(list_number)), "never" if action == 0 else "always"
    shown = "".join(letter for letter in "rwxa" if letter in permissions)
    text = f"-a {verb},{where}" if not path else f"-w {path} -p {shown}"
    if path and (narrowing or verb == "never" or where != "exit"):
        text = f"-a {verb},{where} -F {'dir' if _DIR in texts else 'path'}={path} -F perm={shown}"
    text += "".join(f" [{each}]" for each in narrowing) + (f" -k {texts[_KEY]}" if _KEY in texts else "")
    return AuditRule(
        text=text,
        filter=where,
        action=verb,
        path=canonical(path) if path else None,
        recursive=_DIR in texts,
        permissions=permissions,
        narrowing=tuple(narrowing),
    )
