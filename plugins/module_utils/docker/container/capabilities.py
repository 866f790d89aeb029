# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Linux capabilities: what Docker grants by default, and what a container holds beyond that."""

from __future__ import annotations

from collections.abc import Iterable

# In the order of their numbers, include/uapi/linux/capability.h.
NAMES = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
]

# What a container gets that asks for nothing: moby, oci/caps/defaults.go.
DEFAULT = frozenset(
    [
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    ]
)


def normalized(name: str) -> str:
    """`cap_sys_admin`, `CAP_SYS_ADMIN` and `SYS_ADMIN` as SYS_ADMIN, for Docker takes them all."""
    upper = name.strip().upper()
    return upper[4:] if upper.startswith("CAP_") else upper


def granted(privileged: bool, added: Iterable[str] | None, dropped: Iterable[str] | None) -> frozenset[str]:
    """The bounding set that Docker asks the runtime for. Dropping wins over ALL, adding wins over a dropped ALL."""
    if privileged:
        return frozenset(NAMES)
    adds = {normalized(name) for name in added or ()}
    drops = {normalized(name) for name in dropped or ()}
    if "ALL" in adds:
        return frozenset(NAMES) - drops
    kept = frozenset() if "ALL" in drops else DEFAULT - drops
    return kept | adds


def from_mask(mask: str) -> frozenset[str]:
    """The names in a hexadecimal mask of /proc/PID/status such as CapBnd."""
    bits = int(mask, 16)
    return frozenset(name for number, name in enumerate(NAMES) if bits >> number & 1)


def beyond_default(held: Iterable[str]) -> list[str]:
    """What is held beyond Docker's default set, sorted."""
    return sorted(set(held) - DEFAULT)
