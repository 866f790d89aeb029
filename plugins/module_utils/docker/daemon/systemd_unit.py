# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A systemd unit as it lies on disk: its fragment, its drop-ins and what they set. Nobody asks systemd, so that a host
without it, or an image being built, is read alike. The search order is that of systemd.unit(5).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

SYSTEM_FOLDERS = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)


@dataclass(frozen=True)
class Unit:
    """`fragment` is the file that defines the unit, None where there is none; `drop_ins` change it, in their order."""

    name: str
    fragment: str | None
    drop_ins: tuple[str, ...]
    text: str

    @property
    def files(self) -> list[str]:
        """The fragment and the drop-ins that exist."""
        return [path for path in (self.fragment, *self.drop_ins) if path]

    def values(self, section: str, key: str) -> list[str]:
        """What a key was set to, in order; an empty assignment takes back the ones before, as in systemd."""
        found: list[str] = []
        current = ""
        for line in re.sub(r"\\\n", " ", self.text).splitlines():
            stripped = line.strip()
            if stripped.startswith("["):
                current = stripped.strip("[]")
            elif current == section and stripped[:1] not in ("#", ";"):
                name, separator, value = stripped.partition("=")
                if separator and name.strip() == key:
                    found = [*found, value.strip()] if value.strip() else []
        return found


def user_folders(home: str) -> tuple[str, ...]:
    """Where the units of a user's own systemd lie, for a rootless daemon."""
    return (f"{home}/.config/systemd/user", "/etc/systemd/user", "/run/systemd/user", "/usr/lib/systemd/user")


def find_unit(name: str, files: HostFiles, folders: Sequence[str] = SYSTEM_FOLDERS) -> Unit:
    """The unit of that name; one without a fragment where nothing defines it. A masked one has no fragment either."""
    fragment = next((path for path in (f"{folder}/{name}" for folder in folders) if files.exists(path)), None)
    if fragment and files.real_path(fragment) == "/dev/null":
        return Unit(name, None, (), "")
    chosen: dict[str, str] = {}
    for folder in reversed(folders):
        for path in files.glob(f"{folder}/{name}.d/*.conf"):
            chosen[os.path.basename(path)] = path
    drop_ins = tuple(chosen[base] for base in sorted(chosen) if files.real_path(chosen[base]) != "/dev/null")
    parts = [files.read(path) or "" for path in (fragment, *drop_ins) if path]
    return Unit(name, fragment, drop_ins, "\n".join(parts))


def unit_of_process(pid: int, proc: str = "/proc") -> str | None:
    """The service that a process runs in, by its cgroup, such as "docker.service"; None where it runs in none."""
    try:
        with open(f"{proc}/{pid}/cgroup", encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in lines:
        path = line.split(":", 2)[-1]
        services = [part for part in path.split("/") if part.endswith(".service")]
        if services and not services[-1].startswith("user@"):
            return services[-1]
    return None
