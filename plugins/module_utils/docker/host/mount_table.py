# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which filesystem a path lies on, by a process's mountinfo (proc(5)): a bind mount makes no other filesystem."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Mount:
    """One line of mountinfo: `device` is major:minor, `root` the folder of the filesystem that is mounted."""

    point: str
    device: str
    root: str
    kind: str
    source: str

    @property
    def filesystem(self) -> str:
        """What tells filesystems apart: subvolumes of one btrfs have devices of their own, yet fill up together."""
        return self.source if self.kind == "btrfs" else self.device


def parse_mountinfo(text: str) -> list[Mount]:
    """The mounts of a mountinfo file, in order; a later one hides an earlier one at the same point."""
    mounts = []
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields, rest = left.split(), right.split()
        if separator and len(fields) >= 5 and len(rest) >= 2:
            mounts.append(Mount(_unescaped(fields[4]), fields[2], _unescaped(fields[3]), rest[0], _unescaped(rest[1])))
    return mounts


def mount_of(path: str, mounts: list[Mount]) -> Mount | None:
    """The mount that a path without symlinks lies on."""
    best: Mount | None = None
    for mount in mounts:
        below = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if below and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def original_names(path: str, mounts: list[Mount], *, with_nested: bool = True) -> list[str]:
    """Where a path without symlinks, and each mount below it, comes from, as far as bind mounts say: other paths.

    Only a mount that shows more of the file system counts as the original: a volume's own mount of a folder does not
    make the folder a part of the volume.
    """
    partial = [mount.point for mount in mounts if mount.root.startswith("/") and mount.root != "/"]
    below = [point for point in partial if with_nested and point.startswith(path.rstrip("/") + "/")]
    names = (name for point in (path, *below) for name in _names_in_wider_mounts(point, mounts))
    return list(dict.fromkeys(names))


def _names_in_wider_mounts(path: str, mounts: list[Mount]) -> list[str]:
    own = mount_of(path, mounts)
    if own is None or own.root == "/" or not own.root.startswith("/"):
        return []
    inside = own.root + path[len(own.point.rstrip("/")) :]
    names = []
    for mount in mounts:
        wider = mount.device == own.device and own.root.startswith(mount.root.rstrip("/") + "/")
        name = mount.point.rstrip("/") + "/" + inside[len(mount.root.rstrip("/")) :].lstrip("/")
        if wider and mount_of(name, mounts) is mount:
            names.append(name)
    return names


def has_own_filesystem(path: str, mounts: list[Mount]) -> bool:
    """Whether another filesystem than that of its parent folder is mounted at the path."""
    own, above = mount_of(path, mounts), mount_of(os.path.dirname(path) or "/", mounts)
    return own is not None and above is not None and path != "/" and own.filesystem != above.filesystem


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)
