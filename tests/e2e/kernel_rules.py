# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load audit rules into the kernel for the time of a test, as auditctl does, with struct audit_rule_data by hand.

Rules are the whole machine's: tests load them on paths of their own.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from collections.abc import Iterator, Sequence

ADD, DELETE = 1011, 1012
EXIT, TASK = 4, 1
WATCH, DIRECTORY, PERMISSIONS, KEY, AUID = 105, 107, 106, 210, 9
_EQUAL, _AT_LEAST = 0x40000000, 0x60000000
_BITS = {"x": 1, "w": 2, "r": 4, "a": 8}


def _rule(
    path: str, permissions: str, *, recursive: bool, action: str, least_auid: int | None, calls: Sequence[int]
) -> bytes:
    named, key = os.fsencode(path), b"bulkhead-test"
    bits = sum(_BITS[letter] for letter in permissions)
    fields = [(DIRECTORY if recursive else WATCH, len(named), _EQUAL), (PERMISSIONS, bits, _EQUAL)]
    fields += [(AUID, least_auid, _AT_LEAST)] if least_auid is not None else []
    fields += [(KEY, len(key), _EQUAL)]
    numbers, values, operators = (list(column) + [0] * (64 - len(fields)) for column in zip(*fields))
    mask = [0] * 64 if calls else [0xFFFFFFFF] * 64
    for call in calls:
        mask[call // 32] |= 1 << call % 32
    head = struct.pack("=III", EXIT, 2 if action == "always" else 0, len(fields))
    body = struct.pack("=64I64I64I64I", *mask, *numbers, *values, *operators)
    return head + body + struct.pack("=I", len(named) + len(key)) + named + key


def _send(kind: int, rule: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 9) as link:
        link.settimeout(5)
        link.sendto(struct.pack("=IHHII", 16 + len(rule), kind, 5, 1, 0) + rule, (0, 0))
        answer = link.recv(65536)
    code = -struct.unpack_from("=i", answer, 16)[0]
    if code:
        raise OSError(code, os.strerror(code))


@contextlib.contextmanager
def loaded(
    path: str | os.PathLike[str],
    permissions: str = "rwxa",
    *,
    recursive: bool = False,
    action: str = "always",
    least_auid: int | None = None,
    calls: Sequence[int] = (),
) -> Iterator[None]:
    """The rule `-w path -p permissions`, or one narrowed to users from `least_auid` on, or to some system calls."""
    rule = _rule(os.fspath(path), permissions, recursive=recursive, action=action, least_auid=least_auid, calls=calls)
    _send(ADD, rule)
    try:
        yield
    finally:
        _send(DELETE, rule)
