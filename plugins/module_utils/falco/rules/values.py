# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that fields are compared with, by the type of the field."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable

from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.fields import FieldType
from ansible_collections.bulkhead.container_security.plugins.module_utils.falco.rules.issue import (
    COMPILE_CONDITION,
    RulesError,
)

_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})*")
# Falco keeps a value and a NUL behind it in so many bytes.
_LONGEST = 255
# A host without /etc/services, as an image may be, would know none of them.
_PORTS = frozenset(
    {
        *("ftp", "ssh", "telnet", "smtp", "domain", "http", "pop3", "ntp", "imap2", "snmp", "ldap", "https", "ldaps"),
        *("mysql", "postgresql", "redis"),
    }
)


def check_value(field: FieldType, op: str, text: str) -> None:
    """RulesError where this cannot be a value of the field."""
    if op in ("bcontains", "bstartswith"):
        if not _HEX.fullmatch(text):
            raise RulesError(COMPILE_CONDITION, f"{op} takes an even number of hex digits, not {text}")
        return
    if len(text.encode()) > _LONGEST:
        raise RulesError(COMPILE_CONDITION, f"the value {text[:20]}… has more than {_LONGEST} bytes")
    check = _CHECKS.get(field.type)
    if check is not None and not check(text):
        raise RulesError(COMPILE_CONDITION, f"{text or 'an empty text'} is no {_NAMES.get(field.type, 'number')}")


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _is_port(text: str) -> bool:
    if not text or text in _PORTS:
        return True
    if text.isdecimal() and text.isascii():
        # Falco reads it as an int and takes the lower 16 bits; the error is that of a number which is no int.
        return int(text) < 2**31
    try:
        socket.getservbyname(text)
    except (OSError, ValueError):
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET if "." in text else socket.AF_INET6, text)
    except (OSError, ValueError):
        return False
    return True


def _is_net(text: str) -> bool:
    # Falco tells IPv4 by the dot, so it takes no IPv6 address that ends like an IPv4 one.
    address, slash, mask = text.partition("/")
    if not slash or not _is_number(mask) or not _is_address(address) or ("." in text and ":" in text):
        return False
    length = int(mask) % 256
    return length <= 32 if "." in text else 0 < length <= 128


def _is_truth(text: str) -> bool:
    return text in ("true", "false")


_NUMBERS = (
    *(f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
    *(f"{kind}FLAGS{bits}" for kind in ("", "ENUM") for bits in (8, 16, 32)),
    *("FD", "ERRNO", "PID", "MODE", "UID", "GID", "RELTIME", "ABSTIME", "DOUBLE"),
)
_CHECKS: dict[str, Callable[[str], bool]] = {
    **dict.fromkeys(_NUMBERS, _is_number),
    "PORT": _is_port,
    "IPADDR": _is_address,
    "IPNET": _is_net,
    "BOOL": _is_truth,
}
_NAMES = {
    "PORT": "port or service",
    "IPADDR": "IP address",
    "IPNET": "network, such as 10.0.0.0/8",
    "BOOL": "true or false",
}
