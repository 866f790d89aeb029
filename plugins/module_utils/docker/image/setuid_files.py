# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The setuid and setgid files of an image, read from its layers on disk: nothing is run, exported or unpacked."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.bulkhead.container_security.plugins.module_utils.docker.host.files import HostFiles

_BITS = stat.S_ISUID | stat.S_ISGID
_OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


def setuid_files(image: Mapping[str, Any], files: HostFiles) -> list[str] | str:
    """Paths with their modes, such as `/bin/su 4755`, sorted; or a sentence that says why they cannot be listed.

    The layers of overlay2 are read from the top, so that a file which a later layer deletes or replaces counts as
    the later layer has it.
    """
    driver = image.get("GraphDriver") or {}
    data = driver.get("Data") or {}
    if driver.get("Name") != "overlay2" or not data.get("UpperDir"):
        return f"The layers of storage driver {driver.get('Name') or 'containerd'} cannot be read file by file."
    lower = str(data.get("LowerDir") or "")
    layers = [files.here(path) for path in (data["UpperDir"], *filter(None, lower.split(":")))]
    try:
        return sorted(f"{path} {mode:04o}" for path, mode in _merged(layers, "", _Seen()))
    except OSError as exc:
        return f"The layers cannot be read: {exc}; run as root (become: true) on the daemon's host."


class _Seen:
    """Paths that an upper layer has settled."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self.hidden: set[str] = set()

    def is_hidden(self, path: str) -> bool:
        """Whether a layer above deleted the path or a folder above it, or put something else in its place."""
        while path:
            if path in self.hidden:
                return True
            path = path.rpartition("/")[0]
        return "" in self.hidden


def _merged(layers: list[str], folder: str, seen: _Seen) -> Iterator[tuple[str, int]]:
    for layer in layers:
        hidden_here: set[str] = set()
        yield from _walk(layer, folder, seen, hidden_here)
        seen.hidden |= hidden_here


def _walk(layer: str, folder: str, seen: _Seen, hidden_here: set[str]) -> Iterator[tuple[str, int]]:
    with os.scandir(layer + folder) as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if path in seen.paths or seen.is_hidden(path):
                continue
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _walk(layer, path, seen, hidden_here)
                if _is_opaque(entry.path):
                    hidden_here.add(path)
                continue
            seen.paths.add(path)
            # Also what is no folder hides a folder of that name below; a whiteout is a device 0/0.
            hidden_here.add(path)
            if stat.S_ISREG(status.st_mode) and status.st_mode & _BITS:
                yield path, stat.S_IMODE(status.st_mode)


def _is_opaque(path: str) -> bool:
    for name in _OPAQUE:
        try:
            if os.getxattr(path, name, follow_symlinks=False) == b"y":
                return True
        except OSError:
            continue
    return False
