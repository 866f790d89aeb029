# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demonstration plays with: its containers, its waivers, and what it wants of the hardening."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.lab.cast import LIMITS, PRIVILEGES, SHARING, WELL_KEPT, Member, at_the_daemon

_WAIVED_DAYS = 90

MONITOR = "host-pid"
"""A container that is meant to see every process of the host, as a monitoring agent is. It is waived, not mended."""

_UNLIMITED = ("memory-unlimited", "swap-unlimited", "cpu-unlimited", "pids-unlimited")
"""Mended in place, while they run: a limit needs no restart."""

_BEYOND_REPAIR = (
    "privileged",
    "privileged-created",
    "cap-add-all",
    "seccomp-unconfined",
    "new-privileges-false",
    "root-by-id",
    "restart-always",
    "host-network",
    "port-privileged-ipv6",
    "etc-mounted",
    "secrets-in-env",
    "socket-mounted",
    "socket-folder-mounted",
)
"""What a container was created with stays with it: these are removed, and made again as they should be."""

LIMIT_OPTIONS: list[dict[str, Any]] = [
    {"name": "memory-unlimited", "memory": "64m", "memory_swap": "64m"},
    {"name": "swap-unlimited", "memory": "64m", "memory_swap": "64m"},
    {"name": "cpu-unlimited", "cpus": 0.25},
    {"name": "pids-unlimited", "pids_limit": 64},
]


def cast(workdir: Path) -> tuple[Member, ...]:
    """The containers of the demonstration: the well-kept ones, the monitor, and a bad one of each kind."""
    names = {*_UNLIMITED, *_BEYOND_REPAIR, MONITOR}
    everyone = (*PRIVILEGES, *LIMITS, *SHARING, *at_the_daemon(workdir))
    return (*WELL_KEPT, *(member for member in everyone if member.name in names))


def replacements() -> tuple[Member, ...]:
    """The same applications, made again without their vice."""
    return tuple(Member(name) for name in _BEYOND_REPAIR)


HARDENING: dict[str, Any] = {
    "docker_hardening_daemon_options_extra": {"ip": "127.0.0.1"},
    "docker_hardening_container_limits": LIMIT_OPTIONS,
}
"""Variables of the role: its defaults, published ports on the loopback only, limits of containers."""


def _waiver(number: int, control: str, reason: str, **subject: str) -> dict[str, Any]:
    expires = datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=_WAIVED_DAYS)
    row: dict[str, Any] = {"id": f"DEMO-{number:02}", "control": control}
    if subject:
        row["subject"] = dict(subject)
    return {**row, "owner": "platform team", "reason": reason, "expires": expires.isoformat()}


_ACCEPTED: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    ("docker.container.host_pid", "The monitoring agent reads the host's processes.", {"name": MONITOR}),
    ("docker.host.audit.*", "Audit rules belong to the whole machine; a demonstration leaves them alone.", {}),
    ("docker.host.data_root.separate", "A lab has no partition to spare.", {}),
    ("docker.host.engine_maintained", "Debian supports its own Docker with security updates.", {}),
    ("docker.host.content_trust", "All images are made here; nothing is pulled.", {}),
    ("docker.daemon.rootless", "The kernel features that rootless mode leaves out are needed.", {}),
    ("docker.daemon.user_namespace", "To be switched on with the next rebuild: it hides the images of today.", {}),
    ("docker.daemon.authorization", "One team owns the host; the socket's group is the authorization.", {}),
    ("docker.daemon.remote_logging", "The host's own agent ships the container logs.", {}),
    (
        "docker.image.*",
        "The images of the lab are bad on purpose, and no container runs them any more.",
        {"name": "lab/*"},
    ),
)


def waivers() -> str:
    """A file of waivers: what somebody has accepted, why, and until when. JSON is YAML."""
    rows = [
        _waiver(number, control, reason, **subject) for number, (control, reason, subject) in enumerate(_ACCEPTED, 1)
    ]
    return json.dumps({"waivers": rows}, indent=2) + "\n"
