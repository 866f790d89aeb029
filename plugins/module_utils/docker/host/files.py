# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as the daemon sees them: their owner, mode and real path, below the root folder of its mount namespace."""

from __future__ import annotations

import errno
import glob
import grp
import os
import pwd
import stat
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Facts = dict[str, Any]

_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFIFO: "pipe",
}
_MOST_LINKS = 40


@dataclass(frozen=True)
class HostFiles:
    """`root` is "/" for a daemon in our own mount namespace, else the folder under which its files are found.

    `daemon_uid` may own folders as root may: it is not 0 for a rootless daemon.
    """

    root: str = "/"
    daemon_uid: int = 0

    def here(self, path: str) -> str:
        """Where a path that the daemon names is found from here."""
        return path if self.root == "/" else self.root.rstrip("/") + path

    def real_path(self, path: str) -> str:
        """The path without symlinks, as the daemon would resolve it; of what does not exist, as far as it exists."""
        if self.root == "/":
            return os.path.realpath(path)
        done, rest, links = "/", [part for part in path.split("/") if part], 0
        while rest:
            step = os.path.normpath(os.path.join(done, rest.pop(0)))
            target = _link(self.here(step))
            if target is None or links == _MOST_LINKS:
                done = step
                continue
            links += 1
            rest = [part for part in target.split("/") if part] + rest
            done = "/" if target.startswith("/") else done
        return done

    def exists(self, path: str) -> bool:
        """Whether something is there; no where it may not be looked at."""
        return os.path.exists(self.here(self.real_path(path)))

    def is_directory(self, path: str) -> bool:
        """Whether a folder is there."""
        return os.path.isdir(self.here(self.real_path(path)))

    def read(self, path: str) -> str | None:
        """A text file's content, None where it cannot be read."""
        try:
            with open(self.here(self.real_path(path)), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return None

    def glob(self, pattern: str) -> list[str]:
        """The daemon's paths that match, sorted."""
        skipped = 0 if self.root == "/" else len(self.root.rstrip("/"))
        return sorted(path[skipped:] for path in glob.glob(self.here(pattern)))

    def facts(self, path: str) -> Facts:
        """{path, real_path, exists, type, owner, group, ownership, uid, gid, mode, loose_parents}.

        Where it cannot be looked at, `unknown` says why instead. Symlinks are followed: the target's mode counts.
        """
        real = self.real_path(path)
        found: Facts = {"path": path, "real_path": real}
        try:
            status = os.stat(self.here(real))
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR):
                return {**found, "exists": False}
            reason = f"{path} cannot be looked at: {exc.strerror}; run as root (become: true)"
            return {
                **found,
                "unknown": dict.fromkeys(
                    ("exists", "type", "mode", "ownership", "uid", "trusted_owner", "loose_parents"), reason
                ),
            }
        owner, group = user_name(status.st_uid), group_name(status.st_gid)
        return {
            **found,
            "exists": True,
            "type": _TYPES.get(stat.S_IFMT(status.st_mode), "other"),
            "owner": owner,
            "group": group,
            "ownership": f"{owner}:{group}",
            "uid": status.st_uid,
            "gid": status.st_gid,
            "mode": f"{stat.S_IMODE(status.st_mode):04o}",
            "loose_parents": self._loose_parents(path, real),
        }

    def _loose_parents(self, *paths: str) -> list[str]:
        """The folders above in which somebody besides root could put another file in the place of this one."""
        folders = {parent for path in paths for parent in _parents(path)}
        return sorted(folder for folder in folders if self._loose(folder))

    def _loose(self, folder: str) -> bool:
        try:
            status = os.stat(self.here(self.real_path(folder)))
        except OSError:
            return False
        sticky = bool(status.st_mode & stat.S_ISVTX)
        others = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid != 0)
        return status.st_uid not in (0, self.daemon_uid) or bool(others and not sticky)


def _parents(path: str) -> list[str]:
    parents = []
    while path != "/":
        path = os.path.dirname(path) or "/"
        parents.append(path)
    return parents


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)
    except OSError:
        return None


@lru_cache(maxsize=256)
def user_name(uid: int) -> str:
    """A user's name, or the number where nobody has it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=256)
def group_name(gid: int) -> str:
    """A group's name, or the number where none has it."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
